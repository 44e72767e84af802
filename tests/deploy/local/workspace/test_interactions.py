"""Buttons, modals, commands, response URLs and App Home, through a real Bolt app."""

from typing import Any

import httpx
import pytest
from slack_bolt import App
from slack_sdk import WebClient
from slack_sdk.webhook import WebhookClient

from deploy.local.workspace.background import RunningWorkspace
from deploy.local.workspace.errors import WorkspaceError
from tests.deploy.local.workspace.conftest import Connect
from tests.deploy.local.workspace.test_web_api import refusal

BUTTONS = [
    {
        "type": "actions",
        "elements": [
            {
                "type": "button",
                "action_id": "approve",
                "value": "apr_1",
                "text": {"type": "plain_text", "text": "Approve"},
            }
        ],
    }
]


def modal(*blocks: dict[str, Any], **more: Any) -> dict[str, Any]:
    title = {"type": "plain_text", "text": "Runbook"}
    return {"type": "modal", "title": title, "submit": title, "blocks": list(blocks), **more}


NOTE = {
    "type": "input",
    "block_id": "note",
    "label": {"type": "plain_text", "text": "Note"},
    "element": {"type": "plain_text_input", "action_id": "text"},
}


def post_buttons(ws: RunningWorkspace, client: WebClient) -> str:
    return str(client.chat_postMessage(channel="#general", text="Approve?", blocks=BUTTONS)["ts"])


def test_a_click_carries_the_button_the_message_and_the_person(
    ws: RunningWorkspace, app: App, client: WebClient, connect: Connect
) -> None:
    bodies: list[dict[str, Any]] = []

    @app.action("approve")
    def approve(ack: Any, body: dict[str, Any]) -> None:
        ack()
        bodies.append(body)

    connect(app)
    ts = post_buttons(ws, client)
    ws.click("priya", "general", ts, "approve")

    assert bodies[0]["actions"][0]["value"] == "apr_1"
    assert bodies[0]["user"]["id"] == ws.user_id("priya")
    assert bodies[0]["container"]["message_ts"] == bodies[0]["message"]["ts"] == ts


def test_a_selection_is_remembered_in_the_messages_state(
    ws: RunningWorkspace, app: App, client: WebClient, connect: Connect
) -> None:
    bodies: list[dict[str, Any]] = []

    @app.action("team")
    def chosen(ack: Any, body: dict[str, Any]) -> None:
        ack()
        bodies.append(body)

    connect(app)
    choice = {"text": {"type": "plain_text", "text": "Data"}, "value": "data"}
    menu = {"type": "static_select", "action_id": "team", "options": [choice]}
    blocks = [{"type": "actions", "block_id": "b", "elements": [menu]}]
    ts = client.chat_postMessage(channel="#general", text="Who?", blocks=blocks)["ts"]
    ws.click("maya", "general", ts, "team", selected_option=choice)

    assert bodies[0]["actions"][0]["selected_option"]["value"] == "data"
    assert bodies[0]["state"]["values"]["b"]["team"]["selected_option"] == choice
    history = client.conversations_history(channel=ws.channel_id("general"))
    assert "state" not in history["messages"][0]


def test_feedback_carries_the_chosen_buttons_value(
    ws: RunningWorkspace, app: App, client: WebClient, connect: Connect
) -> None:
    values: list[str] = []

    @app.action("feedback")
    def given(ack: Any, payload: dict[str, Any]) -> None:
        ack()
        values.append(payload["value"])

    connect(app)
    good, bad = ({"text": {"type": "plain_text", "text": word}, "value": word} for word in ("good", "bad"))
    element = {"type": "feedback_buttons", "action_id": "feedback", "positive_button": good, "negative_button": bad}
    blocks = [{"type": "context_actions", "elements": [element]}]
    ts = client.chat_postMessage(channel="#general", text="Helpful?", blocks=blocks)["ts"]
    ws.click("maya", "general", ts, "feedback", value="good")
    assert values == ["good"]


