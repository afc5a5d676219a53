"""What is secret, and what is shown in its place."""

from __future__ import annotations

import json
from dataclasses import dataclass

import pytest
from pydantic import BaseModel, SecretStr

from kernbot.engine.values import decode, encode
from kernbot.run.masking import Masked, is_secret_name, masked, scrubbed, scrubbed_error, secrets_in
from kernbot.workflow.types import UserInputField


class Login(BaseModel):
    """An input with a secret that its name does not tell."""

    user: str
    pin: SecretStr


@dataclass
class Account:
    """A value with a secret name."""

    owner: str
    api_key: str


@pytest.mark.parametrize(
    "name", ["password", "api_key", "apiKey", "APIKey", "apiToken", "client-secret", "Token", "key_1", "db password"]
)
def test_a_word_in_a_name_makes_it_secret(name: str) -> None:
    """Password, token, secret and key count, however the words of a name are set apart."""
    assert is_secret_name(name)


@pytest.mark.parametrize("name", ["keyboard", "monkey", "max_tokens", "tokenizer", "user", "KEYBOARD", "secretary", ""])
def test_a_part_of_a_word_makes_nothing_secret(name: str) -> None:
    """Only whole words count."""
    assert not is_secret_name(name)


def test_secrets_are_masked_however_deep_they_stand() -> None:
    """In objects, lists, models, dataclasses, and in texts that are JSON; the mask says how long each is."""
    value = {
        "login": Login(user="ann", pin=SecretStr("123456")),
        "accounts": [Account(owner="bob", api_key="abc")],
        "body": '{"apiToken": "xyz", "n": 1}',
        "password": {"old": "a", "new": "b"},
    }
    assert masked(value) == {
        "login": {"user": "ann", "pin": Masked(6)},
        "accounts": [{"owner": "bob", "api_key": Masked(3)}],
        "body": json.dumps({"apiToken": str(Masked(3)), "n": 1}, ensure_ascii=False),
        "password": Masked(24),
    }
    assert str(Masked(24)) == "•••••••• hidden, 24 characters"
    assert str(Masked(1)) == "•••••••• hidden, 1 character"


@pytest.mark.parametrize(
    "value", [{"a": [1, "x"]}, Login(user="ann", pin=SecretStr("")).user, "{no json", '["a"]', None, {"key": None}]
)
def test_what_holds_no_secret_is_left_as_it_is(value: object) -> None:
    """The very same object is returned, so that it is shown as ever."""
    assert masked(value) is value


def test_an_author_can_name_more_secrets() -> None:
    """They are secret on top of an object, not deeper."""
    assert masked({"pin": 1234, "inside": {"pin": 1}}, ["pin"]) == {"pin": Masked(4), "inside": {"pin": 1}}


def test_known_secrets_are_found_in_texts() -> None:
    """Every secret of four characters or more is masked wherever it turns up."""
    known = secrets_in({"password": "hunter2", "key": ["abcdef", "abc"], "user": "ann"})
    assert known == {"hunter2", "abcdef"}
    assert scrubbed("ann said hunter2, not abcdefg or abc", known) == "ann said ••••••••, not ••••••••g or abc"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ('Bad call: api_key="a b", n=2', "Bad call: api_key=••••••••, n=2"),
        ("GET https://x.example?token=abc&page=2", "GET https://x.example?token=••••••••&page=2"),
        ("{'password': 'hunter2', 'user': 'ann'}", "{'password': ••••••••, 'user': 'ann'}"),
        ("KeyError: 'user'", "KeyError: 'user'"),
        ("monkey: banana", "monkey: banana"),
    ],
)
def test_what_an_error_says_of_a_secret_is_masked(text: str, shown: str) -> None:
    """What follows a secret name is masked; the class of an error is no name."""
    assert scrubbed_error(text) == shown


def test_a_secret_of_a_model_outlives_the_database() -> None:
    """A step gets the secret itself after a restart, not the stars that it prints as."""
    stored = json.loads(json.dumps(encode(Login(user="ann", pin=SecretStr("1234")), "x")))
    assert decode(stored).pin.get_secret_value() == "1234"


def test_a_field_is_secret_by_its_name_or_as_its_author_says() -> None:
    """`secret` wins over the name; what is wrong with a secret value is said without it."""
    assert UserInputField(name="api_key").is_secret
    assert not UserInputField(name="primary_key", secret=False).is_secret
    pin = UserInputField(name="pin", field_type="int", secret=True)
    assert "hunter2" not in str(pin.problem_with("hunter2"))
