"""The Web API through the real slack_sdk: tokens, encodings, errors, paging, rate limits."""

import time
from typing import Any

import httpx
import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_handlers import RateLimitErrorRetryHandler

from deploy.local.workspace.background import RunningWorkspace
from deploy.local.workspace.web_api import METHODS

NAMED_IN_THE_DESIGN = {
    "auth.test", "chat.postMessage", "chat.update", "chat.delete", "chat.postEphemeral", "chat.getPermalink",
    "chat.startStream", "chat.appendStream", "chat.stopStream", "conversations.list", "conversations.info",
    "conversations.history", "conversations.replies", "conversations.members", "conversations.open",
    "conversations.join", "users.info", "users.list", "usergroups.users.list", "bots.info", "reactions.add",
    "reactions.remove", "reactions.get", "views.open", "views.push", "views.update", "views.publish",
    "files.getUploadURLExternal", "files.completeUploadExternal", "assistant.threads.setStatus",
    "assistant.threads.setSuggestedPrompts", "agents.sessions.setStatus", "blocks.validate",
}  # fmt: skip


def refusal(call: Any, **args: Any) -> str:
    with pytest.raises(SlackApiError) as caught:
        call(**args)
    return str(caught.value.response["error"])


def test_every_promised_method_is_answered() -> None:
    assert set(METHODS) >= NAMED_IN_THE_DESIGN


def test_auth_test_says_who_the_app_is_and_what_it_may_do(ws: RunningWorkspace, client: WebClient) -> None:
    answer = client.auth_test()
    assert (answer["user"], answer["user_id"], answer["team_id"]) == ("watchkeeper", ws.bot_user, ws.team_id)
    assert "chat:write" in answer.headers["x-oauth-scopes"]


@pytest.mark.parametrize(
    ("token", "error"), [("", "not_authed"), ("wrong", "invalid_auth"), ("app", "not_allowed_token_type")]
)
def test_tokens_are_checked(ws: RunningWorkspace, token: str, error: str) -> None:
    sent = ws.app_token if token == "app" else token
    headers = {"Authorization": f"Bearer {sent}"} if sent else {}
    assert httpx.post(f"{ws.api_url}auth.test", headers=headers).json() == {"ok": False, "error": error}


def test_a_token_may_come_in_the_form(ws: RunningWorkspace) -> None:
    assert httpx.post(f"{ws.api_url}auth.test", data={"token": ws.bot_token}).json()["ok"]


def test_an_unknown_method_is_said_to_be_unknown(client: WebClient) -> None:
    assert refusal(client.api_call, api_method="chat.whisper") == "unknown_method"


def test_forms_and_json_carry_the_same_blocks(ws: RunningWorkspace, client: WebClient) -> None:
    blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": "hello"}}]
    by_json = client.api_call("chat.postMessage", json={"channel": "#general", "blocks": blocks})
    by_form = client.api_call("chat.postMessage", data={"channel": "#general", "blocks": str(blocks).replace("'", '"')})
    assert by_json["message"]["blocks"][0]["text"] == by_form["message"]["blocks"][0]["text"]
    assert by_json["message"]["blocks"][0]["block_id"] != by_form["message"]["blocks"][0]["block_id"]


def test_posting_is_refused_for_the_reasons_slack_has(ws: RunningWorkspace, client: WebClient) -> None:
    post = client.chat_postMessage
    ws.workspace.state.channel("finops").members.remove(ws.bot_user)
    assert refusal(post, channel="C0NOWHERE0", text="x") == "channel_not_found"
    assert refusal(post, channel="#finops", text="x") == "not_in_channel"
    assert refusal(client.api_call, api_method="chat.postMessage", json={"channel": "#general"}) == "no_text"
    assert refusal(post, channel="#general", text="x" * 40_001) == "msg_too_long"
    assert refusal(post, channel="#general", text="x", thread_ts="1.000000") == "thread_not_found"
    assert refusal(post, channel="#general", text="x", blocks="not json") == "invalid_blocks_format"
    assert refusal(post, channel="#general", text="x", markdown_text="y") == "markdown_text_conflict"


