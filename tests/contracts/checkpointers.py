"""The checkpointers under contract, and a graph that waits for somebody.

`python -m tests.contracts.checkpointers FOLDER` resumes, as another process, what a test began.
"""

from __future__ import annotations

import asyncio
import operator
import os
import sys
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Annotated, Any, TypedDict

from langchain_core.messages import AIMessage, AnyMessage, HumanMessage
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import StateGraph
from langgraph.types import Command, interrupt

from agent.settings import Settings
from tests.contracts.adapters import wall_clock
from tests.contracts.emulators import EMULATORS, emulator, prefix
from tools.archive_bucket import create_bucket
from tools.checkpoints import open_checkpointer
from tools.stores.dynamodb.tables import WORKFLOWS, create_tables

CHECKPOINTERS = ("sqlite", *EMULATORS)


class State(TypedDict):
    """Plain, as the states of all graphs are."""

    steps: Annotated[list[str], operator.add]
    evidence: list[dict[str, Any]]
    messages: list[AnyMessage]
    answer: str


async def propose(state: State) -> dict[str, Any]:
    return {"steps": ["proposed"], "messages": [HumanMessage("why?"), AIMessage("because")]}


async def decide(state: State) -> dict[str, Any]:
    return {"answer": interrupt({"question": "restart it?"}), "steps": ["decided"]}


def waiting_graph(saver: BaseCheckpointSaver[Any]) -> Any:
    graph = StateGraph(State)
    graph.add_node("propose", propose)
    graph.add_node("decide", decide)
    graph.add_edge("__start__", "propose")
    graph.add_edge("propose", "decide")
    return graph.compile(checkpointer=saver)


def start(size: int = 0) -> dict[str, Any]:
    return {"steps": [], "evidence": [{"id": "ev_1", "summary": "x" * size}], "messages": [], "answer": ""}


def run(thread: str) -> dict[str, Any]:
    return {"configurable": {"thread_id": thread}}


def settings_for(name: str, folder: Path) -> Settings:
    """With the table and the bucket, in an environment where boto3 finds the emulator."""
    if name == "sqlite":
        return Settings.read(home=folder)
    running = emulator(name)
    running.keep_time(wall_clock())
    os.environ.update(AWS_ENDPOINT_URL=running.url, AWS_ACCESS_KEY_ID="test", AWS_SECRET_ACCESS_KEY="test")
    create_tables(running.client("dynamodb"), prefix(folder), (WORKFLOWS,))
    bucket = f"{prefix(folder)}archive"
    create_bucket(running.client("s3"), bucket, days=400)
    return Settings.read(home=folder, store="dynamodb", table_prefix=prefix(folder), archive_bucket=bucket)


def opened(name: str, folder: Path) -> AbstractAsyncContextManager[BaseCheckpointSaver[Any]]:
    return open_checkpointer(settings_for(name, folder))


async def resume(name: str, folder: Path, thread: str, answer: str) -> dict[str, Any]:
    async with opened(name, folder) as saver:
        return await waiting_graph(saver).ainvoke(Command(resume=answer), run(thread), durability="sync")


if __name__ == "__main__":
    state = asyncio.run(resume(sys.argv[1], Path(sys.argv[2]), sys.argv[3], sys.argv[4]))
    evidence, messages = state["evidence"][0], state["messages"]
    sys.stdout.write(f"{state['answer']} {state['steps']} {len(evidence['summary'])} {type(messages[1]).__name__}\n")
