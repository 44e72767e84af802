"""What the command prints: progress on stderr, results on stdout."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from agent.models import Alert, Answer, Claim, Diagnosis, Evidence, Gap, Provenance

if TYPE_CHECKING:
    from deploy.doctor import Check

SIGNS = {"ok": "[green]✓[/]", "warn": "[yellow]![/]", "fail": "[red]✗[/]"}


@contextmanager
def progress() -> Generator[Callable[[str], None]]:
    """A line on stderr that says what is being done."""
    console = Console(stderr=True)
    with console.status("Starting") as status:
        yield lambda text: status.update(escape(text))


def answer_json(answer: Answer, evidence: Sequence[Evidence]) -> dict[str, Any]:
    """The documented shape of `ask --json`."""
    return {
        "answer": answer.headline,
        "specialists": list(answer.specialists),
        **_common(answer, evidence),
    }


def diagnosis_json(alert: Alert, diagnosis: Diagnosis, evidence: Sequence[Evidence]) -> dict[str, Any]:
    """The documented shape of `alert --json`."""
    return {
        "alert": alert.model_dump(mode="json", exclude={"raw_reference"}),
        "summary": diagnosis.summary,
        "root_cause": diagnosis.root_cause,
        "nothing_wrong": diagnosis.nothing_wrong,
        "runbook": diagnosis.runbook,
        "ruled_out": list(diagnosis.ruled_out),
        **_common(diagnosis, evidence),
    }


def _common(outcome: Answer | Diagnosis, evidence: Sequence[Evidence]) -> dict[str, Any]:
    return {
        "claims": [claim.model_dump(mode="json") for claim in outcome.claims],
        "confidence": outcome.confidence.model_dump(mode="json"),
        "next_steps": list(outcome.next_steps),
        "gaps": [gap.model_dump(mode="json") for gap in outcome.gaps],
        "evidence": [piece.model_dump(mode="json", exclude={"raw_reference"}) for piece in evidence],
        "model": outcome.provenance.model,
        "degraded": outcome.provenance.degraded,
        "seconds": outcome.provenance.seconds,
    }


def print_answer(answer: Answer, evidence: Sequence[Evidence]) -> None:
    console = Console()
    console.print(f"\n[bold]{escape(answer.headline)}[/]\n")
    _print_case(console, answer.claims, answer.next_steps, answer.gaps, evidence)
    _print_footer(console, answer.provenance, answer.confidence.value if answer.claims else None)


def print_diagnosis(alert: Alert, diagnosis: Diagnosis, evidence: Sequence[Evidence]) -> None:
    console = Console()
    console.print(f"\n[dim]{escape(alert.title)}[/]\n[bold]{escape(diagnosis.summary)}[/]\n")
    cause = diagnosis.root_cause or "The evidence does not carry a cause yet."
    console.print(f"[bold]Likely cause[/] {escape(cause)}\n")
    _print_case(console, diagnosis.claims, diagnosis.next_steps, diagnosis.gaps, evidence)
    _print_footer(console, diagnosis.provenance, diagnosis.confidence.value)


def _print_case(
    console: Console, claims: Sequence[Claim], steps: Sequence[str], gaps: Sequence[Gap], evidence: Sequence[Evidence]
) -> None:
    numbers = {i: n for n, i in enumerate(dict.fromkeys(i for claim in claims for i in claim.evidence), 1)}
    for claim in claims:
        cited = " ".join(f"[cyan]\\[{numbers[i]}][/]" for i in claim.evidence)
        console.print(f" • {escape(claim.text)} {cited}")
    for number, step in enumerate(steps, 1):
        console.print(("\n[bold]Next[/]\n" if number == 1 else "") + f" {number}. {escape(step)}")
    if numbers:
        console.print("\n[bold]Sources[/]")
    for piece in evidence:
        if piece.id in numbers:
            console.print(f" [cyan]\\[{numbers[piece.id]}][/] {piece.tool}: {escape(piece.question)}", soft_wrap=True)
            console.print(f"     [dim]{escape(piece.console_url)}[/]", soft_wrap=True)
    for gap in gaps:
        console.print(f"\n[yellow]Could not be read[/] {gap.tool}: {escape(gap.reason)}")


def _print_footer(console: Console, provenance: Provenance, confidence: float | None) -> None:
    who = "the offline analyst, without a language model" if provenance.model == "offline-analyst" else provenance.model
    parts = [f"by {who}" if who else "", f"confidence {confidence:.0%}" if confidence is not None else ""]
    parts += [f"{provenance.seconds:.1f} s", provenance.degraded]
    console.print(f"\n[dim]{escape(' · '.join(part for part in parts if part))}[/]")


def print_scenarios(rows: Sequence[dict[str, str]]) -> None:
    table = Table(box=None, pad_edge=False)
    table.add_column("Scenario", style="cyan", no_wrap=True)
    table.add_column("What happens")
    for row in rows:
        table.add_row(row["name"], f"[bold]{escape(row['title'])}[/]\n{escape(row['description'])}")
    Console().print(table)


def print_checks(checks: Sequence[Check]) -> None:
    console = Console()
    for check in checks:
        console.print(f" {SIGNS[check.status]} [bold]{escape(check.name)}[/] {escape(check.message)}")
        if check.fix:
            console.print(f"     [dim]→ {escape(check.fix)}[/]")
    bad = sum(check.status == "fail" for check in checks)
    console.print(f"\n{bad} to fix" if bad else "\nAll is well.")
