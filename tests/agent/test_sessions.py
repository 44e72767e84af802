"""Sessions and locks tell who holds the connections and who waits for whom."""

from datetime import UTC, datetime, timedelta

from agent.sessions import LockRow, Session, holders, root_blockers, waits

NOW = datetime(2026, 11, 18, 15, 0, tzinfo=UTC)


def session(pid: int, application: str, state: str = "idle", minutes: int = 10) -> Session:
    return Session(
        str(pid), "app", application, "10.0.0.1", state, "select 1", connected=NOW - timedelta(minutes=minutes)
    )


def test_sessions_are_grouped_by_who_holds_them_the_largest_group_first():
    found = holders([*(session(n, "reports", minutes=n) for n in range(1, 10)), session(99, "orders-api", "active")])
    assert [(holder.name, holder.state, holder.count) for holder in found] == [
        ("reports", "idle", 9),
        ("orders-api", "active", 1),
    ]
    assert found[0].connected == NOW - timedelta(minutes=5)


def test_a_waiting_lock_is_matched_with_its_holder_on_the_same_thing_only():
    orders, users = ("relation", "1", ""), ("relation", "2", "")
    found = waits(
        [
            LockRow("10", orders, True, "orders"),
            LockRow("11", users, True, "users"),
            LockRow("12", orders, False, "orders", "AccessExclusiveLock"),
        ]
    )
    assert [(wait.waiter, wait.blocker, wait.relation) for wait in found] == [("12", "10", "orders")]


def test_the_root_of_a_chain_of_waits_is_found():
    row = [("transactionid", "", str(n)) for n in range(3)]
    locks = [
        LockRow("a", row[0], True),
        LockRow("b", row[0], False),
        LockRow("b", row[1], True),
        LockRow("c", row[1], False),
    ]
    assert dict(root_blockers(waits(locks))) == {"a": 2}


def test_a_deadlock_does_not_loop_for_ever():
    first, second = ("relation", "1", ""), ("relation", "2", "")
    locks = [
        LockRow("a", first, True),
        LockRow("b", first, False),
        LockRow("b", second, True),
        LockRow("a", second, False),
    ]
    assert sum(root_blockers(waits(locks)).values()) == 2
