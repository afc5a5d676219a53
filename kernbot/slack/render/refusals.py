"""What only one person sees: refusals, and short answers to commands.

A refusal says why, who can, and what to do; where something was clicked it begins with "Not recorded:".
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from kernbot.slack.ids import deed_of, short_id
from kernbot.slack.render.blocks import Block, message, mrkdwn
from kernbot.slack.render.buttons import LABELS
from kernbot.slack.render.changed import which_change
from kernbot.slack.render.facts import PauseFacts, RunFacts
from kernbot.slack.render.outcome import TIMER, what_happened
from kernbot.slack.render.parent import state
from kernbot.slack.render.promise import lapsed
from kernbot.slack.render.text import channel, code, counted, cut, date, escape, fitting
from kernbot.slack.render.text import names as in_code

_WHY = {
    "guest": "you are a guest of this workspace",
    "stranger": "you belong to another organisation",
    "deactivated": "this account is deactivated",
    "bot": "bots may not do this",
    "not_a_member": "you are not a full member of {channel}",
    "not_named": "you are not among those who may {do}",
    "requester": "you asked for this run, so somebody else has to answer this",
    "not_yours": "this run is not yours to cancel",
}
"""By the values of `authority.Refusal`."""
_ASK = "Ask one of them."
_TELL = "Whoever runs the bot can name somebody: ask one of them."
_MOST_NAMES = 10
_LONGEST_COMMAND = 100
_JOIN = "Join the channel and try again, or ask one of them."


def too_late(run: RunFacts, pause: PauseFacts, action_id: str) -> dict[str, Any]:
    """Return the refusal of a click on a question that is closed, or whose deadline is over."""
    return _refusal(why_too_late(pause, "your click"), since_then(run, pause), _still_possible(run, action_id))


def why_too_late(pause: PauseFacts, deed: str) -> str:
    """Return why something was not recorded; `deed` is what came too late: `your click`."""
    if pause.is_open or pause.answered_by == TIMER:
        return f"the deadline was over before {deed}"
    return f"the run was cancelled before {deed}" if pause.answer is None else f"this was answered before {deed}"


def since_then(run: RunFacts, pause: PauseFacts) -> str:
    """Return what closed a question, or is about to."""
    return lapsed(pause) if pause.is_open else what_happened(run, pause)


def still_possible(run: RunFacts) -> str:
    """Return what can still be done after an answer that lost, or nothing where the run has ended."""
    if run.status.has_ended:
        return ""
    where = f": <{run.run_link}|open the run>" if run.run_link else ""
    return f"To stop what still follows, {code(run.requester)}, the owners and the operators can cancel the run{where}."


def not_allowed(reason: str, channel_id: str, named: Sequence[str] | None = None) -> dict[str, Any]:
    """Return the refusal of a click by somebody who may not; `reason` is a value of `authority.Refusal`.

    `named` are the names of those who may; None: the full members of the channel.
    """
    return _refusal(_why(reason, channel_id, "answer this"), _who_may("answer", reason, channel_id, named))


def may_not_start(reason: str, workflow: str, channel_id: str, named: Sequence[str] | None = None) -> dict[str, Any]:
    """Return the refusal to start a workflow; the other arguments are those of `not_allowed`."""
    do = f"start {code(workflow)}"
    return _message(f"Not started: {_why(reason, channel_id, do)}.", _who_may(do, reason, channel_id, named))


def not_all_approved(run: RunFacts, late: Sequence[PauseFacts], count: int) -> dict[str, Any]:
    """Return what is told of calls that were approved at once, where some of them are not: what became of those."""
    then = ((call, "it is still open." if call.is_open else since_then(run, call)) for call in late)
    lines = (f"Call {call.call}, {code(call.tool or '')}: {what}" for call, what in then)
    which = "this one" if len(late) == 1 else "these"
    headline = f"Approved all but {which} of the {counted(count, 'call')}:"
    return _message(headline, fitting(lines))


def may_not_cancel(run: RunFacts) -> dict[str, Any]:
    """Return the refusal to cancel a run for somebody who may see it, but not steer it."""
    who = (
        f"{code(run.requester)}, who asked for run {short_id(run.run_id)}, the workflow's owners and the operators can."
    )
    return _refusal("you may not cancel this run", who)


def cannot_check() -> dict[str, Any]:
    """Return the refusal of a click while Slack can't be asked who somebody is."""
    return _refusal("the bot cannot check your right just now", "Nothing was changed. Please try again in a moment.")


