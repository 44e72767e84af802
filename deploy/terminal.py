"""What the command prints: progress on stderr, results on stdout."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from agent.cli_commands import commands
from agent.diagnosis import NOT_ANSWERED
from agent.models import Alert, Answer, Claim, Diagnosis, Evidence, Gap, Provenance
from agent.models import Table as Listed
from deploy.showing import escape
from slack_app.blocks.exhibits import shown_table
from slack_app.blocks.headline import about_headline, repeats
from slack_app.blocks.parts import cited_claims, numbered, spent

if TYPE_CHECKING:
    from deploy.doctor import Check

MAX_ROWS = 15
SIGNS = {"ok": "[green]✓[/]", "warn": "[yellow]![/]", "fail": "[red]✗[/]"}


@contextmanager
def progress() -> Generator[Callable[[str], None]]:
    """A line on stderr that says what is being done."""
    console = Console(stderr=True)
    with console.status("Starting") as status:
        yield lambda text: status.update(escape(text))


def answer_json(answer: Answer, evidence: Sequence[Evidence]) -> dict[str, Any]:
    """The documented shape of `ask --json`."""
    asked = answer.clarification
    return {
        "answer": answer.headline,
        "kind": answer.kind,
        "specialists": list(answer.specialists),
        "assumptions": list(answer.assumptions),
        "disagreements": [claim.model_dump(mode="json") for claim in answer.disagreements],
        "clarification": asked.model_dump(mode="json") if asked else None,
        "reused_from": answer.reused_from.isoformat() if answer.reused_from else None,
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
        "evidence": [
            piece.model_dump(mode="json", exclude={"raw_reference"}) | {"commands": commands(piece)}
            for piece in evidence
        ],
        "model": outcome.provenance.model,
        "degraded": outcome.provenance.degraded,
        "seconds": outcome.provenance.seconds,
        "tokens": {"input": outcome.provenance.input_tokens, "output": outcome.provenance.output_tokens},
        "usd": outcome.provenance.usd,
        "run_id": outcome.provenance.run_id,
    }


def print_answer(answer: Answer, evidence: Sequence[Evidence], with_commands: bool = False) -> None:
    console = Console()
    numbers = numbered(cited_claims(answer, evidence), evidence)
    console.print(f"\n[bold]{escape(answer.headline)}[/] {_cited(about_headline(answer), numbers)}\n")
    _print_claims(console, [c for c in answer.claims if not repeats(c.text, answer.headline)], numbers)
    if answer.disagreements:
        console.print("\n[bold yellow]The evidence disagrees[/]")
        _print_claims(console, answer.disagreements, numbers)
    if table := shown_table(answer, evidence):
        _print_table(console, table)
    if answer.assumptions:
        console.print(f"\n[dim]Assumed: {escape('; '.join(answer.assumptions))}[/]")
    if asked := answer.clarification:
        told = "" if repeats(asked.question, answer.headline) else asked.question
        console.print(f"\n{escape(' '.join(part for part in (told, ' / '.join(asked.choices)) if part))}")
    _print_ending(console, answer.next_steps, numbers, answer.gaps, evidence, with_commands)
    if answer.note:
        console.print(f"\n[dim]{escape(answer.note)}[/]")
    _print_footer(console, answer.provenance, answer.confidence.value or None if answer.claims else None)


def print_diagnosis(alert: Alert, diagnosis: Diagnosis, evidence: Sequence[Evidence]) -> None:
    console = Console()
    numbers = numbered(diagnosis.claims, evidence)
    console.print(f"\n[dim]{escape(alert.title)}[/]\n[bold]{escape(diagnosis.summary)}[/]\n")
    cause = diagnosis.root_cause or "The evidence does not carry a cause yet."
    cited = [i for claim in diagnosis.claims if claim.text == cause for i in claim.evidence]
    console.print(f"[bold]Likely cause[/] {escape(cause)} {_cited(cited, numbers)}\n")
    _print_claims(console, [claim for claim in diagnosis.claims if claim.text != cause], numbers)
    _print_ending(console, diagnosis.next_steps, numbers, diagnosis.gaps, evidence)
    _print_footer(console, diagnosis.provenance, diagnosis.confidence.value)


def _print_claims(console: Console, claims: Sequence[Claim], numbers: dict[str, int]) -> None:
    for claim in claims:
        console.print(f" • {escape(claim.text)} {_cited(claim.evidence, numbers)}")


def _cited(ids: Sequence[str], numbers: dict[str, int]) -> str:
    return " ".join(f"[cyan]\\[{numbers[i]}][/]" for i in dict.fromkeys(ids) if i in numbers)


def _print_table(console: Console, listed: Listed) -> None:
    table = Table(title=escape(listed.title), title_justify="left", box=None, pad_edge=False, header_style="dim")
    for name in listed.columns:
        table.add_column(escape(name))
    for row in listed.rows[:MAX_ROWS]:
        table.add_row(*(escape(cell) for cell in row))
    console.print()
    console.print(table)
    if len(listed.rows) > MAX_ROWS:
        console.print(f"[dim]and {len(listed.rows) - MAX_ROWS} more rows[/]")


def _print_ending(
    console: Console,
    steps: Sequence[str],
    numbers: dict[str, int],
    gaps: Sequence[Gap],
    evidence: Sequence[Evidence],
    with_commands: bool = False,
) -> None:
    """Next steps, sources, and what could not be read."""
    for number, step in enumerate(steps, 1):
        console.print(("\n[bold]Next[/]\n" if number == 1 else "") + f" {number}. {escape(step)}")
    by_id = {piece.id: piece for piece in evidence}
    if numbers:
        console.print("\n[bold]Sources[/]")
    for i, number in numbers.items():
        piece = by_id[i]
        console.print(f" [cyan]\\[{number}][/] {escape(piece.tool)}: {escape(piece.question)}", soft_wrap=True)
        for line in (piece.console_url, *commands(piece)) if with_commands else ():
            console.print(f"     [dim]{escape(line)}[/]", soft_wrap=True, highlight=False)
    for gap in gaps:
        if gap.tool == NOT_ANSWERED:
            console.print(f"\n[yellow]Not answered[/] {escape(gap.reason)}")
        else:
            console.print(f"\n[yellow]Could not be read[/] {escape(gap.tool)}: {escape(gap.reason)}")


def _print_footer(console: Console, provenance: Provenance, confidence: float | None) -> None:
    offline = provenance.model == "offline-analyst"
    who = "the offline analyst, without a language model" if offline else provenance.model
    tokens = 0 if offline else provenance.input_tokens + provenance.output_tokens
    parts = [f"by {who}" if who else "", f"confidence {confidence:.0%}" if confidence is not None else ""]
    parts += [f"{provenance.seconds:.1f} s", f"{tokens:,} tokens" if tokens else "", spent(provenance.usd)]
    console.print(f"\n[dim]{escape(' · '.join(part for part in [*parts, provenance.degraded] if part))}[/]")


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