def test_a_button_in_an_ephemeral_message_can_be_clicked_and_replaced(
    ws: RunningWorkspace, app: App, client: WebClient, connect: Connect
) -> None:
    seen: list[dict[str, Any]] = []
    ws.listen(seen.append)

    @app.action("approve")
    def approve(ack: Any, body: dict[str, Any], respond: Any) -> None:
        ack()
        respond(f"ephemeral: {body['container']['is_ephemeral']}", replace_original=True)

    connect(app)
    private = client.chat_postEphemeral(
        channel=ws.channel_id("general"), user=ws.user_id("maya"), text="Sure?", blocks=BUTTONS
    )
    ws.click("maya", "general", private["message_ts"], "approve")

    shown = ws.wait_for(lambda: [event["message"] for event in seen if event["type"] == "ephemeral"][1:])
    assert (shown[0]["ts"], shown[0]["text"]) == (private["message_ts"], "ephemeral: True")


def test_a_click_on_a_button_that_is_gone_is_refused(ws: RunningWorkspace, client: WebClient) -> None:
    ts = post_buttons(ws, client)
    client.chat_update(channel=ws.channel_id("general"), ts=ts, text="Approved.")
    with pytest.raises(WorkspaceError, match="no longer there"):
        ws.click("priya", "general", ts, "approve")


def test_a_click_without_an_app_says_so(ws: RunningWorkspace, client: WebClient) -> None:
    ts = post_buttons(ws, client)
    with pytest.raises(WorkspaceError, match="did not answer"):
        ws.click("priya", "general", ts, "approve")


def test_response_urls_replace_answer_and_delete(
    ws: RunningWorkspace, app: App, client: WebClient, connect: Connect
) -> None:
    urls: list[str] = []

    @app.action("approve")
    def approve(ack: Any, body: dict[str, Any]) -> None:
        ack()
        urls.append(body["response_url"])

    connect(app)
    ts = post_buttons(ws, client)
    ws.click("maya", "general", ts, "approve")
    webhook = WebhookClient(urls[0])

    assert webhook.send(text="Approved by Maya", replace_original=True).status_code == 200
    assert (ws.messages("general")[0]["text"], "blocks" in ws.messages("general")[0]) == ("Approved by Maya", False)
    webhook.send(text="For everyone", response_type="in_channel")
    assert ws.messages("general")[1]["text"] == "For everyone"
    webhook.send(text="only you", response_type="ephemeral")
    webhook.send(delete_original=True)
    assert [message["text"] for message in ws.messages("general")] == ["For everyone"]
    assert webhook.send(text="fifth").status_code == 200
    assert webhook.send(text="sixth").status_code == 404


def test_a_modal_is_opened_refused_corrected_and_submitted(
    ws: RunningWorkspace, app: App, client: WebClient, connect: Connect
) -> None:
    notes: list[str] = []

    @app.action("approve")
    def open_modal(ack: Any, body: dict[str, Any]) -> None:
        ack()
        client.views_open(trigger_id=body["trigger_id"], view=modal(NOTE, callback_id="note"))

    @app.view("note")
    def submitted(ack: Any, view: dict[str, Any]) -> None:
        note = view["state"]["values"]["note"]["text"]["value"]
        if not note:
            ack(response_action="errors", errors={"note": "Write a note."})
            return
        ack()
        notes.append(note)

    connect(app)
    ws.click("maya", "general", post_buttons(ws, client), "approve")
    ws.wait_for(lambda: ws.open_modals("maya"))

    empty, filled = ({"note": {"text": {"type": "plain_text_input", "value": value}}} for value in ("", "seen"))
    assert ws.submit_modal("maya", empty) == {"response_action": "errors", "errors": {"note": "Write a note."}}
    assert len(ws.open_modals("maya")) == 1
    assert ws.submit_modal("maya", filled) == {}
    assert ws.open_modals("maya") == []
    assert notes == ["seen"]


def test_an_acknowledgement_can_push_and_update_views(
    ws: RunningWorkspace, app: App, client: WebClient, connect: Connect
) -> None:
    @app.action("approve")
    def open_modal(ack: Any, body: dict[str, Any]) -> None:
        ack()
        client.views_open(trigger_id=body["trigger_id"], view=modal(NOTE, callback_id="first"))

    app.view("first")(lambda ack: ack(response_action="push", view=modal(NOTE, callback_id="second")))
    app.view("second")(lambda ack: ack(response_action="update", view=modal({"type": "divider"}, callback_id="third")))
    app.view("third")(lambda ack: ack(response_action="clear"))
    connect(app)
    ws.click("maya", "general", post_buttons(ws, client), "approve")
    ws.wait_for(lambda: ws.open_modals("maya"))

    ws.submit_modal("maya", {})
    assert [view["callback_id"] for view in ws.open_modals("maya")] == ["first", "second"]
    ws.submit_modal("maya", {})
    assert [view["callback_id"] for view in ws.open_modals("maya")] == ["first", "third"]
    ws.submit_modal("maya", {})
    assert ws.open_modals("maya") == []