def test_invalid_blocks_say_what_is_wrong(client: WebClient) -> None:
    header = {"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}
    with pytest.raises(SlackApiError) as caught:
        client.chat_postMessage(channel="#general", text="x", blocks=[header])
    assert caught.value.response["error"] == "invalid_blocks"
    assert caught.value.response["response_metadata"]["messages"] == [
        "[ERROR] must be less than 151 characters [json-pointer:/blocks/0/text/text]"
    ]


def test_a_text_update_removes_blocks_and_marks_the_edit(ws: RunningWorkspace, client: WebClient) -> None:
    blocks = [{"type": "divider"}]
    ts = client.chat_postMessage(channel="#general", text="with blocks", blocks=blocks)["ts"]
    channel = ws.channel_id("general")

    client.chat_update(channel=channel, ts=ts, text="more blocks", blocks=[{"type": "divider"}, {"type": "divider"}])
    message = ws.messages("general")[-1]
    assert (len(message["blocks"]), message["text"], "edited" in message) == (2, "more blocks", False)

    client.chat_update(channel=channel, ts=ts, text="only text")
    message = ws.messages("general")[-1]
    assert ("blocks" in message, message["text"], "edited" in message) == (False, "only text", True)


def test_only_own_messages_can_be_changed(ws: RunningWorkspace, client: WebClient) -> None:
    ts, channel = ws.post_as("maya", "general", "mine"), ws.channel_id("general")
    assert refusal(client.chat_update, channel=channel, ts=ts, text="x") == "cant_update_message"
    assert refusal(client.chat_delete, channel=channel, ts=ts) == "cant_delete_message"
    assert refusal(client.chat_update, channel=channel, ts="1.000000", text="x") == "message_not_found"


def test_deleting_a_root_leaves_a_tombstone(ws: RunningWorkspace, client: WebClient) -> None:
    ts = client.chat_postMessage(channel="#general", text="root")["ts"]
    ws.post_as("maya", "general", "reply", ts)
    client.chat_delete(channel=ws.channel_id("general"), ts=ts)
    root, reply = ws.thread("general", ts)
    assert (root["subtype"], reply["text"]) == ("tombstone", "reply")


def test_an_ephemeral_message_is_shown_to_one_person_and_not_kept(ws: RunningWorkspace, client: WebClient) -> None:
    seen: list[dict[str, Any]] = []
    ws.listen(seen.append)
    client.chat_postEphemeral(channel=ws.channel_id("general"), user=ws.user_id("sofia"), text="just you")
    assert [event["user"] for event in seen if event["type"] == "ephemeral"] == [ws.user_id("sofia")]
    assert ws.messages("general") == []


def test_history_pages_newest_first_without_repeats(ws: RunningWorkspace, client: WebClient) -> None:
    sent = [ws.post_as("maya", "general", f"message {number}") for number in range(7)]
    got = [
        message["ts"]
        for page in client.conversations_history(channel=ws.channel_id("general"), limit=3)
        for message in page["messages"]
    ]
    assert got == sent[::-1]


def test_history_respects_oldest_latest_and_inclusive(ws: RunningWorkspace, client: WebClient) -> None:
    first, second, third = (ws.post_as("maya", "general", text) for text in ("a", "b", "c"))
    channel = ws.channel_id("general")
    between = client.conversations_history(channel=channel, oldest=first, latest=third)
    inclusive = client.conversations_history(channel=channel, oldest=first, latest=third, inclusive=True)
    assert [m["ts"] for m in between["messages"]] == [second]
    assert [m["ts"] for m in inclusive["messages"]] == [third, second, first]


def test_replies_start_with_the_root_on_every_page(ws: RunningWorkspace, client: WebClient) -> None:
    root = ws.post_as("maya", "general", "root")
    replies = [ws.post_as("liwei", "general", f"reply {number}", root) for number in range(5)]
    found = client.conversations_replies(channel=ws.channel_id("general"), ts=root, limit=2)
    pages = [[message["ts"] for message in page["messages"]] for page in found]
    assert pages == [[root, *replies[:2]], [root, *replies[2:4]], [root, replies[4]]]
    assert refusal(client.conversations_replies, channel=ws.channel_id("general"), ts="1.0") == "thread_not_found"


def test_lists_page_by_cursor(client: WebClient) -> None:
    names = [channel["name"] for page in client.conversations_list(limit=3) for channel in page["channels"]]
    people = [user["name"] for page in client.users_list(limit=2) for user in page["members"]]
    assert names == ["alerts", "general", "data-alerts", "finops"]
    assert "watchkeeper" in people
    assert len(people) == len(set(people)) == 6
    assert refusal(client.users_list, cursor="nonsense") == "invalid_cursor"


def test_people_groups_and_bots_can_be_looked_up(ws: RunningWorkspace, client: WebClient) -> None:
    assert client.users_info(user=ws.user_id("jonas"))["user"]["tz"] == "Europe/Oslo"
    assert client.users_lookupByEmail(email="sofia@harborline.example")["user"]["id"] == ws.user_id("sofia")
    assert client.usergroups_users_list(usergroup="S0PLATFORM")["users"] == [ws.user_id("maya"), ws.user_id("liwei")]
    assert client.bots_info(bot="B0CWALARMS")["bot"]["name"] == "CloudWatch Alarms"
    assert client.conversations_open(users=ws.user_id("maya"))["channel"]["id"].startswith("D")
    assert refusal(client.users_info, user="U0NOBODY00") == "user_not_found"


def test_a_permalink_leads_to_the_message(ws: RunningWorkspace, client: WebClient) -> None:
    ts = ws.post_as("maya", "general", "look here")
    link = client.chat_getPermalink(channel=ws.channel_id("general"), message_ts=ts)["permalink"]
    landed = httpx.get(link, follow_redirects=False).headers["location"]
    assert link.endswith(f"/p{ts.replace('.', '')}")
    assert f"ts={ts}" in landed


def test_reactions_are_counted_once_for_each_person(ws: RunningWorkspace, client: WebClient) -> None:
    ts, channel = ws.post_as("maya", "general", "done"), ws.channel_id("general")
    client.reactions_add(channel=channel, timestamp=ts, name="white_check_mark")
    assert refusal(client.reactions_add, channel=channel, timestamp=ts, name="white_check_mark") == "already_reacted"
    assert client.reactions_get(channel=channel, timestamp=ts)["message"]["reactions"][0]["users"] == [ws.bot_user]
    client.reactions_remove(channel=channel, timestamp=ts, name="white_check_mark")
    assert refusal(client.reactions_remove, channel=channel, timestamp=ts, name="eyes") == "no_reaction"


def test_a_rate_limit_is_a_429_with_retry_after(ws: RunningWorkspace, client: WebClient) -> None:
    ws.faults.rate_limit("chat.postMessage", times=1, retry_after=7)
    with pytest.raises(SlackApiError) as caught:
        client.chat_postMessage(channel="#general", text="x")
    assert caught.value.response.status_code == 429
    assert caught.value.response.headers["Retry-After"] == "7"
    assert caught.value.response["error"] == "ratelimited"


def test_the_sdks_retry_handler_gets_through_a_rate_limit(ws: RunningWorkspace, client: WebClient) -> None:
    client.retry_handlers.append(RateLimitErrorRetryHandler(max_retry_count=2))
    ws.faults.rate_limit("chat.postMessage", times=2, retry_after=0)
    assert client.chat_postMessage(channel="#general", text="third time lucky")["ok"]
    assert [call.error for call in ws.api_calls("chat.postMessage")] == ["ratelimited", "ratelimited", None]


def test_other_faults_fail_refuse_and_delay(ws: RunningWorkspace, client: WebClient) -> None:
    ws.faults.fail("chat.update", "internal_error")
    assert refusal(client.chat_update, channel=ws.channel_id("general"), ts="1.0", text="x") == "internal_error"
    ws.faults.refuse_blocks = True
    assert (
        refusal(client.chat_postMessage, channel="#general", text="x", blocks=[{"type": "divider"}]) == "invalid_blocks"
    )
    ws.faults.reply_delay = 0.1
    began = time.monotonic()
    client.auth_test()
    assert time.monotonic() - began >= 0.1


def test_blocks_can_be_validated_on_their_own(client: WebClient) -> None:
    assert client.api_call("blocks.validate", json={"blocks": [{"type": "divider"}]})["ok"]
    with pytest.raises(SlackApiError) as caught:
        client.api_call(
            "blocks.validate", json={"blocks": [{"type": "section", "text": {"type": "bold", "text": "x"}}]}
        )
    assert caught.value.response["error"] == "invalid_blocks"
    assert caught.value.response["errors"][0]["pointer"] == "/0/text/type"
    assert refusal(client.api_call, api_method="blocks.validate", json={}) == "invalid_arguments"
