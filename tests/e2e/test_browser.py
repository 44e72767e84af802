"""`watchkeeper run`, as a new user meets it: the page in headless Chromium, an incident, a question."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Generator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from tests.e2e.pictures import picture
from tests.e2e.service import PATIENT_ENVIRONMENT
from tests.requirements import CHROMIUM_FLAGS, chromium_path

FIRST_ALERT_SECONDS = 60
"""It takes a tenth of that, but not where other tests run at the same time."""
ANSWER_MS = 120_000

pytestmark = [
    pytest.mark.slow,
    pytest.mark.browser,
    pytest.mark.timeout(300),
    pytest.mark.skipif(not chromium_path(), reason="Chromium is not installed (apt-get install chromium)"),
]


NOBODY_LISTENS = "http://127.0.0.1:9/v1"


@pytest.fixture
def settings() -> dict[str, str]:
    """What is set beside the home."""
    return {}


@pytest.fixture
def address(tmp_path: Path, settings: dict[str, str]) -> Generator[str]:
    """The page of a Watchkeeper that was started as the README says."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("WATCHKEEPER_", "AWS_"))}
    environment |= {"WATCHKEEPER_HOME": str(tmp_path), **PATIENT_ENVIRONMENT, **settings}
    command = [sys.executable, "-m", "deploy.cli", "run", "--port", "0"]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        for line in process.stdout:
            if match := re.search(r"http://127\.0\.0\.1:\d+", line):
                yield match[0]
                break
    finally:
        process.terminate()
        process.communicate(timeout=60)


@pytest.fixture
def page(address: str, tmp_path: Path) -> Generator[Page]:
    """Headless Chromium on the page; anything that the page complains about fails the test."""
    problems: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=list(CHROMIUM_FLAGS))
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
        page.goto(address)
        yield page
        browser.close()
    assert problems == []


def test_the_first_minute(page: Page, tmp_path: Path) -> None:
    """An analysed alert is there within seconds; another is fired; a question and a follow-up are answered."""
    thread = page.get_by_test_id("thread-pane")

    began = time.monotonic()
    page.get_by_test_id("thread-open").first.click(timeout=FIRST_ALERT_SECONDS * 1000)
    expect(thread).to_contain_text("What to do next", timeout=FIRST_ALERT_SECONDS * 1000)
    assert time.monotonic() - began < FIRST_ALERT_SECONDS
    expect(thread).to_contain_text("checkout-submit-order")
    _scroll_up(page)
    picture(page, tmp_path, "alert")

    page.get_by_test_id("fire-menu").click()
    picture(page, tmp_path, "incidents")
    page.get_by_test_id("fire-rds-connections-exhausted").click()
    page.get_by_test_id("message").filter(has_text="orders-db").get_by_test_id("thread-open").click(timeout=ANSWER_MS)
    expect(thread).to_contain_text("What to do next", timeout=ANSWER_MS)
    expect(thread).to_contain_text("orders-db has no connections left")

    _ask(page, "why did our Lambda costs spike?")
    page.get_by_test_id("message").last.get_by_test_id("thread-open").click(timeout=ANSWER_MS)
    expect(thread).to_contain_text("media-thumbnailer", timeout=ANSWER_MS)
    expect(thread).to_contain_text("by offline analyst", timeout=ANSWER_MS)

    _reply(page, "who changed it?")
    expect(thread.get_by_test_id("message")).to_have_count(4, timeout=ANSWER_MS)
    expect(thread.get_by_test_id("message").last).to_contain_text("dana.okafor", timeout=ANSWER_MS)
    picture(page, tmp_path, "question")
    page.get_by_test_id("theme-toggle").click()
    picture(page, tmp_path, "dark")


def test_an_answer_is_charted_opened_and_rated(page: Page, tmp_path: Path) -> None:
    """A compound question with its chart, the evidence behind it, and a rating."""
    thread = page.get_by_test_id("thread-pane")
    page.set_viewport_size({"width": 1440, "height": 1560})

    _ask(page, "why did our Lambda costs spike, and which resources are idle?")
    page.get_by_test_id("message").last.get_by_test_id("thread-open").click(timeout=ANSWER_MS)
    expect(thread).to_contain_text("Show evidence", timeout=ANSWER_MS)
    chart = thread.locator("figure.chart").filter(has_text="Cost a day")
    expect(chart).to_be_visible()
    picture(page, tmp_path, "answer", thread)
    picture(page, tmp_path, "chart", chart)

    thread.get_by_role("button", name="Show evidence").click()
    modal = page.get_by_test_id("modal")
    expect(modal).to_contain_text("aws ce get-cost-and-usage", timeout=ANSWER_MS)
    page.set_viewport_size({"width": 1440, "height": 1500})
    picture(page, tmp_path, "evidence", modal)
    page.keyboard.press("Escape")
    thread.get_by_role("button", name="Good answer").click()


