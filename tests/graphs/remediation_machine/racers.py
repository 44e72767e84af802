"""Many at once over one SQLite file, in threads and processes: an account whose changes are counted in a file, too."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Generator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agent.errors import RetryLater
from agent.models import Approval, Mark, Remediation, SlackPlace
from agent.ports import Deps
from agent.safety.approving import Click
from agent.settings import Settings
from graphs.remediation import Remediator, build_remediation
from graphs.remediation_consent import Consent
from slack_app.bootstrap import build_deps
from tests.graphs.remediation_machine.account import AccountView, AccountWrites, Effect, MemoryAccount
from tests.graphs.remediation_machine.story import KNOWLEDGE, incident
from tests.slack_app.delivery_machine.process import Life
from tools.executor import Executor

HUNDRED = 100
PLACE = SlackPlace(team="T1", channel="C1", thread_ts="1.1")
REMEDIATION, TARGET = "rem_race", "settlement"


class Notebook:
    """What was done and what was said, written down by all processes."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "notebook.db"
        with closing(self._open()) as file:
            file.execute("CREATE TABLE IF NOT EXISTS notes (kind TEXT, text TEXT)")

    def _open(self) -> sqlite3.Connection:
        return sqlite3.connect(self._path, timeout=30, isolation_level=None)

    def note(self, kind: str, text: str) -> None:
        with closing(self._open()) as file:
            file.execute("INSERT INTO notes VALUES (?, ?)", (kind, text))

    def count(self, kind: str) -> int:
        with closing(self._open()) as file:
            return int(file.execute("SELECT count(*) FROM notes WHERE kind = ?", (kind,)).fetchone()[0])


@dataclass(frozen=True)
class Racer:
    """One process's part."""

    deps: Deps
    remediator: Remediator
    notebook: Notebook
    people: tuple[str, ...]

    async def ask(self) -> None:
        """A card that all of them may decide about."""
        now = self.deps.clock()
        made = incident(TARGET, PLACE, now)
        await self.deps.incidents.create(made)
        begun = Remediation(id=REMEDIATION, incident_id=made.id, created_at=now, updated_at=now)
        await self.deps.remediations.create(begun)
        await self.go_on()

    async def go_on(self) -> None:
        graph = build_remediation(self.remediator)
        await graph.ainvoke({"remediation": REMEDIATION}, {"recursion_limit": 100})

    async def approval(self) -> Approval:
        (asked,) = await self.deps.approvals.pending()
        return asked

    async def approve(self) -> None:
        await self.deps.approvals.approve((await self.approval()).id, Mark(by=self.people[0], at=self.deps.clock()))

    def effects(self) -> int:
        return self.notebook.count("effect")

    def told(self) -> int:
        return self.notebook.count("told")


@contextmanager
def opened(home: Path) -> Generator[Racer]:
    people, notebook = tuple(f"U{number:03}" for number in range(HUNDRED)), Notebook(home)

    def done(effect: Effect) -> None:
        notebook.note("effect", effect.by)

    account, life = MemoryAccount(done), Life()
    settings = Settings.read(home=home, approvers=people, executor_role_arn="arn:aws:iam::123456789012:role/executor")
    held = build_deps(settings, aws=AccountView(account, life), knowledge=KNOWLEDGE)
    remediator = Remediator(Executor(held.deps, AccountWrites(account, life)))
    try:
        yield Racer(held.deps, remediator, notebook, people)
    finally:
        held.close()


def approve_at_once(home: Path, people: Sequence[str], line: Any) -> None:
    """In a process of its own: when all stand at the line, each of these people presses the button."""
    with opened(home) as racer:
        asyncio.run(_approve(racer, people, line))


async def _approve(racer: Racer, people: Sequence[str], line: Any) -> None:
    consent, asked = Consent(racer.remediator), await racer.approval()
    clicks = [Click(by=user, at=racer.deps.clock(), via="cli") for user in people]
    await asyncio.to_thread(line.wait, 60)

    async def press(click: Click) -> None:
        refusal = await consent.approve(asked.id, click, click.at)
        if refusal is not None:
            racer.notebook.note("told", refusal.sentence)
        with suppress(RetryLater):
            await racer.go_on()

    await asyncio.gather(*map(press, clicks))
