"""The workspace's page in headless Chromium, with a real Bolt app behind it."""

import re
from typing import Any

from playwright.sync_api import Browser, Page, expect
from slack_bolt import App
from slack_sdk import WebClient

from deploy.local.workspace.background import RunningWorkspace, running_workspace
from deploy.local.workspace.workspace import ScenarioEntry
from tests.deploy.local.workspace.conftest import Connect
from tests.deploy.local.workspace.page.block_samples import ACTIONS, mrkdwn, plain
from tests.deploy.local.workspace.page.browsing import command_opens, post, visit
from tests.deploy.local.workspace.page.conftest import NEEDS_BROWSER

pytestmark = NEEDS_BROWSER


def test_the_connection_light_follows_the_app(ws: RunningWorkspace, app: App, connect: Connect, page: Page) -> None:
    visit(page, ws)
    expect(page.get_by_test_id("app-status")).to_have_attribute("data-state", "starting")

    connect(app)

    expect(page.get_by_test_id("app-status")).to_have_attribute("data-state", "on")


def test_an_answer_streams_with_a_status_and_a_stop_button(
    ws: RunningWorkspace, client: WebClient, app: App, connect: Connect, page: Page
) -> None:
    stopped: list[dict[str, Any]] = []

    @app.event("agent_session_stopped")
    def stop(event: dict[str, Any]) -> None:
        stopped.append(event)

    app.event("message")(lambda: None)
    connect(app)
    ts = ws.post_as("maya", "general", "Why?")
    general = ws.channel_id("general")
    visit(page, ws, thread=ts)
    thread = page.get_by_test_id("thread-pane")
    expect(thread.get_by_test_id("message")).to_have_count(1)

    client.assistant_threads_setStatus(channel_id=general, thread_ts=ts, status="is checking CloudWatch…")
    expect(thread.get_by_test_id("status")).to_contain_text("Watchkeeper is checking CloudWatch…")

    stream = client.chat_startStream(
        channel=general,
        thread_ts=ts,
        markdown_text="Costs **rose",
        recipient_user_id=ws.user_id("maya"),
        recipient_team_id=ws.team_id,
    )
    client.chat_appendStream(channel=general, ts=str(stream["ts"]), markdown_text=" on Thursday**")
    expect(thread.locator(".streaming strong")).to_have_text("rose on Thursday")

    thread.get_by_test_id("stop").click()
    expect(thread.locator(".streaming")).to_have_count(0)
    ws.wait_for(lambda: stopped)
    assert stopped[0]["thread_ts"] == ts


def test_pressing_a_button_asks_first_and_then_reaches_the_app(
    ws: RunningWorkspace, client: WebClient, app: App, connect: Connect, page: Page
) -> None:
    pressed: list[dict[str, Any]] = []

    @app.action(re.compile(".*"))
    def record(ack: Any, action: dict[str, Any]) -> None:
        ack()
        pressed.append(action)

    connect(app)
    confirm = {"title": plain("Sure?"), "text": plain("It restarts."), "confirm": plain("Do it"), "deny": plain("No")}
    risky = {"type": "button", "text": plain("Restart"), "action_id": "restart", "value": "1", "confirm": confirm}
    post(client, ws, blocks=[{"type": "actions", "elements": [risky]}, ACTIONS])
    visit(page, ws)

    page.get_by_role("button", name="Restart").click()
    page.get_by_role("button", name="No", exact=True).click()
    page.get_by_role("button", name="Approve").click()
    ws.wait_for(lambda: len(pressed) == 1)
    page.locator("select[data-action-id=severity]").select_option("low")
    ws.wait_for(lambda: len(pressed) == 2)
    page.get_by_role("button", name="Restart").click()
    page.get_by_test_id("confirm").click()
    ws.wait_for(lambda: len(pressed) == 3)

    assert [action["action_id"] for action in pressed] == ["approve", "severity", "restart"]
    assert pressed[1]["selected_option"]["value"] == "low"


def test_a_button_still_works_after_its_message_was_edited(
    ws: RunningWorkspace, client: WebClient, app: App, connect: Connect, page: Page
) -> None:
    pressed: list[str] = []

    @app.action("approve")
    def record(ack: Any, action: dict[str, Any]) -> None:
        ack()
        pressed.append(action["block_id"])

    connect(app)
    ts = post(client, ws, text="Before", blocks=[{"type": "section", "text": plain("Before")}, ACTIONS])
    visit(page, ws)
    expect(page.get_by_text("Before")).to_be_visible()

    # The workspace gives blocks without an id of their own a new one with each edit, as Slack does.
    after = [{"type": "section", "text": plain("After")}, ACTIONS]
    client.chat_update(channel=ws.channel_id("general"), ts=ts, text="After", blocks=after)
    expect(page.get_by_text("After")).to_be_visible()
    page.get_by_role("button", name="Approve").click()

    ws.wait_for(lambda: pressed == [ws.messages("general")[0]["blocks"][1]["block_id"]])


