"""The manifests say what the bot really uses."""

from __future__ import annotations

import json
from pathlib import Path

from kernbot.slack import ids
from kernbot.slack.app import OPENING, OUR_ACTIONS, OUR_VIEWS
from kernbot.slack.manifest import EXAMPLE_URL, SCOPES, manifest
from kernbot.slack.render.buttons import LABELS
from tests.scenarios.team import SCOPE_OF

FOLDER = Path(__file__).parents[2] / "manifests"


def test_the_files_are_what_the_code_makes() -> None:
    """Each file in `manifests/` equals the manifest for its transport."""
    assert json.loads((FOLDER / "socket-mode.json").read_text()) == manifest()
    assert json.loads((FOLDER / "http.json").read_text()) == manifest(url=EXAMPLE_URL)
    assert sorted(path.name for path in FOLDER.iterdir()) == ["http.json", "socket-mode.json"]


def test_the_scopes_are_those_of_the_methods_and_commands_that_are_used() -> None:
    """No scope is missing, and none is asked for that nothing needs; private channels are read like public ones."""
    needed = {scope for scope in SCOPE_OF.values() if scope}
    assert set(SCOPES) == needed | {"app_mentions:read", "commands", "groups:read"}


def test_every_button_has_a_listener() -> None:
    """Each action id that is rendered is heard, and those that open a modal are heard by the opener."""
    assert all(OUR_ACTIONS.search(action) for action in LABELS)
    assert {action for action in LABELS if OPENING.search(action)} == {
        "pause.fill",
        "pause.review",
        "pause.edit",
        "pause.feedback",
        "pause.choose",
        "pause.result",
        "pause.review_all",
        "pause.details",
        "pause.json",
        "run.details",
    }
    assert OUR_VIEWS.search("pause.fill")


def test_what_starts_a_workflow_is_heard() -> None:
    """Both shortcuts and mentions are in the manifest, and the forms that they open are heard."""
    shortcuts = {shortcut["callback_id"]: shortcut["type"] for shortcut in manifest()["features"]["shortcuts"]}
    assert shortcuts == {ids.START_SHORTCUT: "global", ids.START_WITH_MESSAGE: "message"}
    assert "app_mention" in manifest()["settings"]["event_subscriptions"]["bot_events"]
    assert all(OUR_VIEWS.search(form) for form in (ids.START_CHOOSE, ids.START_FORM))


def test_over_http_everything_goes_to_the_one_address() -> None:
    """Commands, interactivity and events name the request URL; with Socket Mode no URL is named."""
    over_http = manifest(url=EXAMPLE_URL)
    assert over_http["features"]["slash_commands"][0]["url"] == EXAMPLE_URL
    assert over_http["settings"]["interactivity"] == {"is_enabled": True, "request_url": EXAMPLE_URL}
    assert over_http["settings"]["event_subscriptions"]["request_url"] == EXAMPLE_URL
    assert "url" not in json.dumps(manifest())
