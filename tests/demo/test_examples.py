"""Every example that asks for more than a yes or for values, from its command to its result."""

from __future__ import annotations

from playwright.async_api import Page

from tests.demo.newcomer import act_as, card, form, press, see, send, start, thread, tick


async def test_deploy(page: Page) -> None:
    """Who asked is refused, a release manager is asked back and approves; the step that failed is retried."""
    await start(page, "/kern run deploy 2026.12.1")
    question = card(page, "Ship this version to production?")
    await press(question, "Ship it")
    await press(page.get_by_role("alertdialog"), "Ship it")
    await see(thread(page), "Not recorded: you asked for this run, so somebody else has to answer this.")
    await act_as(page, "Ana")
    await press(question, "Ship it")
    await press(page.get_by_role("alertdialog"), "Ship it")
    await see(question, "Approved by @Ana")
    failed = card(page, "Retry the failed step")
    await see(failed, "503 Service Unavailable")
    await press(failed, "Retry")
    await see(failed, "Retried by @Ana")
    await see(thread(page), "Announced: version 2026.12.1, 41 commits, 3 migrations: on 40 servers.")


async def test_refund(page: Page) -> None:
    """The amount of one call is corrected, the other call is approved as it is; nobody sees the token."""
    await start(page, "/kern run refund A-20419")
    calls = card(page, "Approve 2 calls of refund-agent?")
    await see(calls, "hidden, 24 characters")
    await press(calls, "Edit")
    await form(page).get_by_label("amount").fill("99.00")
    await tick(page, "Yes, make this call")
    await send(page)
    await see(calls, "amount: 129.00 → 99.00")
    await press(calls, "Approve")
    await see(thread(page), "Done with it: 99.00 EUR for A-20419 are on their way to card ending 4417;")
    await see(card(page, "Result of refund"), "jo.park@example.com has mail of")


async def test_weekly_report(page: Page) -> None:
    """A draft is sent back and then edited, the second subject line is taken, and one form says yes and to whom."""
    await start(page, "/kern run weekly_report payments")
    draft = card(page, "Is this draft good to go?")
    await press(draft, "Reject")
    await form(page).get_by_role("textbox").fill("name the team")
    await send(page)
    await see(draft, "Written again: name the team")
    await press(draft, "Edit")
    text = form(page).get_by_role("textbox").last
    await text.fill((await text.input_value()).replace("18", "8"))
    await send(page)
    await see(draft, "+ This week in payments: failures are down 8 percent.")
    subject = card(page, "Take this subject line?")
    await press(subject, "Next iteration")
    await send(page)
    await see(subject, "Fewer failed payments this week")
    await press(subject, "Accept and stop")
    await press(card(page, "Send the report?"), "Fill in and approve")
    await tick(page, "managers")
    await send(page)
    await see(card(page, "Result of weekly_report"), "Sent to managers: “Fewer failed payments this week”.")


async def test_release(page: Page) -> None:
    """Two cards at once, a no that runs the other branch, one way by its button, and two regions in a form."""
    await start(page, "/kern run release 2026.12.1")
    await press(card(page, "Does support know what is new?"), "Approve")
    await press(card(page, "Is the documentation up to date?"), "Approve")
    tables = card(page, "Migrate the tables first?")
    await press(tables, "Reject")
    await see(tables, "The else branch ran instead.")
    await press(card(page, "Choose how this release is rolled out"), "blue-green")
    await press(card(page, "Choose where it goes first"), "Choose")
    await tick(page, "eu-west", "ap-south")
    await send(page)
    await see(card(page, "Result of release"), "rolled out: ap-south (2026.12.1)")


async def test_returned_parcel(page: Page) -> None:
    """The agent's questions, a value that its function does not take at first, and what somebody found."""
    await start(page, "/kern run returned_parcel A-20419")
    await press(card(page, "Answer what the agent asks"), "Answer")
    await tick(page, "Money back", "Broken")
    await send(page)
    await _give_a_time(page, "nine")
    await see(card(page, "book_courier needs"), "'pickup_time' is wrong: Input should be in a valid time format")
    await _give_a_time(page, "10:30")
    await press(card(page, "look_into_shelf"), "Provide result")
    await form(page).get_by_role("textbox").first.fill("Yes, two of them.")
    await send(page)
    await see(card(page, "Result of returned_parcel"), "All is settled. The warehouse says: Yes, two of them.")


async def _give_a_time(page: Page, time: str) -> None:
    await press(card(page, "book_courier needs"), "Fill in")
    await form(page).get_by_label("pickup_time").fill(time)
    await send(page)
