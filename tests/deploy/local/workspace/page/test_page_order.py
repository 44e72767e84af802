"""The page when things come late, early, twice or in another order than they were asked for."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect
from slack_bolt import App
from slack_sdk import WebClient

from deploy.local.workspace.background import RunningWorkspace
from tests.deploy.local.workspace.conftest import Connect
from tests.deploy.local.workspace.page.block_samples import mrkdwn, plain
from tests.deploy.local.workspace.page.browsing import command_opens, message, post, visit
from tests.deploy.local.workspace.page.conftest import NEEDS_BROWSER

pytestmark = NEEDS_BROWSER

ASK = {"type": "modal", "title": plain("Ask"), "submit": plain("Go"), "callback_id": "s", "blocks": []}
LATE_LINE = """
    const Real = WebSocket;
    window.WebSocket = function (address) {
      const late = {};
      setTimeout(() => {
        const real = new Real(address);
        for (const kind of ["onopen", "onmessage", "onclose"]) real[kind] = (event) => late[kind](event);
      }, 1500);
      return late;
    };
"""
"""The page's live connection is opened one and a half seconds late."""
HELD_ANSWERS = """
    const ask = window.fetch;
    let held = [];
    window.held = () => held.length;
    window.letGo = () => { held.forEach((go) => go()); held = null; };
    window.fetch = async (address, options) => {
      const answer = await ask(address, options);
      if (!held || !HELD.some((part) => address.includes(part))) return answer;
      const body = await answer.text();
      await new Promise((go) => held.push(go));
      return new Response(body, { status: answer.status });
    };
"""
"""The server's answers to what HELD names are held back until `letGo()`."""
HELD_LINE = """
    const Real = WebSocket;
    const lines = [], wanted = [];
    let down = false;
    window.WebSocket = function (address) {
      const line = {};
      const open = () => {
        const real = new Real(address);
        lines.push(real);
        for (const kind of ["onopen", "onmessage", "onclose"]) real[kind] = (event) => line[kind](event);
      };
      down ? wanted.push(open) : open();
      return line;
    };
    window.cut = () => { down = true; lines.forEach((line) => line.close()); };
    window.mend = () => { down = false; wanted.forEach((open) => open()); };
"""
"""The page's live connection can be cut, and mended."""


@contextmanager
def answers_held(page: Page, address: str, *asked: str) -> Iterator[None]:
    """Open the page; what is done meanwhile happens after the server answered and before the page gets to know it."""
    page.add_init_script(f"const HELD = {json.dumps(asked)};{HELD_ANSWERS}")
    page.goto(address)
    page.wait_for_function("count => window.held() === count", arg=len(asked))
    yield
    page.wait_for_timeout(300)  # the live line is faster than these answers
    page.evaluate("window.letGo()")


def held(page: Page, address: str, then: Callable[[Route], None] = Route.continue_) -> Callable[[], None]:
    """Let one request wait; what is returned lets it go on, or does with it what is wanted."""
    waiting: list[Route] = []
    page.route(address, lambda route: waiting.append(route), times=1)

    def go_on() -> None:
        while not waiting:
            page.wait_for_timeout(20)
        then(waiting[0])

    return go_on


@contextmanager
def app_that_waits(app: App, view: str, **answer: Any) -> Iterator[list[str]]:
    """The app answers a submission only when the test is through with what it does meanwhile."""
    submitted: list[str] = []
    go_on = threading.Event()

    @app.view(view)
    def judge(ack: Any) -> None:
        submitted.append(view)
        go_on.wait(2.5)
        ack(**answer)

    yield submitted
    go_on.set()


def test_what_is_said_before_the_page_listens_is_shown(ws: RunningWorkspace, page: Page) -> None:
    page.add_init_script(LATE_LINE)
    ts = ws.post_as("sofia", "general", "A question")
    visit(page, ws, thread=ts)

    page.get_by_test_id("thread-composer").fill("An answer")
    page.keyboard.press("Enter")

    expect(page.get_by_test_id("thread-pane").get_by_test_id("message")).to_have_count(2)
    expect(message(page, ts).get_by_test_id("thread-open")).to_contain_text("1 reply")


