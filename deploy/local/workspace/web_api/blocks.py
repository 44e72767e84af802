"""blocks.validate: exactly one of blocks, message or view."""

from typing import Any

from deploy.local.workspace.block_kit import Problem, inspect_blocks, inspect_view
from deploy.local.workspace.errors import SlackError
from deploy.local.workspace.state import JSON
from deploy.local.workspace.web_api.call import Call


def validate(call: Call) -> JSON:
    given = [name for name in ("blocks", "message", "view") if call.args.get(name) is not None]
    if len(given) != 1:
        raise SlackError("invalid_arguments")
    value: Any = call.json(given[0])
    match given[0]:
        case "blocks":
            problems = [_at(problem, problem.pointer.removeprefix("/blocks")) for problem in inspect_blocks(value)]
        case "message":
            blocks = value.get("blocks", []) if isinstance(value, dict) else value
            problems = inspect_blocks(blocks)
        case _:
            problems = inspect_view(value)
    if problems:
        errors = [{"pointer": p.pointer, "code": p.code, "message": p.message} for p in problems]
        raise SlackError(f"invalid_{given[0]}", errors=errors)
    return {}


def _at(problem: Problem, pointer: str) -> Problem:
    return Problem(pointer, problem.code, problem.message)
