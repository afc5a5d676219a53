"""Settings come from the environment; what is missing or wrong is one sentence that names the variable."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from kernbot.errors import ConfigurationError
from kernbot.settings import Settings, load_settings

EXAMPLE = Path(__file__).parent.parent / ".env.example"
GOOD = {"SLACK_BOT_TOKEN": "xoxb-secret", "SLACK_APP_TOKEN": "xapp-secret"}
ALIASES = [str(field.alias) for field in Settings.model_fields.values()]


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Begin with the least that a bot needs, and no .env file."""
    monkeypatch.chdir(tmp_path)
    for name in ALIASES:
        monkeypatch.delenv(name, raising=False)
    for name, value in GOOD.items():
        monkeypatch.setenv(name, value)


def test_the_least_is_enough() -> None:
    """A bot token and an app token serve over Socket Mode with Slack itself."""
    settings = load_settings()
    assert (settings.transport, settings.slack_api_url) == ("socket", "https://slack.com/api/")


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("SLACK_BOT_TOKEN", None, "SLACK_BOT_TOKEN is missing: set it in the environment or in .env."),
        ("SLACK_BOT_TOKEN", "", "SLACK_BOT_TOKEN is missing: set it in the environment or in .env."),
        ("SLACK_APP_TOKEN", None, "SLACK_APP_TOKEN is missing: Socket Mode needs it; or set KERNBOT_TRANSPORT=http."),
        ("KERNBOT_TRANSPORT", "http", "SLACK_SIGNING_SECRET is missing: HTTP needs it; or set KERNBOT_TRANSPORT=sock"),
        ("KERNBOT_TRANSPORT", "pigeon", "KERNBOT_TRANSPORT is wrong: input should be 'socket' or 'http'."),
        ("KERNBOT_HTTP_PORT", "secret", "KERNBOT_HTTP_PORT is wrong: input should be a valid integer"),
        ("KERNBOT_HTTP_PORT", "70000", "KERNBOT_HTTP_PORT is wrong: input should be less than or equal to 65535."),
        ("KERNBOT_LEASE_SECONDS", "0", "KERNBOT_LEASE_SECONDS is wrong: input should be greater than 0."),
        ("KERNBOT_LEASE_SECONDS", "inf", "KERNBOT_LEASE_SECONDS is wrong: input should be a finite number."),
        ("KERNBOT_SWEEP_SECONDS", "nan", "KERNBOT_SWEEP_SECONDS is wrong: input should be a finite number."),
        ("KERNBOT_COMMAND", "kern", "KERNBOT_COMMAND is wrong: string should match pattern"),
        ("KERNBOT_LOG_LEVEL", "loud", "KERNBOT_LOG_LEVEL is wrong: input should be 'DEBUG'"),
        ("KERNBOT_SLACK_API_URL", "https://slack.com.example.com/api/", "KERNBOT_SLACK_API_URL is wrong: must be"),
        ("KERNBOT_SLACK_API_URL", "https://secret@example.com/api/", "KERNBOT_SLACK_API_URL is wrong: must be"),
        ("KERNBOT_SLACK_API_URL", "http://slack.com/api/", "KERNBOT_SLACK_API_URL is wrong: must be"),
    ],
)
def test_what_is_missing_or_wrong_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str | None, sentence: str
) -> None:
    """The sentence names the variable, says what it must be, and holds no value."""
    if value is None:
        monkeypatch.delenv(name)
    else:
        monkeypatch.setenv(name, value)
    with pytest.raises(ConfigurationError, match=re.escape(sentence)) as caught:
        load_settings()
    assert "secret" not in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("url", ["http://127.0.0.1:8765/api/", "http://localhost:1/api", "https://slack.com/api"])
def test_slack_itself_and_this_machine_are_taken(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    """The address ends in a slash, however it was written."""
    monkeypatch.setenv("KERNBOT_SLACK_API_URL", url)
    assert load_settings().slack_api_url == f"{url.removesuffix('/')}/"


def test_secrets_are_not_shown() -> None:
    """The printed settings hold no token."""
    assert not re.search("xoxb|xapp", repr(load_settings()))


def test_the_example_names_exactly_the_variables() -> None:
    """`.env.example` lists every variable of the settings, and no other; the default of each is the real one."""
    lines = re.findall(r"^#?([A-Z_]+)=(.*)$", EXAMPLE.read_text(), re.MULTILINE)
    assert sorted(name for name, _ in lines) == sorted(ALIASES)
    defaults = {str(field.alias): field.default for field in Settings.model_fields.values()}
    for name, value in lines:
        if name.startswith("KERNBOT_"):
            assert type(defaults[name])(value) == defaults[name]
