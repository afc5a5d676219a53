"""The fields of the form that starts a workflow: filled in with what was typed, and read back."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from kernbot.engine.values import digest
from kernbot.run.masking import is_secret_name
from kernbot.slack.parse.arguments import Arguments, parse_arguments
from kernbot.slack.parse.fields import read_fields, read_text
from kernbot.slack.render.facts import FieldFacts
from kernbot.slack.render.inputs import any_text, choices, default_text, field_id, hides_default, input_blocks
from kernbot.slack.render.text import code, cut, escape
from kernbot.slack.render.values import as_text
from kernbot.workflow.input_fields import (
    LEFT_OUT,
    InputField,
    InputForm,
    InputSchema,
    input_form,
    whole_form,
)
from kernbot.workflow.inputs import InputError, InputProblem, checked_input

_MOST_FIELDS = 90
_MOST_BYTES = 200_000
_LONGEST_PROBLEM = 500


@dataclass(frozen=True, kw_only=True)
class Filled:
    """A form with what somebody has typed."""

    form: InputForm
    fields: Sequence[FieldFacts]
    notes: Sequence[str] = field(default_factory=list)
    """What is wrong with the whole, as `mrkdwn`."""
    given: Any = None
    """The input that was typed, as `Service.start` takes it."""
    is_ready: bool = False
    """Whether the workflow can be started with that."""


def usable_form(schema: InputSchema) -> InputForm:
    """Return the form of an input; for one that no modal can hold, the form in which all of it is typed as JSON."""
    form = input_form(schema)
    blocks = input_blocks([_facts(item, "UTC") for item in form.fields[: _MOST_FIELDS + 1]])
    return form if len(blocks) <= _MOST_FIELDS and len(json.dumps(blocks)) <= _MOST_BYTES else whole_form(form)


def filled(schema: InputSchema, text: str | None, zone: str) -> Filled:
    """Return the form of an input with what was typed in it, and what is wrong with that.

    `zone` is the IANA time zone of the person.
    """
    form = usable_form(schema)
    fields = [_facts(item, zone) for item in form.fields]
    if form.is_whole:
        start = _filled_whole(schema, form, fields[0], text)
    else:
        start = _filled_by_name(schema, form, fields, text or "")
    return replace(start, fields=[_with_secret_asked_again(item) for item in start.fields])


def read_filled(schema: InputSchema, start: Filled, state: Mapping[str, Any]) -> tuple[Any, dict[str, str]]:
    """Return the input that a form holds, as `Service.start` takes it, and what is wrong with it by block id."""
    values, errors = read_fields(start.fields, state)
    if errors:
        return None, errors
    given = dict(_given(start, values))
    if not start.form.is_whole:
        return json.dumps(given), {}
    whole = next(iter(given.values()), None)
    return whole if schema is None else json.dumps(whole), {}


def errors_of(error: InputError, fields: Sequence[FieldFacts]) -> dict[str, str]:
    """Return what is wrong with an input, by block id; what belongs to no field is said at the first one."""
    numbers = {item.name: number for number, item in enumerate(fields)}
    errors: dict[str, str] = {}
    for problem in error.problems:
        at = field_id(numbers.get(problem.field, 0))
        errors[at] = " ".join(filter(None, [errors.get(at), _in_words(problem, is_at_field=problem.field in numbers)]))
    return errors


def shape_of(name: str, start: Filled) -> str:
    """Return a digest of what a form asks for: whatever was made for another one does not fit it."""
    return digest([name, start.form.is_whole, *map(_shape, start.fields)])


def _facts(item: InputField, zone: str) -> FieldFacts:
    is_moment = item.field_type == "datetime" and item.default is not None
    return FieldFacts(
        name=item.name,
        field_type=item.field_type,
        description=item.description or None,
        default=_shown_moment(item.default, zone) if is_moment else item.default,
        required=item.is_required,
        allowed_values=item.allowed_values,
        several=item.several,
        is_long=item.is_long,
        secret=item.is_secret,
        zone=zone,
    )


def _shown_moment(text: str, zone: str) -> str:
    """Return a date and time as somebody in this zone would type it; one without a zone stays as it is."""
    moment = datetime.fromisoformat(text)
    local = moment.astimezone(ZoneInfo(zone)) if moment.tzinfo else moment
    return local.replace(tzinfo=None).isoformat(" ").removesuffix(":00")


def _filled_whole(schema: InputSchema, form: InputForm, item: FieldFacts, text: str | None) -> Filled:
    if not text:
        return Filled(form=form, fields=[item], is_ready=schema is None)
    if schema is None:
        return Filled(form=form, fields=[replace(item, typed=text)], given=text, is_ready=True)
    try:
        given = json.dumps(read_text(item, text))
    except ValueError as error:
        return Filled(form=form, fields=[replace(item, typed=text, problem=_problem(str(error)))])
    return _checked(schema, Filled(form=form, fields=[replace(item, typed=text)], given=given, is_ready=True))


def _filled_by_name(schema: InputSchema, form: InputForm, fields: Sequence[FieldFacts], text: str) -> Filled:
    try:
        arguments = parse_arguments(text)
    except ValueError as error:
        notes = [f"*This could not be read:* {escape(str(error))}", f"You typed: {_shown(text, fields)}"]
        return Filled(form=form, fields=fields, notes=notes)
    return _checked(schema, _filled(form, fields, arguments, text))


def _filled(form: InputForm, fields: Sequence[FieldFacts], arguments: Arguments, text: str) -> Filled:
    known = {item.name for item in fields}
    is_prose = bool(arguments.words) and not known & set(arguments.named)
    words, named = (text, {}) if is_prose else (arguments.words, arguments.named)
    at_first = [_with(item, named[item.name], is_json=arguments.is_json) for item in fields if item.name in named]
    by_name = {item.name: (item, value) for item, value in at_first}
    more = {name: value for name, value in named.items() if name not in known}
    notes = [] if form.takes_more else [_unknown(name, value, fields) for name, value in more.items()]
    shown = [by_name.get(item.name, (item, None))[0] for item in fields]
    if words:
        shown, lost = _with_words(shown, set(named), words)
        notes += lost
    values = {item.name: (item, by_name[item.name][1]) for item in form.fields if item.name in by_name}
    read = {name: _as_given(item, value) for name, (item, value) in values.items() if value is not LEFT_OUT}
    given = read | (more if form.takes_more else {})
    is_ready = not notes and not words and not any(item.problem for item in shown)
    return Filled(form=form, fields=shown, notes=notes, given=given, is_ready=is_ready)


def _with(item: FieldFacts, value: Any, *, is_json: bool) -> tuple[FieldFacts, Any]:
    """Return a field with an argument in it, and the value that it stands for."""
    options = choices(item)
    if options is not None:
        return _with_choice(item, options, value, is_json=is_json)
    if value is None:
        return replace(item, typed=""), None
    if is_json and not (item.field_type == "datetime" and isinstance(value, str)):
        return replace(item, typed=_as_typed(item, value)), value
    typed = "\n".join(value.split(",")) if item.field_type == "lines" else value
    if not typed.strip() and item.field_type != "str":
        return item, LEFT_OUT
    try:
        return replace(item, typed=typed), read_text(item, typed)
    except ValueError as error:
        return replace(item, typed=typed, problem=_problem(str(error))), LEFT_OUT


def _with_choice(item: FieldFacts, options: Sequence[Any], value: Any, *, is_json: bool) -> tuple[FieldFacts, Any]:
    wanted = value if is_json else (value.split(",") if item.several else value)
    one_by_one = wanted if item.several and isinstance(wanted, list) else [wanted]
    found = [option for option in options if any(_means(one, option, is_json=is_json) for one in one_by_one)]
    are_known = all(any(_means(one, option, is_json=is_json) for option in options) for one in one_by_one)
    if not are_known or (item.several and not isinstance(wanted, list)):
        shown = "What you typed" if item.secret else f"“{cut(_as_typed(item, value), 100).text}”"
        return replace(item, problem=_problem(f"{shown} is not one of the choices.")), LEFT_OUT
    chosen = found if item.several else found[0]
    return replace(item, default=chosen), value if is_json else chosen


def _means(typed: Any, option: Any, *, is_json: bool) -> bool:
    """Whether this is the choice that was typed."""
    if is_json:
        return type(typed) is type(option) and bool(typed == option)
    spelt = {as_text(option).lower(), str(option).lower()}
    return str(typed).strip().lower() in spelt


def _as_typed(item: FieldFacts, value: Any) -> str:
    """Return a value as it would be typed into the field."""
    if item.field_type == "lines" and isinstance(value, list) and all(isinstance(one, str) for one in value):
        return "\n".join(value)
    return any_text(value) if item.field_type == "any" or not isinstance(value, str) else value


def _with_words(fields: Sequence[FieldFacts], named: set[str], words: str) -> tuple[list[FieldFacts], list[str]]:
    """Return the fields with what had no name in the first text, a long one if there is; a note where there is none."""
    texts = [item for item in fields if item.field_type == "str" and choices(item) is None and not item.secret]
    free = next((item for item in sorted(texts, key=lambda item: not item.is_long) if item.name not in named), None)
    if free is None:
        return list(fields), [f"*Left out,* for it has no name: {_shown(words, fields)}. Type {code('name=value')}."]
    how = f"In a command, {code(f'{free.name}=…')} says what goes where."
    problem = f"*Please check the next field:* your text stands in it. {how}"
    return [replace(item, typed=words, problem=problem) if item is free else item for item in fields], []


def _unknown(name: str, value: Any, fields: Sequence[FieldFacts]) -> str:
    near = difflib.get_close_matches(name, [item.name for item in fields], n=1)
    hint = f" Did you mean {code(near[0])}?" if near else ""
    is_secret = is_secret_name(name) or any(item.secret for item in fields if item.name in near)
    what = code(name) if is_secret else code(f"{name}={as_text(value)}", 100)
    return f"*Left out:* {what}. There is no {code(name)}.{hint}"


def _shown(words: str, fields: Iterable[FieldFacts]) -> str:
    """Return words that are shown again, unless one of the fields is secret: they may be meant for it."""
    return "what is not shown, for it may be secret" if any(item.secret for item in fields) else code(words, 500)


def _checked(schema: InputSchema, start: Filled) -> Filled:
    """Return the form with what the model finds wrong; what is missing is not wrong, but has yet to be filled in."""
    given = start.given if start.form.is_whole else json.dumps(start.given)
    try:
        checked_input(schema, given)
    except InputError as error:
        fields, notes = _with_problems(start, error)
        return replace(start, fields=fields, notes=notes, given=given, is_ready=False)
    return replace(start, given=given)


def _with_problems(start: Filled, error: InputError) -> tuple[list[FieldFacts], list[str]]:
    wrong = [problem for problem in error.problems if not problem.is_missing]
    known = {item.name for item in start.fields}
    texts = {item.field: _in_words(item, is_at_field=item.field in known) for item in reversed(wrong)}
    fields = [
        replace(item, problem=item.problem or _problem(texts[item.name])) if item.name in texts else item
        for item in start.fields
    ]
    of_all = [f"*Please correct:* {escape(text)}" for name, text in texts.items() if name not in known]
    return fields, [*start.notes, *of_all]


def _in_words(problem: InputProblem, *, is_at_field: bool) -> str:
    where = problem.place if is_at_field else ".".join(filter(None, (problem.field, problem.place)))
    text = cut(f"{where}: {problem.message}" if where else problem.message, _LONGEST_PROBLEM).text
    return text if text.endswith(".") else f"{text}."


def _problem(text: str) -> str:
    return f"*Please correct the next field:* {escape(text)}"


def _with_secret_asked_again(item: FieldFacts) -> FieldFacts:
    if not (item.secret and item.typed):
        return item
    return replace(
        item, problem=f"{item.problem or ''}\n*Type it again:* what you typed is secret and not shown.".strip()
    )


def _given(start: Filled, values: Mapping[str, Any]) -> Iterable[tuple[str, Any]]:
    """Yield the values of an input, without those that are the model's own."""
    for item, shown in zip(start.form.fields, start.fields, strict=True):
        value = values.get(item.name, LEFT_OUT)
        if shown.typed is not None and hides_default(shown) and value is LEFT_OUT:
            value = read_text(shown, shown.typed)
        value = item.empty if value is None else value
        if value is LEFT_OUT or (shown.typed is None and not hides_default(shown) and _is_default(item, shown, value)):
            continue
        yield item.name, _as_given(item, value)


def _as_given(item: InputField, value: Any) -> Any:
    return value.removesuffix("Z") if item.is_naive and isinstance(value, str) else value


def _is_default(item: InputField, shown: FieldFacts, value: Any) -> bool:
    if item.default is None:
        return False
    if choices(shown) is None:
        return bool(value == read_text(shown, default_text(shown)))
    return bool(value == item.default)


def _shape(field: FieldFacts) -> list[Any]:
    return [field.name, field.field_type, field.secret, field.several, field.zone, list(field.allowed_values or [])]
