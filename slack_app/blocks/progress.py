"""What Watchkeeper is doing right now, as a plan with task cards."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from slack_app.blocks.parts import Block
from slack_app.blocks.text import cut

Status = Literal["pending", "in_progress", "complete", "error"]
MAX_DETAIL_LINES = 4
TITLE_LIMIT = 120
ANALYSIS = "analysis"


@dataclass
class Task:
    """One card: a specialist, or the analysis at the end."""

    id: str
    title: str
    status: Status = "pending"
    details: list[str] = field(default_factory=list[str])


@dataclass
class Progress:
    """The cards of one run, moved on by what the graph reports."""

    tasks: dict[str, Task] = field(default_factory=dict[str, Task])

    def follow(self, part: dict[str, Any]) -> list[Task]:
        """Take in one of the graph's custom parts; returns the cards that changed."""
        kind, name = part.get("kind"), str(part.get("specialist", ""))
        if kind == "specialist_started":
            return [self._move(name, f"Checking: {part['title']}", "in_progress")]
        if kind == "specialist_done":
            task = self._move(name, "" if name in self.tasks else f"Checked: {name}", "complete")
            task.title = f"{task.title.replace('Checking', 'Checked')} ({part['pieces']})"
            return [task]
        if kind == "tool_started" and name in self.tasks:
            task = self.tasks[name]
            line = cut(" ".join(str(part["question"]).split()), TITLE_LIMIT)
            task.details = [*task.details, line or "Looking"][-MAX_DETAIL_LINES:]
            return [task]
        if part.get("phase") == "analyse" and self.tasks:
            return [self._move(ANALYSIS, f"Weighing {part['pieces']} pieces of evidence", "in_progress")]
        return []

    def finish(self) -> list[Task]:
        """Every card complete."""
        if analysis := self.tasks.get(ANALYSIS):
            analysis.title = analysis.title.replace("Weighing", "Weighed")
        return [self._move(task.id, "", "complete") for task in self.tasks.values() if task.status != "complete"]

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
