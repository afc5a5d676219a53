"""Settings, read from the environment (and a `.env` file): `.env.example` lists them all."""

from __future__ import annotations

from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from kernbot.errors import ConfigurationError

_LOOPBACK = ("127.0.0.1", "localhost", "::1")


class Settings(BaseSettings):
    """What a bot needs to know about its surroundings."""

    model_config = SettingsConfigDict(
        env_file=".env", env_ignore_empty=True, extra="ignore", populate_by_name=True, hide_input_in_errors=True
    )

    bot_token: SecretStr = Field(alias="SLACK_BOT_TOKEN")
    """`xoxb-…`"""
    app_token: SecretStr | None = Field(default=None, alias="SLACK_APP_TOKEN")
    """`xapp-…`, for Socket Mode."""
    signing_secret: SecretStr | None = Field(default=None, alias="SLACK_SIGNING_SECRET")
    """For HTTP."""
    transport: Literal["socket", "http"] = Field(default="socket", alias="KERNBOT_TRANSPORT")
    http_host: str = Field(default="127.0.0.1", alias="KERNBOT_HTTP_HOST")
    http_port: int = Field(default=3000, ge=0, le=65535, alias="KERNBOT_HTTP_PORT")
    """0 picks a free one."""
    slack_api_url: str = Field(default="https://slack.com/api/", alias="KERNBOT_SLACK_API_URL")
    """Slack's own, or one on this machine."""
    command: str = Field(default="/kern", pattern=r"^/[a-z0-9_-]{1,31}$", alias="KERNBOT_COMMAND")
    db: str = Field(default="kernbot.db", alias="KERNBOT_DB", repr=False)
    """A SQLite file, or the address of a PostgreSQL database (`postgresql://…`)."""
    lease_seconds: float = Field(default=30.0, gt=0, allow_inf_nan=False, alias="KERNBOT_LEASE_SECONDS")
    """How long a run whose process died stays claimed."""
    sweep_seconds: float = Field(default=10.0, gt=0, allow_inf_nan=False, alias="KERNBOT_SWEEP_SECONDS")
    """How often runs, deadlines and messages are looked over, beside being told."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(default="INFO", alias="KERNBOT_LOG_LEVEL")

    @field_validator("slack_api_url")
    @classmethod
    def _is_slack_or_loopback(cls, url: str) -> str:
        parts = urlsplit(url)
        is_slack = parts.scheme == "https" and parts.hostname == "slack.com"
        if not is_slack and parts.hostname not in _LOOPBACK:
            raise ValueError("must be https://slack.com/api/ or an address on this machine")
        return url if url.endswith("/") else f"{url}/"

    @model_validator(mode="after")
    def _transport_is_complete(self) -> Settings:
        if self.transport == "socket" and not self.app_token:
            raise ValueError("SLACK_APP_TOKEN is missing: Socket Mode needs it; or set KERNBOT_TRANSPORT=http")
        if self.transport == "http" and not self.signing_secret:
            raise ValueError("SLACK_SIGNING_SECRET is missing: HTTP needs it; or set KERNBOT_TRANSPORT=socket")
        return self


def load_settings() -> Settings:
    """Return the settings of this process; ConfigurationError is one sentence that names the variable."""
    try:
        return Settings()
    except ValidationError as error:
        raise ConfigurationError(" ".join(_sentence(problem) for problem in error.errors())) from None


def _sentence(problem: object) -> str:
    assert isinstance(problem, dict)  # noqa: S101 - pydantic's error dict
    name = ".".join(str(part) for part in problem["loc"])
    if problem["type"] == "missing":
        return f"{name} is missing: set it in the environment or in .env."
    text = str(problem["msg"]).removeprefix("Value error, ")
    return f"{text}." if not name else f"{name} is wrong: {text[0].lower()}{text[1:]}."
