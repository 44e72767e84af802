"""What every evidence tool gets for free: counting, budgets, a cache, deadlines, named denials, and no exceptions."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from agent.budgets import RunBudget
from agent.models import Evidence, EvidenceStatus, Finding
from deploy.local.account import SimulatedAccount
from deploy.local.account.faults import Fault
from tests.tools.evidence.conftest import Caller, Load
from tools.aws import Boto3Session
from tools.evidence.base import Found, Look, evidence_tool
from tools.evidence.cache import MemoryCache
from tools.evidence.partial import gather


@evidence_tool("Which tables and queues are there?")
def inventory(look: Look) -> Found:
    """Tables and queues."""
    both = gather(
        {
            "tables": lambda: look.call("dynamodb", "list_tables")["TableNames"],
            "queues": lambda: look.call("sqs", "list_queues").get("QueueUrls", []),
        }
    )
    return Found(f"{sorted(both.results)} could be read.{both.caveat}")


@evidence_tool("Which tables are there?")
def tables(look: Look, resource: str = "") -> Found:
    """Tables."""
    names = look.call("dynamodb", "list_tables")["TableNames"]
    return Found(f"Tables: {names}", no_data=not names)


@evidence_tool("What was spent?", days=14)
def spent(look: Look, service: str = "") -> Found:
    """Spend."""
    period = {"Start": "2026-11-04", "End": "2026-11-18"}
    look.call("ce", "get_cost_and_usage", TimePeriod=period, Granularity="DAILY", Metrics=["UnblendedCost"])
    return Found(f"Something on {service or 'everything'}.")


@evidence_tool("Does it work?")
def broken(look: Look) -> Found:
    """A tool with a defect."""
    raise KeyError("oops")


@evidence_tool("What is waiting?")
def patient(look: Look) -> Found:
    """Calls again and again until its time is over."""
    while True:
        look.poll("dynamodb", "list_tables")


@evidence_tool("What do the logs say?")
def talkative(look: Look) -> Found:
    """More findings than anybody reads."""
    found = [Finding(kind="log_match", statement=f"Line {n}", strength=n / 100) for n in range(100)]
    return Found("Much. " * 1000, found)


@pytest.fixture
def caller(account: SimulatedAccount, load: Load, aws: Boto3Session) -> Iterator[Caller]:
    """One that does not try again."""
    with pytest.MonkeyPatch.context() as environment:
        for name, value in account.environment().items():
            environment.setenv(name, value)
        session = Boto3Session.open("us-east-1", timeout_seconds=5, attempts=1)
        for service, operation in (("dynamodb", "list_tables"), ("sqs", "list_queues")):
            getattr(session.client(service), operation)()  # the first call of all takes longest
        yield Caller(session)


@pytest.fixture
def hurried(caller: Caller, monkeypatch: pytest.MonkeyPatch) -> Caller:
    """One that gives each tool a second."""
    monkeypatch.setenv("WATCHKEEPER_TOOL_TIMEOUT_SECONDS", "1")
    return caller


async def test_a_call_is_counted_and_can_be_repeated_by_hand(caller: Caller) -> None:
    found = await caller(tables, resource="x")
    assert (found.status, found.cost.api_calls) == (EvidenceStatus.no_data, 1)
    assert found.query == "dynamodb:list_tables {}"
    assert found.gathered_at == caller.now


async def test_a_denial_names_the_action_and_the_resource(account: SimulatedAccount, caller: Caller) -> None:
    account.put(Fault("dynamodb:*", code="AccessDeniedException", message="no", status=400))
    found = await caller(tables)
    assert found.status is EvidenceStatus.denied
    assert found.summary == "ListTables was denied: allow dynamodb:ListTables on *."


async def test_a_denial_repeats_what_aws_says_of_the_resource(account: SimulatedAccount, caller: Caller) -> None:
    arn = "arn:aws:dynamodb:us-east-1:123456789012:table/orders"
    message = f"User: x is not authorized to perform: dynamodb:ListTables on resource: {arn} because no policy"
    account.put(Fault("dynamodb:*", code="AccessDeniedException", message=message))
    assert f"allow dynamodb:ListTables on {arn}" in (await caller(tables)).summary


async def test_what_one_read_is_denied_the_others_still_bring(account: SimulatedAccount, caller: Caller) -> None:
    account.put(Fault("sqs:*", code="AccessDenied", status=403))
    found = await caller(inventory)
    assert found.status is EvidenceStatus.ok
    assert "['tables'] could be read" in found.summary
    assert "queues (denied: allow sqs:ListQueues on *)" in found.summary


async def test_a_read_that_hangs_is_left_behind_at_the_deadline(account: SimulatedAccount, hurried: Caller) -> None:
    account.put(Fault("sqs:*", seconds=4))
    began = time.monotonic()
    found = await hurried(inventory)
    took = time.monotonic() - began
    assert "['tables'] could be read" in found.summary
    assert "queues (no answer in time)" in found.summary
    assert took < 15


async def test_a_tool_that_hangs_is_a_timeout(account: SimulatedAccount, hurried: Caller) -> None:
    account.put(Fault("dynamodb:*", seconds=4))
    found = await hurried(tables)
    assert found.status is EvidenceStatus.timeout
    assert "within 1 s" in found.summary


async def test_a_tool_that_never_stops_asking_is_stopped(hurried: Caller) -> None:
    found = await hurried(patient)
    assert found.status is EvidenceStatus.timeout
    assert found.cost.api_calls > 3


async def test_a_defect_of_a_tool_is_an_error_and_no_exception(caller: Caller) -> None:
    found = await caller(broken)
    assert found.status is EvidenceStatus.error
    assert "KeyError" in found.summary


async def test_an_account_or_region_that_cannot_be_read_is_an_error_that_says_so(caller: Caller) -> None:
    assert "999999999999" in (await caller(tables, account="999999999999")).summary
    assert "is no AWS region" in (await caller(tables, region="somewhere")).summary


async def test_an_empty_range_is_an_error_that_says_so(caller: Caller) -> None:
    found = await caller(tables, start="2026-11-18T14:00Z", end="2026-11-18T13:00Z")
    assert found.status is EvidenceStatus.error
    assert "range is empty" in found.summary


async def test_output_is_bounded_and_begins_with_what_tells_most(caller: Caller) -> None:
    found = await caller(talkative)
    assert [finding.statement for finding in found.findings[:2]] == ["Line 99", "Line 98"]
    assert len(found.findings) == 12


async def test_the_budget_of_calls_holds_for_all_tools_of_a_run(caller: Caller) -> None:
    caller = replace(caller, budget=RunBudget(api_calls=2))
    assert (await caller(tables)).status is EvidenceStatus.no_data
    partly = await caller(inventory)
    assert partly.status is EvidenceStatus.ok
    assert "budget of 2 API calls (WATCHKEEPER_RUN_API_CALLS) is used up" in partly.summary
    assert (await caller(tables, resource="another")).status is EvidenceStatus.error


async def test_cost_explorer_is_paid_for_once_by_all_who_ask_the_same(caller: Caller) -> None:
    caller = replace(caller, budget=RunBudget(usd=0.05))
    first, second = await caller(spent), await caller(spent, service="Lambda")
    assert (first.cost.usd, second.cost.usd) == (0.01, 0.0)
    assert caller.budget is not None
    assert caller.budget.used("usd") == 0.01


async def test_no_money_no_cost_explorer(caller: Caller) -> None:
    found = await replace(caller, budget=RunBudget(usd=0.0))(spent)
    assert found.status is EvidenceStatus.error
    assert "WATCHKEEPER_RUN_AWS_USD" in found.summary


async def test_an_answer_is_used_again_for_a_few_minutes(caller: Caller) -> None:
    first, again = await caller(tables), await caller(tables)
    assert (first.cost.api_calls, again.cost.api_calls) == (1, 0)
    assert again.model_copy(update={"cost": first.cost}) == first


async def test_another_range_or_region_or_account_is_another_answer(caller: Caller) -> None:
    await caller(tables)
    for other in ({"start": "-2h"}, {"region": "eu-west-1"}, {"resource": "x"}):
        assert (await caller(tables, **other)).cost.api_calls == 1, other


async def test_a_failure_is_not_kept(account: SimulatedAccount, caller: Caller) -> None:
    account.put(Fault("dynamodb:*", code="AccessDeniedException"))
    assert (await caller(tables)).status is EvidenceStatus.denied
    account.heal()
    assert (await caller(tables)).status is EvidenceStatus.no_data


async def test_half_an_answer_is_not_kept_either(account: SimulatedAccount, caller: Caller) -> None:
    account.put(Fault("sqs:*", code="AccessDenied", status=403))
    await caller(inventory)
    account.heal()
    assert "Could not read" not in (await caller(inventory)).summary


async def test_what_one_run_had_no_budget_for_is_not_missing_in_the_next(caller: Caller) -> None:
    poor = replace(caller, budget=RunBudget(api_calls=1))
    assert "budget of 1 API calls" in (await poor(inventory)).summary
    assert "Could not read" not in (await caller(inventory)).summary


async def test_what_hung_is_looked_at_again(account: SimulatedAccount, hurried: Caller) -> None:
    account.put(Fault("sqs:*", seconds=4))
    assert "no answer in time" in (await hurried(inventory)).summary
    account.heal()
    assert "Could not read" not in (await hurried(inventory)).summary


async def test_two_minutes_are_not_the_two_minutes_after_them(caller: Caller) -> None:
    first = await caller(tables, start="2026-11-18T11:00:00Z", end="2026-11-18T11:02:00Z")
    second = await caller(tables, start="2026-11-18T11:02:30Z", end="2026-11-18T11:04:30Z")
    assert first.time_range != second.time_range


async def test_a_look_does_not_need_to_know_the_account_s_number(account: SimulatedAccount, caller: Caller) -> None:
    account.put(Fault("sts:*", code="AccessDenied", status=403))
    assert (await caller(tables)).status is EvidenceStatus.no_data


async def test_a_defect_in_one_read_spoils_no_other(caller: Caller) -> None:
    @evidence_tool("What works?")
    def half(look: Look) -> Found:
        """One of two."""
        read = gather({"fine": lambda: len("fine"), "broken": lambda: 1 // 0})
        return Found(f"{list(read.results)}.{read.caveat}")

    assert (await caller(half)).summary == "['fine']. Could not read: broken (ZeroDivisionError)."


async def test_those_who_ask_at_once_share_one_look(caller: Caller) -> None:
    found: list[Evidence] = await asyncio.gather(*(caller(tables) for _ in range(8)))
    assert sum(piece.cost.api_calls for piece in found) == 1


async def test_throttling_that_ends_is_not_noticed(account: SimulatedAccount, caller: Caller) -> None:
    account.put(Fault("dynamodb:*", code="ThrottlingException", times=1))
    patient_caller = replace(caller, aws=Boto3Session.open("us-east-1"))
    assert (await patient_caller(tables)).status is EvidenceStatus.no_data


def test_what_is_forgotten_while_it_is_loaded_is_not_kept() -> None:
    cache = MemoryCache()

    def load() -> str:
        cache.forget("a")
        return "old"

    assert cache.fetch("a", 60, load) == "old"
    assert cache.fetch("a", 60, lambda: "new") == "new"


def test_one_loads_at_a_time_even_when_nothing_is_kept() -> None:
    cache, under_way, most = MemoryCache(), [0], [0]

    def load() -> int:
        under_way[0] += 1
        most[0] = max(most[0], under_way[0])
        time.sleep(0.01)
        under_way[0] -= 1
        return 0

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: cache.fetch("a", 60, load), range(16)))
    assert most == [1]


def test_a_look_that_hangs_does_not_keep_the_process_from_ending() -> None:
    script = (
        "import asyncio, time\n"
        "from tools.evidence.threads import in_thread, side_by_side\n"
        "async def main():\n"
        "    async with asyncio.timeout(0.1):\n"
        "        await in_thread(lambda: side_by_side({'a': lambda: time.sleep(60)}, 2)['a'].result())\n"
        "try: asyncio.run(main())\n"
        "except TimeoutError: print('over')\n"
    )
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=30, check=True)
    assert ended.stdout == "over\n"
