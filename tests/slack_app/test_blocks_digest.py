"""The digest's message."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from agent.alert_rules.flapping import Flap
from agent.models import Alert, Resource
from deploy.local.workspace.block_kit import validate_blocks
from slack_app.blocks.digest import Digest, Entry, digest_blocks, digest_text
from slack_app.blocks.paging import pages
from tests.agent.examples import NOW

HOSTILE = "<!channel> <@U0MAYA> *x* `y` https://evil.example @here &\n🙂"
SINCE = NOW - timedelta(days=1)


def words(blocks: Any) -> str:
    assert validate_blocks(blocks) == []
    return json.dumps(blocks, ensure_ascii=False)


def entry(title: str = "disk is filling", count: int = 1, firing: bool = False, **fields: Any) -> Entry:
    resource = Resource(id=fields.pop("resource", "db-1"))
    system = fields.pop("system", "shop")
    alert = Alert(source="t", title=title, started_at=SINCE, fingerprint=title, resource=resource, system=system)
    return Entry(alert, f"inc_{title[:7]}", count, NOW - timedelta(hours=9), NOW, firing, **fields)


def digest(*entries: Entry, rules: Any = (("staging is quiet", 3),)) -> Digest:
    return Digest(SINCE, NOW, entries, rules)


def test_a_digest_says_how_much_what_and_since_when() -> None:
    told = digest(entry(count=12), entry("cpu", 2, True), rules=[("staging is quiet", 12), ("maintenance: x", 2)])

    shown = words(digest_blocks(told))

    assert digest_text(told) == "Digest: 14 alerts of 2 kinds, 1 still firing"
    assert "*disk is filling* ×12 · shop · db-1 · <!date^" in shown
    assert "14 Nov" not in shown
    assert "Since <!date^" in shown
    assert "Kept back by: staging is quiet (12), maintenance: x (2)" in shown


def test_what_still_fires_comes_first_and_what_is_special_is_said() -> None:
    flap = Flap(SINCE, 9, NOW)
    told = digest(entry("often", 50, flap=flap), entry("now", 2, True, recurrence="4th Tuesday in a row"))

    first, second = [block["text"]["text"] for block in digest_blocks(told) if "accessory" in block]

    assert first.startswith("*now* ×2")
    assert first.endswith("*still firing* · 4th Tuesday in a row")
    assert second.endswith("flapping, 9 changes")
    assert "1 flapping · 1 seen before" in words(digest_blocks(told))


def test_the_first_five_can_be_analysed_and_ten_are_listed() -> None:
    blocks = digest_blocks(digest(*(entry(f"kind {n}", 100 - n) for n in range(13))))

    buttons = [block["accessory"] for block in blocks if "accessory" in block]

    assert [button["action_id"] for button in buttons] == [f"analyse_alert:{n}" for n in range(1, 6)]
    assert [button["value"] for button in buttons] == [f"inc_kind {n}" for n in range(5)]
    shown = words(blocks)
    assert "• *kind 9*" in shown
    assert "*kind 10*" not in shown
    assert "…and 3 other kinds of alerts" in shown


def test_any_digest_is_one_message_without_live_markup() -> None:
    worst = [entry(f"{n:06}{HOSTILE * 20}", 10**9, True, system=HOSTILE * 9, resource=HOSTILE * 9) for n in range(40)]
    blocks = digest_blocks(digest(*worst, rules=[(HOSTILE * 9, 3)] * 40))

    shown = words(blocks)

    assert len(pages(blocks)) == 1
    assert "<!channel>" not in shown
    assert "https://evil" not in shown
