"""The workspace's page in headless Chromium: drawing, keyboard and live changes, against a real workspace."""

import re
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect
from slack_sdk import WebClient

from deploy.local.workspace.background import RunningWorkspace
from tests.deploy.local.workspace.page.block_samples import chart, every_block, mrkdwn, plain, rich
from tests.deploy.local.workspace.page.browsing import distance_to_bottom, message, post, visit
from tests.deploy.local.workspace.page.conftest import NEEDS_BROWSER

pytestmark = NEEDS_BROWSER

ATTACK = "<img src=x onerror='window.attacked=1'><script>window.attacked=1</script>"


def test_every_block_type_is_drawn(ws: RunningWorkspace, client: WebClient, page: Page) -> None:
    samples = every_block(f"{ws.url}/static/mark.svg")
    posted = {kind: post(client, ws, blocks=blocks) for kind, blocks in samples.items()}

    visit(page, ws)

    for kind, ts in posted.items():
        drawn = message(page, ts).locator(f"[data-block-type={kind.split()[0]}]")
        expect(drawn).not_to_have_count(0)
    expect(page.locator(".unknown")).to_have_count(0)
    expect(page.locator(".image-missing")).to_have_count(0)


def test_text_is_formatted_as_in_slack(ws: RunningWorkspace, client: WebClient, page: Page) -> None:
    text = "*bold* _italic_ ~gone~ `code` :rotating_light: <https://example.com|site> <!date^0^{date_num}|x> 3 &lt; 4"
    ts = post(client, ws, text=f"{text}\n&gt; quoted\n```a\nb```")

    visit(page, ws)

    row = message(page, ts)
    for selector, content in {"strong": "bold", "em": "italic", "s": "gone", "blockquote": "quoted"}.items():
        expect(row.locator(selector)).to_have_text(content)
    expect(row.locator(".emoji")).to_have_text("🚨")
    expect(row.locator("a", has_text="site")).to_have_attribute("href", "https://example.com")
    expect(row.locator("time[title=x]")).to_have_text("1970-01-01")
    expect(row.locator("pre")).to_have_text("a\nb")
    expect(row).to_contain_text("3 < 4")


def test_markdown_and_rich_text_are_formatted(ws: RunningWorkspace, client: WebClient, page: Page) -> None:
    samples = every_block(f"{ws.url}/static/mark.svg")
    markdown = post(client, ws, blocks=samples["markdown"])
    rich_text = post(client, ws, blocks=samples["rich_text"])

    visit(page, ws)

    row = message(page, markdown)
    expect(row.locator("th")).to_have_text(["Function", "Cost"])
    expect(row.locator("ol > li")).to_have_count(2)
    expect(row.locator("ol ul > li")).to_have_text("nested")
    expect(row.locator("li.task input")).to_be_checked()
    expect(row.locator("pre")).to_have_text("raise KeyError")
    row = message(page, rich_text)
    expect(row.locator(".mention")).to_contain_text(["@maya", "#finops"])
    expect(row.locator("strong")).to_have_text("bold words")
    expect(row.locator("ol > li")).to_have_text("an item")
    expect(row).to_contain_text("2024-07-11")


@pytest.mark.parametrize(("kind", "marks"), [("line", "circle"), ("bar", "rect"), ("area", ".fill"), ("pie", ".slice")])
def test_charts_are_drawn_and_described_in_words(
    ws: RunningWorkspace, client: WebClient, page: Page, kind: str, marks: str
) -> None:
    ts = post(client, ws, blocks=[chart(kind)])

    visit(page, ws)

    picture = message(page, ts).locator("svg[role=img]")
    expect(picture.locator(marks)).to_have_count({"line": 3, "bar": 3, "area": 1, "pie": 2}[kind])
    expect(picture).to_have_attribute("aria-label", re.compile("Lambda 75" if kind == "pie" else "Wed 47"))


def test_a_monitoring_apps_attachment_is_a_coloured_card(ws: RunningWorkspace, page: Page) -> None:
    fields = [{"title": "Function", "value": "`checkout-api`", "short": True}]
    card = {"color": "danger", "title": "ALARM: errors", "title_link": "https://example.com/alarm", "fields": fields}
    httpx.post(ws.incoming_webhook_url("alerts"), json={"attachments": [card | {"footer": "CloudWatch", "ts": 0}]})

    visit(page, ws, "alerts")

    expect(page.locator(".author")).to_have_text("CloudWatch Alarms")
    expect(page.locator(".message .app-badge")).to_have_text("APP")
    expect(page.locator(".attachment-title a")).to_have_attribute("href", "https://example.com/alarm")
    expect(page.locator(".attachment-field code")).to_have_text("checkout-api")


