"""What tests of the page do again and again."""

from typing import Any

from playwright.sync_api import Locator, Page, expect
from slack_bolt import App
from slack_sdk import WebClient

from deploy.local.workspace.background import RunningWorkspace

SHOWN_MS = 20_000
"""How long a page may take to show what it should, in milliseconds: a busy machine is none of its faults."""


def visit(page: Page, ws: RunningWorkspace, place: str = "general", thread: str = "") -> None:
    """Opens a channel (or "home"), with one of its threads."""
    channel = "home" if place == "home" else ws.channel_id(place)
    page.goto(f"{ws.url}/#/{channel}" + (f"/thread/{thread}" if thread else ""))
    expect(page.get_by_test_id("home" if place == "home" else "composer")).to_be_visible()


def message(page: Page, ts: str) -> Locator:
    """A message's row in the channel (not its copy in the thread pane)."""
    return page.locator(f"#main [data-testid=message][data-ts='{ts}']")


def distance_to_bottom(page: Page) -> float:
    """How far the channel is scrolled up, in pixels."""
    return float(page.locator("#main .scroll").evaluate("e => e.scrollHeight - e.scrollTop - e.clientHeight"))


def post(
    client: WebClient, ws: RunningWorkspace, *, text: str = "A message", blocks: list[dict[str, Any]] | None = None
) -> str:
    """The app posts in #general; returns the message's ts."""
    return str(client.chat_postMessage(channel=ws.channel_id("general"), text=text, blocks=blocks)["ts"])


def command_opens(app: App, view: dict[str, Any]) -> None:
    """Lets `/watchkeeper` open this modal."""

    @app.command("/watchkeeper")
    def open_view(ack: Any, body: dict[str, Any], client: WebClient) -> None:
        ack()
        client.views_open(trigger_id=body["trigger_id"], view=view)
