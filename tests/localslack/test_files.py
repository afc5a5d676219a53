"""Uploading files in three steps, through Slack's own client, and reading them."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from kernbot.localslack import ActError, Actor, App, LocalSlack, Server
from tests.localslack.office import EMPTY, OPS, SECRET, Bot, Clock, Json, refusal, whole_manifest, workspace

REPORT = b"city,count\nTokyo,4\n"


@pytest.fixture
def slack(clock: Clock) -> LocalSlack:
    """Return a workspace with a message in #ops and one person outside of it."""
    return workspace(clock)


@pytest.fixture
def app(slack: LocalSlack) -> App:
    """Return an app that may write and read files, a member of #ops."""
    app = slack.install(whole_manifest())
    slack.invite(app, OPS)
    return app


async def uploaded(client: AsyncWebClient, content: bytes = REPORT, **more: Any) -> str:
    """Announce and upload a file, and return its id."""
    told = await client.files_getUploadURLExternal(filename="report.csv", length=len(content), **more)
    async with aiohttp.ClientSession() as session, session.post(told["upload_url"], data=content) as response:
        assert response.status == 200
    return str(told["file_id"])


async def test_the_sdk(client: AsyncWebClient, ana: Actor) -> None:
    """files_upload_v2 puts a file into a thread, with its title and a comment, and people can read it."""
    parent = (await client.chat_postMessage(channel=OPS, text="x"))["ts"]
    answer = await client.files_upload_v2(
        filename="report.csv", content=REPORT, title="Report", channel=OPS, thread_ts=parent, initial_comment="Here"
    )
    message = ana.messages(OPS, parent)[-1]
    (file,) = message["files"]
    assert (message["text"], file["id"], file["title"], file["name"]) == (
        "Here",
        answer["file"]["id"],
        "Report",
        "report.csv",
    )
    assert (file["size"], file["mimetype"], file["channels"]) == (len(REPORT), "text/csv", [OPS])
    assert ana.file(file["id"]) == REPORT


async def test_several(client: AsyncWebClient, slack: LocalSlack, app: App, ana: Actor) -> None:
    """Several files stand in one message, in each of the channels."""
    slack.invite(app, SECRET)
    ids = [await uploaded(client), await uploaded(client, alt_txt="A graph")]
    files: list[Json] = [{"id": each} for each in ids]
    await client.files_completeUploadExternal(
        files=files, channel_id=OPS, channels=[SECRET], blocks='[{"type": "divider"}]'
    )
    for channel in (OPS, SECRET):
        message = ana.messages(channel)[-1]
        assert [file["id"] for file in message["files"]] == ids
        assert message["blocks"][0]["type"] == "divider"
    assert ana.messages(OPS)[-1]["files"][1]["alt_txt"] == "A graph"


async def test_a_form(client: AsyncWebClient) -> None:
    """A file may be uploaded as a field of a form."""
    told = await client.files_getUploadURLExternal(filename="report.csv", length=len(REPORT))
    form = aiohttp.FormData()
    form.add_field("file", REPORT, filename="report.csv")
    async with aiohttp.ClientSession() as session, session.post(told["upload_url"], data=form) as response:
        assert response.status == 200
    assert (await client.files_completeUploadExternal(files=[{"id": told["file_id"]}]))["ok"]


async def test_info(client: AsyncWebClient, slack: LocalSlack, server: Server) -> None:
    """files.info tells the app, and others where it stands, what a file is."""
    file_id = await uploaded(client)
    await client.files_completeUploadExternal(files=[{"id": file_id, "title": "Report"}])
    assert (await client.files_info(file=file_id))["file"]["title"] == "Report"
    other = Bot(slack.install(whole_manifest()), server.base_url).client
    assert (await refusal(other.files_info(file=file_id)))["error"] == "file_not_found"
    assert (await refusal(client.files_info(file="F0NONE")))["error"] == "file_not_found"


async def test_who_sees_it(client: AsyncWebClient, slack: LocalSlack, ana: Actor) -> None:
    """A file that stands nowhere is seen by nobody, one in a channel by those who see the channel."""
    file_id = await uploaded(client)
    with pytest.raises(ActError, match="Ana sees no file"):
        ana.file(file_id)
    await client.files_completeUploadExternal(files=[{"id": file_id}], channel_id=OPS)
    assert ana.file(file_id) == REPORT
    with pytest.raises(ActError, match="Sig sees no file"):
        slack.person("U04SIG").file(file_id)


async def test_upload_refused(client: AsyncWebClient, slack: LocalSlack) -> None:
    """An upload of another length than announced, or a second one, is refused."""
    told = await client.files_getUploadURLExternal(filename="report.csv", length=4)
    async with aiohttp.ClientSession() as session:
        for content, error in ((b"12345", "invalid_length"), (b"1234", None), (b"1234", "file_not_found")):
            async with session.post(told["upload_url"], data=content) as response:
                assert response.status == (400 if error else 200)
            assert (slack.log[-1].name, slack.log[-1].verdict) == ("upload", error or "ok")


@pytest.mark.parametrize(
    ("arguments", "error"),
    [({"length": 0}, "missing_argument"), ({"length": 4, "alt_txt": "x" * 1001}, "alt_txt_too_large")],
)
async def test_announcement_refused(client: AsyncWebClient, arguments: Json, error: str) -> None:
    """What cannot be uploaded is refused by name."""
    assert (await refusal(client.files_getUploadURLExternal(filename="x", **arguments)))["error"] == error


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"channel_id": EMPTY}, "not_in_channel"),
        ({"channel_id": SECRET}, "channel_not_found"),
        ({"channel_id": "C0NOWHERE"}, "channel_not_found"),
        ({"channels": ["C01OPS"] + [f"C{n}" for n in range(100)]}, "channels_limit_exceeded"),
        ({"channel_id": OPS, "thread_ts": "1.000001"}, "thread_not_found"),
        ({"thread_ts": "1.000001"}, "invalid_arguments"),
        ({"channel_id": OPS, "blocks": '[{"type": "nonsense"}]'}, "invalid_blocks"),
    ],
)
async def test_completion_refused(client: AsyncWebClient, ana: Actor, arguments: Json, error: str) -> None:
    """What cannot be completed is refused by name, shows nothing, and can be completed later."""
    files: list[Json] = [{"id": await uploaded(client)}]
    assert (await refusal(client.files_completeUploadExternal(files=files, **arguments)))["error"] == error
    assert ana.messages(OPS) == []
    assert (await client.files_completeUploadExternal(files=files, channel_id=OPS))["ok"]
    again = client.files_completeUploadExternal(files=files, channel_id=OPS)
    assert (await refusal(again))["error"] == "file_not_found"


async def test_files_that_are_not_there(client: AsyncWebClient, slack: LocalSlack, server: Server) -> None:
    """A file must have been uploaded, by the app itself."""
    told = await client.files_getUploadURLExternal(filename="report.csv", length=4)
    early = client.files_completeUploadExternal(files=[{"id": told["file_id"]}])
    assert (await refusal(early))["error"] == "file_not_found"
    other = Bot(slack.install(whole_manifest()), server.base_url).client
    theirs = client.files_completeUploadExternal(files=[{"id": await uploaded(other)}])
    assert (await refusal(theirs))["error"] == "access_denied"
    assert (await refusal(client.files_completeUploadExternal(files=[])))["error"] == "invalid_arguments"
