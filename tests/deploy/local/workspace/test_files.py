"""Uploads, by slack_sdk's own upload helper."""

from typing import Any

import httpx
from slack_sdk import WebClient

from deploy.local.workspace.background import RunningWorkspace
from tests.deploy.local.workspace.test_web_api import refusal

CSV = "service,cost\nlambda,120\n"


def test_an_uploaded_file_is_shared_in_the_thread(ws: RunningWorkspace, client: WebClient) -> None:
    question = ws.post_as("sofia", "finops", "send me the numbers")
    client.files_upload_v2(
        channel=ws.channel_id("finops"), thread_ts=question, filename="costs.csv", content=CSV, initial_comment="Here:"
    )

    reply = ws.thread("finops", question)[1]
    (file,) = reply["files"]
    assert (reply["text"], file["name"], file["mimetype"], file["size"]) == ("Here:", "costs.csv", "text/csv", len(CSV))
    assert client.files_info(file=file["id"])["file"]["title"] == "costs.csv"


def test_a_private_address_needs_the_apps_token(ws: RunningWorkspace, client: WebClient) -> None:
    client.files_upload_v2(channel=ws.channel_id("finops"), filename="costs.csv", content=CSV)
    url: Any = ws.messages("finops")[0]["files"][0]["url_private"]
    assert httpx.get(url).status_code == 403
    assert httpx.get(url, headers={"Authorization": f"Bearer {ws.bot_token}"}).text == CSV


def test_the_page_downloads_files_and_never_runs_them(ws: RunningWorkspace, client: WebClient) -> None:
    client.files_upload_v2(channel=ws.channel_id("finops"), filename="page.html", content="<script>alert(1)</script>")
    channel = ws.channel_id("finops")
    (message,) = httpx.get(f"{ws.url}/_/channels/{channel}/messages").json()["messages"]
    download = httpx.get(ws.url + message["files"][0]["url"])
    assert download.headers["content-disposition"] == "attachment"
    assert "sandbox" in download.headers["content-security-policy"]


def test_a_file_that_was_not_uploaded_cannot_be_shared(ws: RunningWorkspace, client: WebClient) -> None:
    file_id = client.files_getUploadURLExternal(filename="a.txt", length=3)["file_id"]
    args = {"files": [{"id": file_id}], "channel_id": ws.channel_id("finops")}
    assert refusal(client.files_completeUploadExternal, **args) == "file_not_found"


def test_a_file_no_one_shared_stays_private(ws: RunningWorkspace, client: WebClient) -> None:
    answer = client.files_getUploadURLExternal(filename="a.txt", length=3)
    assert httpx.put(answer["upload_url"], content=b"abc").text == "OK - 3"
    assert httpx.get(f"{ws.url}/_/files/{answer['file_id']}").status_code == 404
