"""What a question is about, read from the rows of its run: pure."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from kernbot.db.base import PauseRecord, Snapshot
from kernbot.engine.calling import questions_of
from kernbot.engine.journal import Journal
from kernbot.engine.values import decode
from kernbot.run.masking import Masked, by_name, is_secret_name, masked, scrubbed, secrets_in
from kernbot.run.tool_execution import UserFeedbackQuestion
from kernbot.slack.render.facts import Choice, FieldFacts, Reviewed
from kernbot.workflow.inputs import as_plain
from kernbot.workflow.types import StepOutput

Values = Iterator[tuple[str, str]]
"""Names and whole texts."""


def as_text(value: Any) -> str:
    """Return a value as a person reads it: text as it is, anything else as JSON where it can be."""
    if isinstance(value, str):
        return value  # as it is: a `Masked` stays one
    return json.dumps(as_plain(value), indent=2, ensure_ascii=False)


@dataclass(frozen=True)
class Rows:
    """All that is stored of a run, also by path, and what of it is secret."""

    snapshot: Snapshot
    journal: Journal
    secrets: frozenset[str]

    @classmethod
    def of(cls, snapshot: Snapshot, journal: Journal) -> Rows:
        """Return the rows of a run."""
        return cls(snapshot, journal, frozenset(_secrets_of(snapshot)))

    def shown(self, value: Any, also: Collection[str] = ()) -> str:
        """Return a value as a person reads it, with masks in the place of secrets; `also` names some on top."""
        text = as_text(masked(value, also))
        return text if isinstance(text, Masked) else scrubbed(text, self.secrets)


def values_of(rows: Rows, pause: PauseRecord) -> list[tuple[str, str]]:
    """Return what a question is about, by name."""
    if pause.question.get("tool_name") and (asked := rows.journal.pause(pause.path, "tool")):
        return list(_of_call(rows, asked))
    values = _of_call if pause.kind == "tool" else _of_review if "reviewed" in pause.question else _of_start
    said = pause.question.get("feedback")
    return [*values(rows, pause), *([("feedback", rows.shown(said))] if said else [])]


def reviewed_of(rows: Rows, pause: PauseRecord) -> Reviewed | None:
    """Return what is under review; None for any other question."""
    if "reviewed" not in pause.question:
        return None
    output = _output_under_review(rows.journal, pause)
    content = output.last_content if output else None
    whole, text = as_text(content or ""), rows.shown(content or "")
    if content is None or isinstance(content, str):
        return Reviewed(text=text, can_be_edited=text == whole)
    return Reviewed(text=text, is_data=True, can_be_edited=text == whole and _is_json(content))


def fields_of(pause: PauseRecord) -> list[FieldFacts]:
    """Return what is to be filled in, or chosen: of a call that needs values, the arguments that it has none for."""
    question = pause.question
    if pause.kind == "tool" and question["questions"]:
        return [_choice(item) for item in questions_of(question)]
    fields = [_field(decode(item)) for item in question.get("fields", ())]
    return [field for field in fields if field.default is None] if _needs_values(pause) else fields


def given_values(rows: Rows, pause: PauseRecord, values: dict[str, Any]) -> dict[str, Any]:
    """Return what was filled in or chosen, with masks in the place of what is secret."""
    if pause.kind == "tool" and pause.question["questions"]:
        return {name: ", ".join(labels) for name, labels in values.items()}
    shown: dict[str, Any] = masked(values, _secret_names(pause))
    shown |= {name: masked(values[name]) for name in _open_names(pause) & set(values)}
    return {name: scrubbed(value, rows.secrets) if type(value) is str else value for name, value in shown.items()}


def call_as_json(rows: Rows, pause: PauseRecord) -> str | None:
    """Return a call that people are to make elsewhere as JSON, with masks in the place of secrets; None for others."""
    tool = pause.question["tool"]
    if tool["asks"] != "external_execution":
        return None
    arguments = _scrubbed_in(masked(tool["arguments"], _secret_names(pause)), rows.secrets)
    return as_text({"tool": tool["name"], "arguments": arguments})


def choices_of(pause: PauseRecord) -> list[Choice]:
    """Return the ways in which a Router can go on."""
    return [Choice(**choice) for choice in pause.question.get("choices", ())]


def _scrubbed_in(value: Any, secrets: Collection[str]) -> Any:
    """Return JSON in whose texts masks stand for the secrets that are known."""
    if isinstance(value, dict):
        return {name: _scrubbed_in(item, secrets) for name, item in value.items()}
    if isinstance(value, list):
        return [_scrubbed_in(item, secrets) for item in value]
    return scrubbed(value, secrets) if type(value) is str else value


def _of_start(rows: Rows, pause: PauseRecord) -> Values:
    """Yield what the run began with, what came before, and what a selector proposes."""
    question = pause.question
    given = masked(decode(rows.snapshot.run.request["input"]))
    named = by_name(given) or {"input": given}
    yield from ((str(name), rows.shown(value)) for name, value in named.items() if value is not None)
    previous = rows.journal.output(question["previous"]["path"]) if question["previous"] else None
    if previous is not None and previous.last_content is not None:
        yield f"from {previous.step_name}", rows.shown(previous.last_content)
    if pause.kind == "confirmation" and question.get("proposed"):
        yield "proposed", ", ".join(question["proposed"])


def _of_call(rows: Rows, pause: PauseRecord) -> Values:
    """Yield the arguments of a call, secrets masked, without those that are to be filled in; or what an agent asks."""
    question = pause.question
    if question["tool"]["asks"] == "questions":
        yield from ((f"question {n}", item.question) for n, item in enumerate(questions_of(question), start=1))
    elif question["tool"]["asks"] != "fields":
        asked = {field.name for field in fields_of(pause)} if _needs_values(pause) else ()
        arguments = masked(question["tool"]["arguments"], _secret_names(pause))
        yield from ((name, rows.shown(value)) for name, value in arguments.items() if name not in asked)


def _of_review(rows: Rows, pause: PauseRecord) -> Values:
    """Yield what came out, and what came out the time before."""
    reviewed = reviewed_of(rows, pause)
    yield "output", reviewed.text if reviewed else ""
    earlier = rows.journal.pause(pause.path, pause.kind, pause.number - 1)
    if earlier and (was := reviewed_of(rows, earlier)):
        yield "before", was.text


def _output_under_review(journal: Journal, pause: PauseRecord) -> StepOutput | None:
    reviewed = pause.question["reviewed"]
    if "draft" in reviewed:
        return journal.draft(pause.path, reviewed["draft"])
    return journal.output(reviewed["path"]) if reviewed["path"] else None


def _field(item: dict[str, Any]) -> FieldFacts:
    said = item.pop("secret", None)
    is_secret = is_secret_name(item["name"]) if said is None else said
    return FieldFacts(default=item.pop("value"), secret=is_secret, **item)


def _secret_names(pause: PauseRecord) -> set[str]:
    """Return what is secret in the question, or the answer to it, whatever its name."""
    return {field.name for field in fields_of(pause) if field.secret} | set(pause.question.get("secret_args", ()))


def _open_names(pause: PauseRecord) -> set[str]:
    """Return what is no secret, whatever its name: its author says so."""
    return {field.name for field in fields_of(pause) if not field.secret and is_secret_name(field.name)}


def _secrets_of(snapshot: Snapshot) -> Iterator[str]:
    """Yield what is secret of what a run began with, of the arguments of its calls, and of what people gave."""
    yield from secrets_in(decode(snapshot.run.request["input"]))
    for pause in snapshot.pauses:
        also = _secret_names(pause)
        if pause.kind == "tool":
            yield from secrets_in(pause.question["tool"]["arguments"], also)
        if pause.answered and pause.answered.answer:
            given, is_open = decode(pause.answered.answer["values"]), _open_names(pause)
            yield from secrets_in({name: value for name, value in given.items() if name not in is_open}, also)


def _choice(item: UserFeedbackQuestion) -> FieldFacts:
    return FieldFacts(
        name=item.question,
        field_type="str",
        description=item.header,
        allowed_values=[option.label for option in item.options],
        descriptions=[option.description for option in item.options],
        several=item.multi_select,
    )


def _needs_values(pause: PauseRecord) -> bool:
    return pause.kind == "tool" and pause.question["tool"]["asks"] == "user_input"


def _is_json(value: Any) -> bool:
    """Whether a value is all lists, objects, texts, numbers, yes and no, so that JSON gives it back as it is."""
    if isinstance(value, dict):
        return all(type(key) is str and _is_json(item) for key, item in value.items())
    if type(value) is list:
        return all(map(_is_json, value))
    return value is None or type(value) in (str, int, float, bool)