def test_hostile_text_stays_text(ws: RunningWorkspace, client: WebClient, page: Page) -> None:
    bad_link = "javascript:window.attacked=1"
    table = f"| {ATTACK} |\n|---|\n| {ATTACK} |"
    task = {"task_id": "a", "title": ATTACK, "status": "error", "details": rich(ATTACK)}
    hostile = [
        {"type": "header", "text": plain(ATTACK)},
        {"type": "section", "text": mrkdwn(f"{ATTACK} <{bad_link}|press> *{ATTACK}* `{ATTACK}`")},
        {"type": "markdown", "text": f"{ATTACK}\n\n[press]({bad_link}) ![x]({bad_link})\n\n{table}"},
        {"type": "table", "rows": [[{"type": "raw_text", "text": ATTACK}], [rich(ATTACK)]]},
        {"type": "plan", "title": ATTACK, "tasks": [task]},
        chart("bar", title=ATTACK[:50], series="<script>x</script>"),
    ]
    post(client, ws, blocks=hostile)
    card = {"title": ATTACK, "title_link": bad_link, "text": ATTACK, "footer": ATTACK, "color": "url(x)"}
    httpx.post(ws.incoming_webhook_url("general"), json={"text": ATTACK, "attachments": [card]})
    typed = ws.post_as("maya", "general", ATTACK)

    visit(page, ws)
    page.get_by_test_id("composer").fill(ATTACK)

    expect(message(page, typed)).to_contain_text(ATTACK)
    expect(page.locator("#main .message").first).to_contain_text(ATTACK)
    expect(page.locator("#main script, #main img[src='x'], #main a[href^='javascript']")).to_have_count(0)
    page.wait_for_timeout(200)  # an image that was made all the same would have failed to load by now
    assert page.evaluate("window.attacked") is None


def test_a_mention_is_completed_with_tab_and_sent_with_enter(ws: RunningWorkspace, page: Page) -> None:
    visit(page, ws)

    page.keyboard.type("@watch")
    expect(page.get_by_role("option")).to_have_count(1)
    page.keyboard.press("Tab")
    page.keyboard.type("why <now>?")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("see #finops & https://example.com/a.")
    page.keyboard.press("Enter")

    expect(page.locator("#main .message")).to_have_count(1)
    expected = f"<@{ws.bot_user}> why &lt;now&gt;?\nsee <#{ws.channel_id('finops')}> &amp; <https://example.com/a>."
    assert ws.messages("general")[0]["text"] == expected
    expect(page.get_by_test_id("composer")).to_have_value("")


def test_each_channel_keeps_its_draft(ws: RunningWorkspace, page: Page) -> None:
    visit(page, ws)
    page.keyboard.type("half a thought")

    page.get_by_test_id("channel-finops").click()
    expect(page.get_by_test_id("composer")).to_have_value("")
    page.get_by_test_id("channel-general").click()

    expect(page.get_by_test_id("composer")).to_have_value("half a thought")


def test_the_keyboard_reaches_channels_menus_and_threads(ws: RunningWorkspace, page: Page) -> None:
    ts = ws.post_as("sofia", "general", "A question")
    visit(page, ws, thread=ts)
    expect(page.get_by_test_id("thread-composer")).to_be_focused()

    page.keyboard.press("Escape")
    expect(page.get_by_test_id("thread-pane")).to_be_hidden()
    expect(page.get_by_test_id("composer")).to_be_focused()

    page.keyboard.press("Control+k")
    expect(page.get_by_test_id("switcher")).to_be_visible()
    page.keyboard.type("fin")
    expect(page.get_by_test_id("switcher")).to_contain_text("finops")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(ws.channel_id("finops")))

    expect(page.get_by_test_id("composer")).to_be_focused()  # the channel takes the focus when it has opened
    page.get_by_test_id("act-as").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("act-as-liwei")).to_be_visible()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_test_id("act-as-liwei")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("act-as")).to_be_focused()


def test_a_reply_sent_from_the_thread_pane_shows_under_its_message(ws: RunningWorkspace, page: Page) -> None:
    ts = ws.post_as("sofia", "general", "A question")
    visit(page, ws)

    message(page, ts).hover()
    message(page, ts).get_by_test_id("thread-open").click()
    page.get_by_test_id("thread-composer").fill("An answer")
    page.keyboard.press("Enter")

    expect(page.get_by_test_id("thread-pane").get_by_test_id("message")).to_have_count(2)
    expect(message(page, ts).get_by_test_id("thread-open")).to_contain_text("1 reply")