def not_valid() -> dict[str, Any]:
    """Return the refusal of a click on a button that is not, or no longer, of a question that is known."""
    return _refusal("this button is no longer valid", "Look for the question in the thread of its run.")


def asked_anew(pause: PauseFacts) -> dict[str, Any]:
    """Return the refusal of an answer to a question whose step has changed since it was asked."""
    again = "The question is asked again on its card, with the same deadline: answer it as it is now."
    return _refusal("the step changed since this was asked", f"{which_change(pause)} {again}")


def too_large(why: str) -> dict[str, Any]:
    """Return the refusal of a click on a question that no modal can hold; `why` is the text of the error."""
    return _refusal("this question cannot be shown in Slack", escape(cut(why, 1_000).text))


def no_such_run(run: str) -> dict[str, Any]:
    """Return the answer for a run that does not exist and for one that is not theirs: both read the same."""
    return _message("No such run, or not yours.", f"You typed {code(run)}. The list of your runs shows their ids.")


def invite(channel_id: str, bot_name: str) -> dict[str, Any]:
    """Return the answer where the bot can't post: how to let it in; no run was started."""
    how = f"{code(f'/invite @{bot_name}', _LONGEST_COMMAND)} in {channel(channel_id)}"
    return _message(f"Invite me: {how}, then try again.", "This workflow asks there. No run was started.")


def complaint(text: str) -> dict[str, Any]:
    """Return the answer to a command that can't be understood; `text` is safe `mrkdwn`, as parse makes it."""
    return _message(text)


def no_workflow(name: str) -> dict[str, Any]:
    """Return the answer to a form of a workflow that is not registered any more."""
    return _message(f"Not started: there is no workflow {code(name)} any more.", "The bot may have been changed since.")


def form_is_old(name: str | None) -> dict[str, Any]:
    """Return the answer to a form that does not fit any more; `name` is its workflow, if that is known."""
    what = f" {code(name)}" if name else ""
    return _message(f"Not started: this form{what} is out of date.", "Please open it again.")


def not_your_form(who: str, command: str) -> dict[str, Any]:
    """Return the answer to a click on an offer that was made to somebody else; `who` is a display name."""
    return _message(f"This form is for {code(who)}, who asked for it.", f"Type {code(f'{command} run')} for your own.")


def form_not_opened() -> dict[str, Any]:
    """Return the answer where a form could not be shown, for a reason that may pass."""
    return _message("Not started: the form could not be made just now.", "Please try again in a moment.")


def not_opened() -> dict[str, Any]:
    """Return the answer to a click that was to open something, where Slack opened nothing."""
    return _message("Slack could not open this just now.", "Nothing was changed. Please try again in a moment.")


def errors_in_form(texts: Sequence[str]) -> dict[str, Any]:
    """Return the answer to a form that was found wrong too late to say so at its fields."""
    return _message("Not started:", fitting(escape(text) for text in texts))


def nothing_to_start() -> dict[str, Any]:
    """Return the answer to somebody who may start no workflow."""
    return _message("There is no workflow that you may start.")


def input_does_not_fit(workflow: str, why: str) -> dict[str, Any]:
    """Return the answer to an input that the workflow does not take; nothing was started."""
    return _message(f"{code(workflow)} was not started: its input does not fit.", code(why, at_most=1_000))


def started(workflow: str, run_id: str, link: str | None) -> dict[str, Any]:
    """Return the answer to somebody whose run has started elsewhere."""
    where = f" <{link}|Open the run>" if link else ""
    return _message(f"Started {code(workflow)}, run {short_id(run_id)}.{where}")


def cancelled(run: RunFacts) -> dict[str, Any]:
    """Return the answer to somebody who has cancelled a run; one that is executed ends before its next step."""
    if not run.status.has_ended:
        when = "It ends before its next step; what is done stays done."
        return _message(f"Run {short_id(run.run_id)} of {code(run.workflow)} is being cancelled.", when)
    return _message(f"Cancelled run {short_id(run.run_id)} of {code(run.workflow)}. What is done stays done.")


