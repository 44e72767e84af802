"""What Watchkeeper is doing right now, as a plan with task cards."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from agent.figures import count
from slack_app.blocks.parts import Block
from slack_app.blocks.text import cut

Status = Literal["pending", "in_progress", "complete", "error"]
MAX_DETAIL_LINES = 4
TITLE_LIMIT = 120
ANALYSIS = "analysis"
QUESTION = "question"


@dataclass
class Task:
    """One card: a specialist, or the analysis at the end."""

    id: str
    title: str
    status: Status = "pending"
    details: list[str] = field(default_factory=list[str])
    running: int = 0
    """How often it was begun and not yet finished: a specialist may be asked two things at once."""
    pieces: int = 0


@dataclass
class Progress:
    """The cards of one run, moved on by what the graph reports."""

    tasks: dict[str, Task] = field(default_factory=dict[str, Task])

    def begin(self) -> list[Task]:
        """The first card, before anything is known."""
        return [] if self.tasks else [self._move(QUESTION, "Reading the question", "in_progress")]

    def follow(self, part: dict[str, Any]) -> list[Task]:
        """Take in one of the graph's custom parts; returns the cards that changed."""
        changed = self._follow(part)
        return [*self._read(), *changed] if changed else []

    def _read(self) -> list[Task]:
        """The question is understood as soon as anybody works on it."""
        task = self.tasks.get(QUESTION)
        return [self._move(QUESTION, "Read the question", "complete")] if task and task.status != "complete" else []

    def _follow(self, part: dict[str, Any]) -> list[Task]:
        kind, name = part.get("kind"), str(part.get("specialist", ""))
        if kind == "specialist_started":
            task = self._move(name, f"Checking: {part['title']}", "in_progress")
            task.running += 1
            return [task]
        if kind == "specialist_done":
            return self._done(name, int(part["pieces"]))
        if kind == "tool_started" and name in self.tasks:
            task = self.tasks[name]
            line = cut(" ".join(str(part["question"]).split()), TITLE_LIMIT)
            task.details = [*task.details, line or "Looking"][-MAX_DETAIL_LINES:]
            return [task]
        if part.get("phase") == "analyse" and self.tasks:
            return [self._move(ANALYSIS, f"Weighing {count(int(part['pieces']), 'piece')} of evidence", "in_progress")]
        return []

    def _done(self, name: str, pieces: int) -> list[Task]:
        """Complete when nothing of the specialist is under way any more."""
        task = self.tasks.get(name) or self._move(name, f"Checking: {name}", "in_progress")
        task.running, task.pieces = max(task.running - 1, 0), task.pieces + pieces
        if task.running:
            return []
        return [self._move(name, f"{task.title.replace('Checking', 'Checked')} ({task.pieces})", "complete")]

    def finish(self) -> list[Task]:
        """Every card complete."""
        if analysis := self.tasks.get(ANALYSIS):
            analysis.title = analysis.title.replace("Weighing", "Weighed")
        read = self._read()
        return [*read, *(self._move(task.id, "", "complete") for task in self._open())]

    def stop(self, failed: bool = False) -> list[Task]:
        """What was not finished says so: as a failure, or neutrally because somebody wanted it to end."""
        read = self._read()
        status: Status = "error" if failed else "pending"
        return [*read, *(self._move(task.id, f"{task.title} (not finished)", status) for task in self._open())]

    def _open(self) -> list[Task]:
        return [task for task in self.tasks.values() if task.status in ("pending", "in_progress")]

    def _move(self, name: str, title: str, status: Status) -> Task:
        task = self.tasks.setdefault(name, Task(name, title))
        task.status = status
        task.title = title or task.title
        return task


def progress_blocks(progress: Progress, title: str) -> list[Block]:
    """The plan while it is being worked on."""
    cards = [task_card(task) for task in progress.tasks.values()]
    return [{"type": "plan", "title": cut(title, TITLE_LIMIT), "tasks": cards}]


def task_card(task: Task) -> Block:
    card: Block = {
        "type": "task_card",
        "task_id": task.id,
        "title": cut(task.title, TITLE_LIMIT),
        "status": task.status,
    }
    if task.details:
        items = [
            {"type": "rich_text_section", "elements": [{"type": "text", "text": cut(line, TITLE_LIMIT)}]}
            for line in task.details
        ]
        card["details"] = {
            "type": "rich_text",
            "elements": [{"type": "rich_text_list", "style": "bullet", "elements": items}],
        }
    return card
