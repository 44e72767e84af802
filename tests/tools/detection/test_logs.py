"""Error templates in log groups, and in a log table."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from deploy.local.account import SimulatedAccount
from deploy.local.account.faults import Fault
from tests.lookout import Lookout, MovingClock, lookout
from tests.tools.detection.conftest import NOW
from tests.tools.evidence.logs.unified_logs import ARN, SECRET, Row, database, failing, steady, table
from tools.aws import Boto3Session

GROUP = "/aws/lambda/checkout"


def log_of(group: str, *lines: dict[str, Any]) -> dict[str, Any]:
    quiet = {"template": "INFO order {int:1000-9999} paid", "per_minute": 20}
    usual = {"template": "ERROR Payment {int:1000-9999} refused: card expired", "per_minute": 0.2}
    return {"group": group, "lines": [quiet, usual, *lines]}


NEW = {"template": "ERROR KeyError: 'currency' in order {int:1000-9999}", "per_minute": 6, "from": "-20m"}


async def test_a_new_error_is_told_within_two_ticks_with_its_words(watching: Lookout):
    watching.watches(logs=[{"group": GROUP}])
    watching.load(logs=[log_of(GROUP, NEW)])
    assert await watching.until(-20) == []
    [(status, title)] = await watching.until(-10)
    assert status == "firing"
    assert title == f"New error in {GROUP}: KeyError: 'currency' in order {title.rpartition(' ')[2]}"
    assert await watching.until(0) == []


async def test_a_quiet_day_of_usual_errors_is_not_told(watching: Lookout):
    watching.watches(logs=[{"prefix": "/aws/"}])
    watching.load(logs=[log_of(GROUP), log_of("/aws/lambda/search")])
    watching.clock.now, watching.step = NOW - timedelta(hours=4), timedelta(minutes=15)
    assert await watching.until(0) == []
    assert any(GROUP in words for words in watching.ticks[0].learned)


async def test_an_error_that_comes_far_more_often_is_told(watching: Lookout):
    more = {"template": "ERROR Payment {int:1000-9999} refused: card expired", "per_minute": 12, "from": "-20m"}
    watching.watches(logs=[{"group": GROUP}])
    watching.load(logs=[log_of(GROUP, more)])
    [(_, title)] = await watching.until(0)
    assert title.startswith(f"More errors in {GROUP}: Payment")


async def test_a_group_that_may_not_be_read_spoils_no_other(watching: Lookout):
    watching.watches(logs=[{"group": GROUP}, {"group": "/aws/lambda/secret"}])
    watching.load(logs=[log_of(GROUP, NEW)])
    told = await watching.until(0)
    assert len(told) == 1
    assert any("/aws/lambda/secret" in gap for gap in watching.ticks[-1].gaps)


async def test_when_logs_are_denied_nothing_is_told_to_be_over(watching: Lookout):
    watching.watches(logs=[{"group": GROUP}])
    watching.load(logs=[log_of(GROUP, NEW)])
    assert len(await watching.until(-10)) == 1
    watching.account.put(Fault("logs:FilterLogEvents", code="AccessDeniedException"))
    assert await watching.until(30) == []
    assert any(gap.startswith("logs") for gap in watching.ticks[-1].gaps)


@pytest.fixture
def tabled(
    account: SimulatedAccount, aws: Boto3Session, clock: MovingClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Lookout]:
    """A lookout whose settings name a unified log table."""
    for name, value in account.environment().items():
        monkeypatch.setenv(name, value)
    account.reset()
    named = {"unified_log_arn": ARN, "unified_log_secret_arn": SECRET, "unified_log_database": "logs"}
    with lookout(account, aws, clock, tmp_path, NOW, **named) as looking:
        yield looking
    account.reset()


async def test_a_new_error_in_the_log_table_is_told_by_service(tabled: Lookout):
    rows: list[Row] = steady(NOW, hours=26) + failing(NOW, minutes=20)
    tabled.load(sql=[database(table(rows))])
    told = await tabled.until(0)
    assert [(status, title[:39]) for status, title in told] == [("firing", "New error in checkout: could not price ")]
    assert any("unified log" in words for words in tabled.ticks[0].learned)