def test_an_incident_is_looked_into_taken_and_closed_in_one_message(page: Page, tmp_path: Path) -> None:
    """What its message says in the end, and who did what in it."""
    thread = page.get_by_test_id("thread-pane")
    page.set_viewport_size({"width": 1440, "height": 1500})
    page.get_by_test_id("thread-open").first.click(timeout=FIRST_ALERT_SECONDS * 1000)
    expect(thread).to_contain_text("What to do next", timeout=ANSWER_MS)

    page.get_by_test_id("fire-menu").click()
    page.get_by_test_id("fire-rds-connections-exhausted").click()
    page.get_by_test_id("message").filter(has_text="orders-db").get_by_test_id("thread-open").click(timeout=ANSWER_MS)
    living = thread.get_by_test_id("message").nth(1)
    expect(living).to_contain_text("What to do next", timeout=ANSWER_MS)
    expect(living).to_contain_text("Firing since")
    picture(page, tmp_path, "living-diagnosed", thread)

    living.get_by_role("button", name="Acknowledge").click()
    expect(living).to_contain_text("Acknowledged by", timeout=ANSWER_MS)
    living.get_by_role("combobox").first.select_option(label="Priya Nair")
    expect(living).to_contain_text("assigned to", timeout=ANSWER_MS)
    living.get_by_role("combobox").last.select_option(label="For 2 hours")
    expect(living).to_contain_text("snoozed by", timeout=ANSWER_MS)
    picture(page, tmp_path, "living-owned", thread)

    living.get_by_role("button", name="Resolve").click()
    expect(living).to_contain_text("Resolved at", timeout=ANSWER_MS)
    expect(living.get_by_role("button", name="Acknowledge")).to_have_count(0)
    picture(page, tmp_path, "living-resolved", thread)


@pytest.fixture
def silent_model(settings: dict[str, str]) -> Generator[None]:
    """A language model that explains, and takes its time: it accepts connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        settings |= {
            "WATCHKEEPER_LLM": "vllm:silent",
            "WATCHKEEPER_LLM_BASE_URL": f"http://127.0.0.1:{listening.getsockname()[1]}/v1",
            "WATCHKEEPER_LLM_FAST": "offline",
            "WATCHKEEPER_LLM_TIMEOUT_SECONDS": "200",
        }
        yield


@pytest.mark.usefixtures("silent_model")
def test_a_run_is_stopped_by_its_button(page: Page, tmp_path: Path) -> None:
    thread = page.get_by_test_id("thread-pane")
    page.set_viewport_size({"width": 1440, "height": 1500})

    _ask(page, "why did our Lambda costs spike?")
    page.get_by_test_id("message").last.get_by_test_id("thread-open").click(timeout=ANSWER_MS)
    expect(thread).to_contain_text("Weighing", timeout=ANSWER_MS)
    stop = page.get_by_test_id("stop")
    picture(page, tmp_path, "stop", thread)
    stop.click()
    expect(thread.get_by_test_id("message").last).to_contain_text("Stopped by", timeout=ANSWER_MS)
    expect(stop).to_be_hidden()
    picture(page, tmp_path, "stopped", thread)


@pytest.mark.parametrize(
    "settings",
    [
        {
            "WATCHKEEPER_LLM": "openai:gpt-5-mini",
            "WATCHKEEPER_LLM_BASE_URL": NOBODY_LISTENS,
            "WATCHKEEPER_LLM_API_KEY": "-".join(("sk", "test")),
        }
    ],
)
def test_without_its_model_it_answers_all_the_same_and_says_so(page: Page, tmp_path: Path) -> None:
    thread = page.get_by_test_id("thread-pane")
    page.set_viewport_size({"width": 1440, "height": 1150})

    _ask(page, "what changed in the last 2 days?")
    page.get_by_test_id("message").last.get_by_test_id("thread-open").click(timeout=ANSWER_MS)
    expect(thread).to_contain_text("by offline analyst", timeout=ANSWER_MS)
    expect(thread).to_contain_text("⚠️")
    picture(page, tmp_path, "degraded", thread)


def _ask(page: Page, question: str) -> None:
    """Mention Watchkeeper in #general."""
    page.get_by_test_id("channel-general").click()
    composer = page.get_by_placeholder("Message #general")  # not that of the channel which is still shown
    composer.click()
    composer.press_sequentially("@watch")
    composer.press("Tab")
    composer.press_sequentially(question)
    composer.press("Enter")


def _reply(page: Page, text: str) -> None:
    """Write in the open thread."""
    reply = page.get_by_test_id("thread-composer")
    reply.click()
    reply.press_sequentially(text)
    reply.press("Enter")


def _scroll_up(page: Page) -> None:
    """Show the beginning of the thread, where the summary starts."""
    page.get_by_test_id("thread-pane").get_by_test_id("message").first.scroll_into_view_if_needed()