def test_a_trigger_opens_one_view_only(ws: RunningWorkspace, client: WebClient) -> None:
    trigger = ws.workspace.triggers.new(ws.user_id("maya"))
    opened = client.views_open(trigger_id=trigger, view=modal(NOTE))["view"]
    assert refusal(client.views_open, trigger_id=trigger, view=modal(NOTE)) == "exchanged_trigger_id"
    assert refusal(client.views_open, trigger_id="1.2.3", view=modal(NOTE)) == "invalid_trigger_id"
    assert refusal(client.views_open, trigger_id=trigger, view={"type": "modal", "blocks": []}) == "invalid_arguments"
    stale = {"view_id": opened["id"], "view": modal(NOTE), "hash": "old"}
    assert refusal(client.views_update, **stale) == "hash_conflict"
    updated = client.views_update(view_id=opened["id"], view=modal(NOTE), hash=opened["hash"])["view"]
    assert (updated["id"], updated["hash"] != opened["hash"]) == (opened["id"], True)


def test_closing_a_view_is_reported_when_asked_for(
    ws: RunningWorkspace, app: App, client: WebClient, connect: Connect
) -> None:
    closed: list[str] = []

    @app.view_closed("note")
    def on_close(ack: Any, view: dict[str, Any]) -> None:
        ack()
        closed.append(view["id"])

    connect(app)
    trigger = ws.workspace.triggers.new(ws.user_id("maya"))
    view = client.views_open(trigger_id=trigger, view=modal(NOTE, callback_id="note", notify_on_close=True))["view"]
    httpx.post(f"{ws.url}/_/views/{view['id']}/close", json={"user": ws.user_id("maya")})
    assert closed == [view["id"]]


def test_a_slash_command_is_answered_in_private(ws: RunningWorkspace, app: App, connect: Connect) -> None:
    seen: list[dict[str, Any]] = []
    ws.listen(seen.append)
    app.command("/watchkeeper")(lambda ack, command: ack(f"You said {command['text']}"))
    connect(app)

    ws.command("jonas", "data-alerts", "/watchkeeper", "help")

    (answer,) = [event for event in seen if event["type"] == "ephemeral"]
    assert (answer["user"], answer["message"]["text"]) == (ws.user_id("jonas"), "You said help")


def test_the_home_tab_is_published_when_it_is_opened(
    ws: RunningWorkspace, app: App, client: WebClient, connect: Connect
) -> None:
    @app.event("app_home_opened")
    def home(event: dict[str, Any]) -> None:
        client.views_publish(user_id=event["user"], view={"type": "home", "blocks": [{"type": "divider"}]})

    connect(app)
    ws.open_home("maya")
    home_view = ws.wait_for(lambda: ws.home("maya"))
    assert (home_view["type"], home_view["blocks"][0]["type"]) == ("home", "divider")


def test_an_external_select_gets_its_options_from_the_app(
    ws: RunningWorkspace, app: App, client: WebClient, connect: Connect
) -> None:
    @app.options("service")
    def options(ack: Any, payload: dict[str, Any]) -> None:
        ack(options=[{"text": {"type": "plain_text", "text": payload["value"] + "-api"}, "value": "1"}])

    connect(app)
    select = {"type": "actions", "block_id": "b", "elements": [{"type": "external_select", "action_id": "service"}]}
    ts = client.chat_postMessage(channel="#general", text="Which?", blocks=[select])["ts"]
    asked = {"channel": ws.channel_id("general"), "ts": ts, "block_id": "b", "action_id": "service", "value": "orders"}
    answer = httpx.post(f"{ws.url}/_/options", json=asked).json()
    assert answer["options"][0]["text"]["text"] == "orders-api"
