"""One clock in a message: the reader's."""

from __future__ import annotations

import json
import re
from datetime import timedelta

from agent.living import Seen
from agent.models import Gap, Provenance
from agent.ports import Tally
from slack_app.blocks.living import living_blocks
from slack_app.blocks.moments import on_the_readers_clock
from slack_app.blocks.parts import sections
from slack_app.blocks.text import pieces
from tests.agent.examples import NOW, evidence, finding
from tests.slack_app.test_blocks_living import about, incident

DATE = re.compile(r"<!date\^(\d+)\^([^|>]*)\|([^>]*)>")


def test_a_time_that_code_wrote_is_the_readers() -> None:
    (token,) = DATE.findall(on_the_readers_clock("Errors rose at 14:02 UTC.", NOW))

    assert token == (str(int(NOW.replace(hour=14, minute=2).timestamp())), "{time}", "14:02 UTC")


def test_a_time_of_another_day_has_its_date() -> None:
    yesterday = on_the_readers_clock("since 19 Nov 23:50:10 UTC", NOW)
    written_then = on_the_readers_clock("since 23:50 UTC", NOW, NOW - timedelta(days=1))

    assert "^{date_short} {time_secs}|19 Nov 23:50:10 UTC>" in yesterday
    assert "^{date_short} {time}|19 Nov 23:50 UTC>" in written_then


def test_a_whole_message_has_no_other_clock() -> None:
    text = "checkout fails since 14:02 UTC"
    piece = evidence(
        finding("metric_rise", text), id="ev_0", question="What happened before 14:02 UTC?", gathered_at=NOW
    )
    made = incident("diagnosed", text=text, pieces=[piece], title="checkout errors", alerts=(about("checkout"),))
    assert made.diagnosis
    more = {"gaps": (Gap(tool="logs", reason="denied since 14:02 UTC"),), "provenance": Provenance()}
    made = made.model_copy(update={"diagnosis": made.diagnosis.model_copy(update=more)})
    seen = Seen(Tally(1, 1, 3, 3, NOW), words="flapping since 13:10 UTC: its status changed 7 times")

    shown = json.dumps(living_blocks(made, seen, NOW), ensure_ascii=False)

    assert len(DATE.findall(shown)) >= 6
    assert "UTC" not in DATE.sub("", shown)


def test_no_date_is_cut_in_two() -> None:
    long = on_the_readers_clock("rose at 14:02 UTC, " * 2000, NOW)

    for text in (*pieces(long), *(block["text"]["text"] for block in sections(long))):
        assert len(text) <= 3000
        assert text.count("<") == text.count(">") == len(DATE.findall(text))
