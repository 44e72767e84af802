"""When a DAG is late by its own habits."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from agent.detection.lateness import Habit, Late, Run, judge, learn

NOW = datetime(2026, 11, 18, 15, 0, tzinfo=UTC)
SLACK = timedelta(minutes=10)


def minutes(number: float) -> timedelta:
    return timedelta(minutes=number)


def run(began_ago: float, state: str = "success", took: float = 20, delay: float = 1, name: str = "") -> Run:
    """A run that began so many minutes ago, `delay` minutes after it was due."""
    began = NOW - minutes(began_ago)
    ended = began + minutes(took) if state in ("success", "failed") else None
    started = None if state == "queued" else began
    return Run("orders", name or f"run-{began_ago:g}", state, began - minutes(delay), started, ended)


def hourly(count: int = 10) -> list[Run]:
    return [run(60 * n + 30) for n in range(count)]


def kinds(runs: list[Run], due_ago: float = -30, habit: Habit | None = None) -> list[str]:
    return [late.kind for late in _judged(runs, due_ago, habit)]


def _judged(runs: list[Run], due_ago: float = -30, habit: Habit | None = None) -> list[Late]:
    known = habit if habit is not None else learn({}, hourly())
    return judge("orders", NOW - minutes(due_ago), runs, known, SLACK, NOW)


def test_a_dag_that_runs_as_ever_is_not_late():
    assert kinds([run(10, "running"), *hourly()]) == []


def test_a_run_that_was_due_longer_ago_than_usual_and_the_slack_has_not_started():
    assert kinds(hourly(), due_ago=8) == []
    assert kinds(hourly(), due_ago=15) == ["start"]


def test_a_dag_whose_runs_always_start_late_is_given_that_time():
    slow = learn({}, [run(60 * n + 30, delay=25) for n in range(10)])
    assert kinds(hourly(), due_ago=15, habit=slow) == []
    assert kinds(hourly(), due_ago=40, habit=slow) == ["start"]


def test_a_run_that_stays_queued_has_not_started():
    assert kinds([run(20, "queued"), *hourly()]) == ["start"]


def test_a_dag_that_nobody_has_run_for_days_is_not_late_for_ever():
    assert kinds([], due_ago=4 * 24 * 60) == []


def test_a_run_that_takes_longer_than_any_before_it_is_late():
    assert kinds([run(35, "running"), *hourly()]) == []
    assert kinds([run(45, "running"), *hourly()]) == ["finish"]


def test_without_a_habit_no_run_takes_too_long():
    assert kinds([run(600, "running")], habit={}) == []


def test_the_latest_run_failed_until_a_later_one_succeeds():
    failed = run(25, "failed", took=5)
    assert kinds([failed, *hourly()[1:]]) == ["failed"]
    assert kinds([run(22, took=2), failed]) == []


def test_who_posts_failures_is_given_a_few_minutes():
    assert kinds([run(5, "failed", took=3)]) == []


def test_a_habit_counts_each_run_once_and_keeps_the_last_twenty():
    habit = learn(learn({}, hourly(30)), hourly(30))
    assert len(habit["seconds"]) == len(habit["delays"]) == 20
    assert set(habit["seconds"]) == {1200}
    assert learn(habit, [run(1, took=40)])["seconds"][-1] == 2400


def test_it_is_said_what_is_late_and_by_how_much():
    assert [late.text for late in _judged([run(45, "running", name="manual-7"), *hourly()])] == [
        "Run manual-7 of DAG orders has been running for 45 min; its runs usually take 20 min."
    ]