def test_new_messages_follow_at_the_bottom_and_hold_still_further_up(ws: RunningWorkspace, page: Page) -> None:
    for number in range(60):
        ws.post_as("sofia", "general", f"Line {number}\nof many")
    visit(page, ws)
    expect(page.get_by_test_id("message")).to_have_count(60)
    assert distance_to_bottom(page) < 2

    ws.post_as("sofia", "general", "The newest")
    expect(page.get_by_text("The newest")).to_be_in_viewport()

    page.locator("#main .scroll").evaluate("e => { e.scrollTop = 400 }")
    in_view = page.get_by_test_id("message").filter(has_text="Line 12")
    before = in_view.bounding_box()
    for number in range(30):
        ws.post_as("jonas", "general", f"Burst {number}")
    expect(page.get_by_text("Burst 29")).to_be_attached()
    assert in_view.bounding_box() == before

    page.get_by_role("button", name="New messages").click()
    expect(page.get_by_text("Burst 29")).to_be_in_viewport()


def test_an_update_leaves_unchanged_blocks_and_opened_details_alone(
    ws: RunningWorkspace, client: WebClient, page: Page
) -> None:
    blocks = every_block(f"{ws.url}/static/mark.svg")
    ts = post(client, ws, blocks=[*blocks["plan"], *blocks["image"]])
    visit(page, ws)
    page.get_by_text("Read the metric").click()
    page.locator("figure img").evaluate("e => { e.dataset.kept = 'yes' }")

    changed = blocks["plan"][0] | {"title": "Nearly there"}
    client.chat_update(channel=ws.channel_id("general"), ts=ts, text="x", blocks=[changed, *blocks["image"]])

    expect(page.get_by_text("Nearly there")).to_be_visible()
    expect(page.get_by_text("47 errors")).to_be_visible()
    expect(page.locator("figure img")).to_have_attribute("data-kept", "yes")


def test_an_ephemeral_message_is_shown_to_one_person(ws: RunningWorkspace, client: WebClient, page: Page) -> None:
    visit(page, ws)
    expect(page.get_by_test_id("app-status")).to_have_attribute("data-state", "starting")
    client.chat_postEphemeral(channel=ws.channel_id("general"), user=ws.user_id("maya"), text="Just for you")
    expect(page.locator(".ephemeral")).to_contain_text("Only visible to you")

    page.get_by_test_id("act-as").click()
    page.get_by_test_id("act-as-sofia").click()

    expect(page.get_by_test_id("act-as")).to_contain_text("Sofía Reyes")
    expect(page.locator(".ephemeral")).to_have_count(0)


def test_a_permalink_opens_the_thread(ws: RunningWorkspace, client: WebClient, page: Page) -> None:
    ts = ws.post_as("sofia", "general", "A question")
    reply = ws.post_as("jonas", "general", "An answer", ts)
    link = client.chat_getPermalink(channel=ws.channel_id("general"), message_ts=reply)

    page.goto(str(link["permalink"]))

    expect(page.get_by_test_id("thread-pane")).to_contain_text("An answer")


@pytest.mark.parametrize("width", [720, 900, 1440])
def test_the_page_fits_its_window(ws: RunningWorkspace, client: WebClient, page: Page, width: int) -> None:
    ts = post(client, ws, blocks=[*every_block(f"{ws.url}/static/mark.svg")["table"], chart("line")])
    page.set_viewport_size({"width": width, "height": 700})

    visit(page, ws, thread=ts)

    expect(page.get_by_test_id("thread-composer")).to_be_in_viewport(ratio=1)
    expect(page.get_by_test_id("act-as")).to_be_in_viewport(ratio=1)
    assert page.evaluate("document.documentElement.scrollWidth") == width


def test_the_theme_follows_the_system_until_it_is_chosen(ws: RunningWorkspace, page: Page) -> None:
    page.emulate_media(color_scheme="dark")
    visit(page, ws)
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")

    page.get_by_test_id("theme-toggle").click()
    page.reload()

    expect(page.locator("html")).to_have_attribute("data-theme", "light")


def test_no_part_of_the_page_comes_from_elsewhere() -> None:
    folder = Path(__file__).parents[5] / "deploy/local/workspace/page"
    files = [path for path in folder.rglob("*") if path.suffix in {".html", ".css", ".js"}]
    assert files
    for path in files:
        source = path.read_text(encoding="utf-8")
        assert not re.search(r"innerHTML|insertAdjacentHTML|document\.write", source), path
        assert not re.search(r"(src|href)=\"(https?:)?//|@import|import .*https?:", source), path