def test_an_answer_that_is_older_than_a_message_does_not_hide_it(ws: RunningWorkspace, page: Page) -> None:
    ts = ws.post_as("sofia", "general", "A question")
    thread = f"{ws.url}/#/{ws.channel_id('general')}/thread/{ts}"
    with answers_held(page, thread, "/messages?", "/threads/"):
        ws.post_as("jonas", "general", "A newer message")
        ws.post_as("jonas", "general", "A newer reply", ts)

    expect(page.get_by_test_id("thread-pane").get_by_text("A newer reply")).to_be_visible()
    expect(page.locator("#main").get_by_text("A newer message")).to_be_visible()
    expect(message(page, ts).get_by_test_id("thread-open")).to_contain_text("1 reply")


def test_an_answer_that_is_older_than_a_deletion_does_not_undo_it(
    ws: RunningWorkspace, client: WebClient, page: Page
) -> None:
    general = ws.channel_id("general")
    post(client, ws, text="Stays")
    ts = post(client, ws, text="Goes")
    with answers_held(page, f"{ws.url}/#/{general}", "/messages?"):
        client.chat_delete(channel=general, ts=ts)

    expect(page.get_by_text("Stays")).to_be_visible()
    expect(page.get_by_text("Goes")).to_have_count(0)


def test_an_unread_mark_counts_what_came_while_the_workspace_was_loaded(ws: RunningWorkspace, page: Page) -> None:
    ws.post_as("sofia", "finops", "One")
    with answers_held(page, f"{ws.url}/#/{ws.channel_id('general')}", "/state"):
        ws.post_as("sofia", "finops", "Two")

    expect(page.get_by_test_id("channel-finops").locator(".badge")).to_have_text("2")


def test_a_late_answer_for_another_person_is_not_shown(ws: RunningWorkspace, client: WebClient, page: Page) -> None:
    for name in ("sofia", "maya"):
        home = {"type": "home", "blocks": [{"type": "section", "text": mrkdwn(f"The home of {name}")}]}
        client.views_publish(user_id=ws.user_id(name), view=home)

    answer = held(page, "**/_/home")
    visit(page, ws, "home")
    page.get_by_test_id("act-as").click()
    page.get_by_test_id("act-as-sofia").click()
    expect(page.get_by_text("The home of sofia")).to_be_visible()
    answer()
    page.wait_for_timeout(300)

    expect(page.get_by_text("The home of sofia")).to_be_visible()


def test_a_private_message_can_be_replaced_and_taken_back(
    ws: RunningWorkspace, app: App, connect: Connect, page: Page
) -> None:
    @app.command("/watchkeeper")
    def whisper(ack: Any, respond: Any) -> None:
        ack()
        respond(
            text="Sure?",
            blocks=[
                {
                    "type": "actions",
                    "elements": [
                        {"type": "button", "text": plain(word), "action_id": word} for word in ("replace", "remove")
                    ],
                }
            ],
        )

    @app.action("replace")
    def replace(ack: Any, respond: Any, body: dict[str, Any]) -> None:
        ack()
        button = {"type": "button", "text": plain("remove"), "action_id": "remove"}
        respond(replace_original=True, text="Done", blocks=[{"type": "actions", "elements": [button]}])

    @app.action("remove")
    def remove(ack: Any, respond: Any) -> None:
        ack()
        respond(delete_original=True)

    connect(app)
    visit(page, ws)
    ws.command("maya", "general", "/watchkeeper")
    page.get_by_role("button", name="replace").click()

    expect(page.get_by_role("button", name="replace")).to_have_count(0)
    expect(page.locator(".ephemeral")).to_have_count(1)
    page.get_by_role("button", name="remove").click()
    expect(page.locator(".ephemeral")).to_have_count(0)


def test_a_modal_that_was_left_is_not_judged(ws: RunningWorkspace, app: App, connect: Connect, page: Page) -> None:
    command_opens(
        app, {"type": "modal", "title": plain("Ask"), "submit": plain("Go"), "callback_id": "s", "blocks": []}
    )
    connect(app)
    visit(page, ws)
    ws.command("maya", "general", "/watchkeeper")
    with app_that_waits(app, "s", response_action="errors", errors={"none": "No."}) as submitted:
        page.get_by_test_id("modal-submit").click()
        ws.wait_for(lambda: submitted)
        page.keyboard.press("Escape")
        expect(page.get_by_test_id("modal")).to_have_count(0)

    page.wait_for_timeout(300)  # the answer is for nobody now; an error on the page would fail this test


