"""Asking: entries grouped by the state of the account that they need, the groups over a few processes.

A simulated account belongs to its process, so two states can only be had at once in two of them.
"""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from datetime import UTC, datetime
from multiprocessing import get_context, parent_process
from typing import Any

from agent.models import ChatMessage, new_id
from agent.settings import Settings
from deploy.evaluation.marking import Mark, mark
from deploy.evaluation.questions import Entry
from deploy.looked_up import for_one_run

NO_OTHER = {"llm_router": "", "llm_specialist": "", "llm_fast": ""}
"""So that one model has every role."""
LARGEST_GROUP = 4
"""So that no process is left with a long group at the end."""
Marked = dict[str, list[Mark]]
"""The marks of each entry's turns, by the entry's id."""


def evaluate(entries: Sequence[Entry], model: str, processes: int, done: Callable[[str], None]) -> Marked:
    """Ask everything. `model` is `provider:model`, or empty for the configured one; `done` hears of each group."""
    settings(model)  # a mistake in it is told before anything starts
    marked: Marked = {}
    context = get_context("spawn")
    with ProcessPoolExecutor(
        processes or os.cpu_count() or 1, mp_context=context, initializer=end_with_the_parent
    ) as pool:
        asked: list[Future[Marked]] = [pool.submit(ask_group, group, model) for group in grouped(entries)]
        for each in as_completed(asked):
            marked |= each.result()
            done(f"{len(marked)} of {len(entries)} asked")
    return {entry.id: marked[entry.id] for entry in entries}


def end_with_the_parent() -> None:
    """Ctrl-C reaches every process of a terminal: the first one says so, and this one just ends.

    It ends with the first one, too, however that ended: a worker whose pool was killed would wait for ever.
    """
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    threading.Thread(target=_watch_the_parent, daemon=True).start()


def _watch_the_parent() -> None:
    if parent := parent_process():
        parent.join()
        os._exit(1)


def grouped(entries: Sequence[Entry]) -> list[tuple[Entry, ...]]:
    """Entries that need the same state of the account, a few at a time, the largest groups first."""
    same: dict[tuple[str, ...], list[Entry]] = defaultdict(list)
    for entry in entries:
        same[tuple(sorted(entry.scenarios))].append(entry)
    groups = [tuple(g[at : at + LARGEST_GROUP]) for g in same.values() for at in range(0, len(g), LARGEST_GROUP)]
    return sorted(groups, key=lambda group: -len(group) * len(group[0].scenarios))


def settings(model: str) -> Settings:
    """The configured settings, with this model in every role."""
    return for_one_run(Settings.read(**({"llm": model, **NO_OTHER} if model else {})), "simulated")


def ask_group(group: Sequence[Entry], model: str) -> Marked:
    """One group in this process."""
    from deploy.once import simulated_account

    loaded_at = datetime.now(UTC)
    chosen = settings(model)
    with simulated_account(group[0].scenarios, chosen):
        return asyncio.run(_ask_all(group, chosen, loaded_at))


async def _ask_all(group: Sequence[Entry], chosen: Settings, loaded_at: datetime) -> Marked:
    from deploy.once import application_once
    from tools.inventory import read_inventory

    async with application_once(chosen) as app:
        await read_inventory(app.deps)  # a process's first look builds its clients, which no question should wait for
        return {entry.id: await _ask_entry(app, entry, loaded_at) for entry in group}


async def _ask_entry(app: Any, entry: Entry, loaded_at: datetime) -> list[Mark]:
    """A thread, turn by turn; nothing that an earlier thread gathered is used again."""
    app.deps.cache.forget("")
    history: list[ChatMessage] = []
    marks: list[Mark] = []
    for number, turn in enumerate(entry.turns, 1):
        answer, evidence = await app.ask(turn.text, history, new_id("run"), _unheard)
        marks.append(mark(turn, answer, evidence, loaded_at))
        at = app.deps.clock()
        history += [
            ChatMessage(role="user", text=turn.text, ts=f"{number}", at=at),
            ChatMessage(
                role="assistant",
                text=answer.headline,
                answer=answer,
                ts=f"answer:{number}",
                at=at,
                evidence=tuple(evidence),
            ),
        ]
    return marks


async def _unheard(part: dict[str, Any]) -> None:
    """Nobody watches."""
