"""What came of it: one line a question and the totals, for people and as one JSON document."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from deploy.evaluation.marking import Mark
from deploy.evaluation.questions import Entry
from deploy.evaluation.running import Marked
from deploy.showing import escape


def report(entries: Sequence[Entry], marked: Marked) -> dict[str, Any]:
    """`questions`, `totals` of those that count, `held_out` with the totals of those that are counted apart."""
    rows = [_row(entry, marked[entry.id]) for entry in entries]
    apart = [row for row in rows if row["held_out"]]
    return {
        "questions": rows,
        "totals": _totals([row for row in rows if not row["held_out"]]),
        "held_out": _totals(apart),
    }


def passes(document: dict[str, Any], min_routing: float, min_facts: float) -> bool:
    """Whether the totals reach the thresholds, and nothing at all is without evidence."""
    counted, apart = document["totals"], document["held_out"]
    unfounded = sum(each["uncited_claims"] + each["strange_numbers"] for each in (counted, apart))
    enough = not counted["questions"] or (counted["routing"] >= min_routing and counted["facts"] >= min_facts)
    return enough and not unfounded


def _row(entry: Entry, marks: Sequence[Mark]) -> dict[str, Any]:
    last = marks[-1]
    return {
        "id": entry.id,
        "held_out": entry.held_out,
        "kind": last.kind,
        "specialists": list(dict.fromkeys(each for mark in marks for each in mark.specialists)),
        "routing_right": not any(mark.wrong_routing for mark in marks),
        "facts_right": not any(mark.wrong_facts for mark in marks),
        "problems": [each for mark in marks for each in (*mark.wrong_routing, *mark.wrong_facts)],
        "uncited_claims": sum(mark.uncited_claims for mark in marks),
        "strange_numbers": [each for mark in marks for each in mark.strange_numbers],
        "seconds": round(sum(mark.seconds for mark in marks), 1),
        "input_tokens": sum(mark.input_tokens for mark in marks),
        "output_tokens": sum(mark.output_tokens for mark in marks),
        "usd": round(sum(mark.usd for mark in marks), 6),
        "model": last.model or next((mark.model for mark in marks if mark.model), ""),
        "degraded": next((mark.degraded for mark in marks if mark.degraded), ""),
        "turns": [mark.as_json() for mark in marks],
    }


def _totals(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    seconds = sorted(turn["seconds"] for row in rows for turn in row["turns"])
    return {
        "questions": len(rows),
        "routing": _share([row["routing_right"] for row in rows]),
        "facts": _share([row["facts_right"] for row in rows]),
        "uncited_claims": sum(row["uncited_claims"] for row in rows),
        "strange_numbers": sum(len(row["strange_numbers"]) for row in rows),
        "seconds_p50": _percentile(seconds, 0.5),
        "seconds_p95": _percentile(seconds, 0.95),
        "input_tokens": sum(row["input_tokens"] for row in rows),
        "output_tokens": sum(row["output_tokens"] for row in rows),
        "usd": round(sum(row["usd"] for row in rows), 4),
        "degraded": sum(bool(row["degraded"]) for row in rows),
    }


def _share(right: Sequence[bool]) -> float:
    return round(sum(right) / len(right), 3) if right else 0.0


def _percentile(ordered: Sequence[float], share: float) -> float:
    """The nearest rank: the smallest value that at least this share does not exceed."""
    return ordered[max(0, -int(-share * len(ordered) // 1) - 1)] if ordered else 0.0


def print_report(document: dict[str, Any]) -> None:
    console = Console()
    table = Table(box=None, pad_edge=False)
    for column in ("Question", "Taken for", "Specialists", "Routing", "Facts", "Seconds", "Problems"):
        table.add_column(column)
    for row in document["questions"]:
        problems = [*row["problems"], *(f"strange number: {each}" for each in row["strange_numbers"])]
        table.add_row(
            escape(row["id"]),
            row["kind"],
            ", ".join(row["specialists"]),
            _sign(row["routing_right"]),
            _sign(row["facts_right"]),
            f"{row['seconds']:.1f}",
            escape("; ".join(problems)),
        )
    console.print(table)
    for name, heading in (("totals", ""), ("held_out", "Held out: ")):
        if document[name]["questions"]:
            console.print(f"\n{heading}{_sentence(document[name])}", highlight=False, soft_wrap=True)


def _sign(right: bool) -> str:
    return "[green]✓[/]" if right else "[red]✗[/]"


def _sentence(total: dict[str, Any]) -> str:
    return (
        f"{total['questions']} questions: routing right in {total['routing']:.1%}, facts in {total['facts']:.1%}, "
        f"{total['uncited_claims']} uncited claims, {total['strange_numbers']} numbers that are not in evidence; "
        f"{total['seconds_p50']:.1f} s at the median, {total['seconds_p95']:.1f} s at the 95th percentile; "
        f"{total['input_tokens']:,} tokens in, {total['output_tokens']:,} out, ${total['usd']:.4f}."
    )
