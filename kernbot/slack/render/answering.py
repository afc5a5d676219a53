"""How a question is answered from a list: in the modal of its card's main button, or by its card's buttons."""

from __future__ import annotations

from collections.abc import Iterator

from kernbot.slack import ids
from kernbot.slack.ids import TokenMaker
from kernbot.slack.render import modals
from kernbot.slack.render.blocks import Block, actions
from kernbot.slack.render.facts import PauseFacts, RunFacts
from kernbot.slack.render.forms import form_of
from kernbot.slack.render.rows import buttons_of_choices, buttons_to_answer
from kernbot.slack.render.view_parts import View, ids_of

FORMS = (ids.FILL_IN, ids.REVIEW, ids.EDIT, ids.FEEDBACK, ids.CHOOSE, ids.RESULT)
"""Buttons of a question that open a form."""


def answering(run: RunFacts, pause: PauseFacts, *, tokens: TokenMaker) -> View:
    """Return the modal in which an open question is answered by somebody who has not its card before them.

    Raises ConfigurationError as `form_of` does.
    """
    buttons = buttons_to_answer(run, pause, tokens)
    main = [button["action_id"] for button in buttons if button.get("style") == "primary"]
    if main and main[0] in FORMS:
        return form_of(main[0], run, pause, tokens=tokens)
    return modals.details(run, pause, list(_decisions(run, pause, tokens)))


def _decisions(run: RunFacts, pause: PauseFacts, tokens: TokenMaker) -> Iterator[Block]:
    at = ids_of(pause)
    if choices := buttons_of_choices(run, pause, tokens):
        yield actions(at("choices-to-press"), choices)
    yield actions(at("actions"), buttons_to_answer(run, pause, tokens))
