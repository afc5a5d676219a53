"""A question for a yes or no: asked in the channel, answered by a click."""

from __future__ import annotations

from kernbot.examples import data_pipeline
from tests.scenarios.conftest import Serve
from tests.scenarios.team import CHANNEL


async def test_a_click_on_approve_carries_the_run_to_its_result(serve: Serve) -> None:
    """The step runs after Approve, the card says who approved, and the result stands in the thread."""
    async with serve(data_pipeline.workflow) as team:
        dee, ana = team.person("dee"), team.person("ana")
        await dee.command(CHANNEL, "/kern", "run data_pipeline Q4 sales")
        parent = await team.parent()
        card = await team.under(parent, "Process sensitive data?")
        await ana.click(CHANNEL, card["ts"], "pause.approve")
        await team.under(parent, "Approved, the step ran: Process sensitive data?")
        result = await team.under(parent, "Result of data_pipeline")
        assert "Saved. Processed. Fetched 1,204 rows for: Q4 sales" in str(result["blocks"])