def ended_already(run: RunFacts) -> dict[str, Any]:
    """Return the answer to somebody who cancels a run that has ended."""
    return _message(f"Nothing to cancel: run {short_id(run.run_id)} has ended.", state(run))


def may_not_retry(run: RunFacts) -> dict[str, Any]:
    """Return the refusal to retry a run for somebody who may see it, but not answer what failed in it."""
    who = f"The workflow's owners can, and those who may answer what failed in run {short_id(run.run_id)}."
    return _refusal("you may not retry this run", who)


def retried(run: RunFacts) -> dict[str, Any]:
    """Return the answer to somebody who has had tried again what failed in a run."""
    return _message(f"Run {short_id(run.run_id)} of {code(run.workflow)}: what had failed is tried again.{_open(run)}")


def nothing_to_retry(run: RunFacts) -> dict[str, Any]:
    """Return the answer to somebody who retries a run in which nothing has failed, or is waiting to be retried."""
    return _message(f"Nothing to retry in run {short_id(run.run_id)}.", state(run))


def help_text(command: str) -> dict[str, Any]:
    """Return what the command can do; `command` is its name with the slash."""
    return _message(
        f"What {code(command)} can do:",
        f"`{command} run` opens a form in which you choose and start a workflow.\n"
        f"`{command} run WORKFLOW INPUT` starts it; where it has several inputs, they are `name=value` or JSON, "
        "and a form opens for what is missing.\n"
        f"`{command} list` shows the workflows that you may start.\n"
        f"`{command} status` shows your runs, `{command} status RUN` one of them.\n"
        f"`{command} pending` shows what waits for your answer.\n"
        f"`{command} history` shows runs that have ended, `{command} history WORKFLOW` those of one workflow.\n"
        f"`{command} cancel RUN` cancels a run.\n"
        f"`{command} retry RUN` tries again what failed in a run.",
    )


def workflows(names: Sequence[tuple[str, str | None]]) -> dict[str, Any]:
    """Return the list of workflows with their descriptions."""
    if not names:
        return nothing_to_start()
    lines = (f"{code(name)} {_described(description)}".rstrip() for name, description in names)
    return _message("Workflows:", fitting(lines))


def status(runs: Iterable[RunFacts]) -> dict[str, Any]:
    """Return a list of runs, or of one, with what they wait for."""
    lines = [f"{state(run)}\nRun {short_id(run.run_id)}, started {date(run.started_at)}{_link(run)}" for run in runs]
    return _message("Runs:", fitting(lines)) if lines else _message("You have no runs.")


def _why(reason: str, channel_id: str, do: str) -> str:
    return _WHY[reason].format(channel=channel(channel_id), do=do)


def _who_may(do: str, reason: str, channel_id: str, named: Sequence[str] | None) -> str:
    if reason == "not_yours":
        return "Who asked for it, the workflow's owners and the operators can."
    if named is not None:
        others = in_code(named, _MOST_NAMES)
        return f"{others} may {do}. {_ASK}" if others else f"Nobody else is named. {_TELL}"
    what_to_do = _JOIN if reason == "not_a_member" else _ASK
    return f"Full members of {channel(channel_id)} may {do}. {what_to_do}"


def _still_possible(run: RunFacts, action_id: str) -> str:
    label = LABELS.get(deed_of(action_id))
    nothing = f"Your *{label}* changed nothing." if label else "Your click changed nothing."
    return f"{nothing} {still_possible(run)}".rstrip()


def _described(description: str | None) -> str:
    return code(description, 150) if description else ""


def _open(run: RunFacts) -> str:
    return f" <{run.run_link}|Open the run>" if run.run_link else ""


def _link(run: RunFacts) -> str:
    return f", <{run.run_link}|open it>" if run.run_link else ""


def _refusal(why: str, more: str, what_to_do: str = "") -> dict[str, Any]:
    headline = f"Not recorded: {why}."
    blocks = [_section(f"*{headline}*\n{more}")]
    if what_to_do:
        blocks.append({"type": "context", "elements": [mrkdwn(what_to_do)]})
    return message(headline, blocks)


def _message(headline: str, more: str = "") -> dict[str, Any]:
    return message(headline, [_section("\n".join(filter(None, (headline, more))))])


def _section(text: str) -> Block:
    return {"type": "section", "text": mrkdwn(text)}