def test_a_modal_checks_its_fields_and_is_submitted(
    ws: RunningWorkspace, app: App, connect: Connect, page: Page
) -> None:
    submitted: list[str] = []
    field = {"type": "plain_text_input", "action_id": "name"}
    block = {"type": "input", "block_id": "who", "label": plain("Name"), "element": field}
    view = {"type": "modal", "title": plain("Settings"), "submit": plain("Save"), "callback_id": "s", "blocks": [block]}
    command_opens(app, view)

    @app.view("s")
    def save(ack: Any, view: dict[str, Any]) -> None:
        name = view["state"]["values"]["who"]["name"]["value"]
        submitted.append(name)
        if name == "prod":
            ack(response_action="errors", errors={"who": "Taken."})
        else:
            ack()

    connect(app)
    visit(page, ws)
    page.keyboard.type("/watch")
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    modal = page.get_by_test_id("modal")
    expect(modal.get_by_label("Name")).to_be_focused()

    page.keyboard.press("Enter")
    expect(modal.get_by_role("alert")).to_have_text("Please fill this in.")
    page.keyboard.type("prod")
    page.keyboard.press("Enter")
    expect(modal.get_by_role("alert")).to_have_text("Taken.")
    expect(modal.get_by_label("Name")).to_have_value("prod")
    page.keyboard.type("-eu")
    page.keyboard.press("Enter")

    expect(modal).to_have_count(0)
    assert submitted == ["prod", "prod-eu"]
    assert ws.open_modals("maya") == []


def test_escape_closes_a_modal_and_tab_stays_inside(
    ws: RunningWorkspace, app: App, connect: Connect, page: Page
) -> None:
    blocks = [{"type": "section", "text": plain("Hello")}]
    command_opens(app, {"type": "modal", "title": plain("News"), "close": plain("Fine"), "blocks": blocks})
    connect(app)
    visit(page, ws)
    expect(page.get_by_test_id("app-status")).to_have_attribute("data-state", "on")
    ws.command("maya", "general", "/watchkeeper")
    modal = page.get_by_test_id("modal")
    expect(modal).to_be_visible()

    for _ in range(4):
        page.keyboard.press("Tab")
        expect(modal.locator(":focus")).to_have_count(1)
    page.keyboard.press("Escape")

    expect(modal).to_have_count(0)
    ws.wait_for(lambda: ws.open_modals("maya") == [])


def test_the_home_tab_is_published_and_its_buttons_work(
    ws: RunningWorkspace, app: App, connect: Connect, page: Page
) -> None:
    pressed: list[str] = []

    @app.event("app_home_opened")
    def publish(event: dict[str, Any], client: WebClient) -> None:
        button = {"type": "button", "text": plain("Review"), "action_id": "review", "value": "inc_1"}
        section = {"type": "section", "text": mrkdwn("*2* open incidents"), "accessory": button}
        client.views_publish(user_id=event["user"], view={"type": "home", "blocks": [section]})

    @app.action("review")
    def review(ack: Any, action: dict[str, Any]) -> None:
        ack()
        pressed.append(action["value"])

    connect(app)
    visit(page, ws, "home")

    page.get_by_test_id("home").get_by_role("button", name="Review").click()
    ws.wait_for(lambda: pressed == ["inc_1"])


def test_firing_an_incident_shows_its_alert_and_an_unread_mark(page: Page) -> None:
    async def fire(name: str) -> None:
        if name == "broken":
            raise RuntimeError("The simulated account is not running.")
        state = ws.workspace.state
        monitor = next(app for app in state.apps.values() if app.user_id is None)
        ws.workspace.timeline.post_as_webhook(monitor, state.channel("alerts"), {"text": "ALARM: errors"})

    scenarios = [ScenarioEntry("errors", "Lambda errors", "After a deploy"), ScenarioEntry("broken", "Broken", "Fails")]
    with running_workspace(scenarios=scenarios, fire=fire) as ws:
        visit(page, ws)
        expect(page.get_by_test_id("app-status")).to_have_attribute("data-state", "starting")
        page.get_by_test_id("fire-menu").click()
        page.get_by_test_id("fire-errors").click()
        expect(page.get_by_test_id("channel-alerts").locator(".badge")).to_have_text("1")
        page.get_by_role("button", name="Open #alerts").click()
        expect(page.locator("#main .message")).to_contain_text("ALARM: errors")
        expect(page.get_by_test_id("channel-alerts").locator(".badge")).to_have_count(0)

        page.get_by_test_id("fire-menu").click()
        page.get_by_test_id("fire-broken").click()
        expect(page.locator(".toast.error")).to_contain_text("The simulated account is not running.")
        page.close()


def test_the_page_catches_up_after_the_server_was_away(browser: Browser) -> None:
    # A refused connection is reported on the console, so this test does without the strict `page`.
    page = browser.new_page()
    with running_workspace() as ws:
        port = int(ws.url.rsplit(":", 1)[1])
        visit(page, ws)
        expect(page.get_by_test_id("app-status")).to_have_attribute("data-state", "starting")
    expect(page.get_by_test_id("app-status")).to_have_attribute("data-state", "lost")
    with running_workspace(port=port) as ws:
        ws.post_as("sofia", "general", "Said while you were away")
        expect(page.get_by_text("Said while you were away")).to_be_visible(timeout=10_000)
        expect(page.get_by_test_id("app-status")).to_have_attribute("data-state", "starting")
        page.close()