def test_a_modal_is_submitted_once_however_often_its_button_is_pressed(
    ws: RunningWorkspace, app: App, connect: Connect, page: Page
) -> None:
    command_opens(
        app, {"type": "modal", "title": plain("Ask"), "submit": plain("Go"), "callback_id": "s", "blocks": []}
    )
    connect(app)
    visit(page, ws)
    ws.command("maya", "general", "/watchkeeper")
    with app_that_waits(app, "s") as submitted:
        expect(page.get_by_test_id("modal-submit")).to_be_focused()
        page.keyboard.press("Enter")
        page.keyboard.press("Enter")
        ws.wait_for(lambda: submitted)

    expect(page.get_by_test_id("modal")).to_have_count(0)
    expect(page.locator(".toast")).to_have_count(0)
    assert submitted == ["s"]


@pytest.mark.parametrize("place", ["channel-finops", "thread-open"])
def test_a_click_lands_where_it_began_however_much_changes_meanwhile(
    ws: RunningWorkspace, client: WebClient, page: Page, place: str
) -> None:
    ts = ws.post_as("sofia", "general", "A question")
    ws.post_as("jonas", "general", "An answer", ts)
    visit(page, ws)
    aim = page.get_by_test_id(place)
    aim.hover()
    page.mouse.down()
    ws.post_as("jonas", "finops", "Something else")
    client.assistant_threads_setStatus(channel_id=ws.channel_id("general"), thread_ts=ts, status="is reading…")
    page.wait_for_timeout(300)
    page.mouse.up()

    if place == "thread-open":
        expect(page.get_by_test_id("thread-pane")).to_contain_text("An answer")
    else:
        expect(page.locator("#main").get_by_text("Something else")).to_be_visible()
    expect(page.get_by_test_id("channel-general")).to_be_visible()


def test_a_text_that_could_not_be_sent_comes_back_before_what_was_typed_since(
    ws: RunningWorkspace, browser: Browser
) -> None:
    page = browser.new_page()  # the refusal is reported on the console, so this test does without the strict `page`
    visit(page, ws)
    refuse = held(page, "**/_/messages", lambda route: route.abort())
    page.get_by_test_id("composer").fill("First")
    page.keyboard.press("Enter")
    page.keyboard.type("Second")
    refuse()

    expect(page.get_by_test_id("composer")).to_have_value("First\nSecond")
    page.close()


def test_whoever_went_elsewhere_after_asking_is_not_fetched_back(ws: RunningWorkspace, page: Page) -> None:
    visit(page, ws)
    page.get_by_test_id("channel-dm").click()
    sent = held(page, "**/_/messages")
    page.get_by_placeholder("Message Watchkeeper").fill("Why?")
    page.keyboard.press("Enter")
    page.get_by_test_id("channel-finops").click()
    sent()
    expect(page.get_by_test_id("channel-dm")).to_be_visible()
    ws.wait_for(lambda: ws.messages("maya"))
    page.wait_for_timeout(300)

    expect(page.get_by_test_id("thread-pane")).to_be_hidden()
    expect(page.get_by_placeholder("Message #finops")).to_be_visible()


def test_nothing_turns_for_ever_after_the_line_was_down(ws: RunningWorkspace, client: WebClient, page: Page) -> None:
    page.add_init_script(HELD_LINE)
    thread = {"channel_id": ws.channel_id("general"), "thread_ts": ws.post_as("maya", "general", "Why?")}
    visit(page, ws)
    client.assistant_threads_setStatus(**thread, status="is reading…")
    turning = message(page, thread["thread_ts"]).locator(".reply-status")
    expect(turning).to_be_visible()

    page.evaluate("window.cut()")
    expect(page.get_by_test_id("app-status")).to_have_attribute("data-state", "lost")
    client.assistant_threads_setStatus(**thread, status="")
    page.evaluate("window.mend()")

    expect(turning).to_have_count(0)
