"""`kernbot demo` as a newcomer meets it: a real process, a real browser, typing and clicking."""

from __future__ import annotations

import re

from playwright.async_api import Page, expect

from tests.demo.newcomer import SECONDS, run


async def test_a_newcomer_approves_and_reads_the_result(page: Page) -> None:
    """The card says what is asked and what silence does; after Approve it says who, and the thread holds the result."""
    await run(page, "/kern run data_pipeline Q4 sales")
    await expect(page.get_by_text("Process sensitive data?")).to_be_visible(timeout=SECONDS)
    await expect(page.get_by_text(re.compile("If nobody answers by .*: the run is cancelled"))).to_be_visible()
    await page.get_by_role("button", name=re.compile("^Approve")).click()
    await expect(page.get_by_text(re.compile("Approved by @Dee"))).to_be_visible(timeout=SECONDS)
    await page.get_by_role("main").get_by_role("link", name=re.compile("repl(y|ies)$")).first.click()
    result = page.get_by_role("article").filter(has_text="Result of data_pipeline")
    await expect(result).to_contain_text("Saved. Processed. Fetched 1,204 rows for: Q4 sales", timeout=SECONDS)


async def test_a_newcomer_corrects_a_value_at_its_field(page: Page) -> None:
    """A threshold of "abc" is refused at the field in kernbot's own words; corrected, it reaches the step."""
    await run(page, "/kern run configurable_pipeline")
    await page.get_by_role("button", name=re.compile("^Fill in")).click()
    form = page.get_by_role("dialog")
    await form.get_by_label("threshold").fill("abc")
    await form.get_by_label("mode").fill("fast")
    await form.get_by_role("button", name="Send answer").click()
    await expect(form.get_by_text("“abc” is not a number")).to_be_visible(timeout=SECONDS)
    await form.get_by_label("threshold").fill("0.7")
    await form.get_by_role("button", name="Send answer").click()
    await expect(form).to_be_hidden(timeout=SECONDS)
    await page.get_by_role("main").get_by_role("link", name=re.compile("repl(y|ies)$")).first.click()
    await expect(page.get_by_text("Processed with threshold=0.7, mode=fast")).to_be_visible(timeout=SECONDS)


async def test_a_newcomer_lets_a_deadline_pass(page: Page) -> None:
    """After a jump of the clock over the deadline the card says that nobody answered, in both clocks' time."""
    await run(page, "/kern run data_pipeline Q4 sales")
    await expect(page.get_by_text(re.compile("If nobody answers by"))).to_be_visible(timeout=SECONDS)
    await page.get_by_role("button", name="Clock:").click()
    await page.get_by_role("button", name="+15 minutes").click()
    await expect(page.get_by_text("15 minutes ahead of real time")).to_be_visible(timeout=SECONDS)
    await expect(page.get_by_text(re.compile("^No answer by"))).to_be_visible(timeout=SECONDS)


async def test_a_newcomer_starts_a_workflow_by_its_form(page: Page) -> None:
    """Chosen from a list, with an error at its field in between; the result holds what was filled in."""
    await run(page, "/kern run")
    form = page.get_by_role("dialog")
    await form.get_by_label(re.compile("^announcement")).check()
    await form.get_by_role("button", name="Next").click()
    await form.get_by_label("headline").fill("Hi")
    await form.get_by_label("body").fill("The office is closed on Friday.")
    await form.get_by_label("screens").check()
    await form.get_by_role("button", name="Start").click()
    await expect(form.get_by_text("String should have at least 5 characters.")).to_be_visible(timeout=SECONDS)
    await form.get_by_label("headline").fill("Closed on Friday")
    await form.get_by_role("button", name="Start").click()
    await page.get_by_role("button", name=re.compile("^Approve")).click()
    await page.get_by_role("main").get_by_role("link", name=re.compile("repl(y|ies)$")).first.click()
    told = "Published for everyone, now, in mail, screens; 1 on paper."
    await expect(page.get_by_text(told)).to_be_visible(timeout=SECONDS)
