"""Asking for a form the way each provider does it best, and reading it from whichever way the reply came.

OpenAI, vLLM and Gemini are held to a JSON schema while they write. Bedrock's models are told to call the form as their
one tool. A model that does the other thing, or wraps its JSON in a code fence, is understood all the same.
"""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any, TypeVar

from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.messages import AIMessage
from langchain_core.runnables import Runnable
from langchain_core.utils.json_schema import dereference_refs
from pydantic import BaseModel, ValidationError

Form = TypeVar("Form", bound=BaseModel)
Bound = Runnable[LanguageModelInput, AIMessage]

_OBJECT = re.compile(r"\{.*\}", re.S)


def bind_tool(model: Any, form: type[BaseModel]) -> Bound:
    """The form is the one tool, and it must be called."""
    try:
        return model.bind_tools([form], tool_choice="any")
    except ValueError:
        # Some models on Bedrock cannot be told to use a tool. They are asked to by the prompt, and mostly do.
        return model.bind_tools([form])


def bind_response_format(model: BaseChatModel, form: type[BaseModel]) -> Bound:
    """OpenAI's `response_format`, which vLLM has too: the reply is this JSON and nothing else."""
    schema = {"name": form.__name__, "strict": True, "schema": strict_schema(form)}
    return model.bind(response_format={"type": "json_schema", "json_schema": schema})


def bind_response_schema(model: BaseChatModel, form: type[BaseModel]) -> Bound:
    """Gemini's `responseJsonSchema`."""
    return model.bind(response_mime_type="application/json", response_json_schema=strict_schema(form))


@cache
def strict_schema(form: type[BaseModel]) -> dict[str, Any]:
    """The form's JSON schema as strict servers want it: every field required, no other allowed, no defaults."""
    return {"title": form.__name__, **_strict(dereference_refs(form.model_json_schema()))}


def _strict(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_strict(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {key: _strict(value) for key, value in schema.items() if key not in ("default", "title", "$defs")}
    if "properties" in schema:
        kept["properties"] = {name: _strict(each) for name, each in schema["properties"].items()}
        kept |= {"required": list(schema["properties"]), "additionalProperties": False}
    return kept


def read_form(form: type[Form], reply: AIMessage) -> tuple[Form | None, str]:
    """(the form, "") or (None, what is wrong with the reply)."""
    call = next((call for call in reply.tool_calls if call["name"] == form.__name__), None)
    content = call["args"] if call else _json(reply.text)
    if content is None:
        return None, "the form is missing"
    try:
        return form.model_validate(content), ""
    except ValidationError as error:
        return None, "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()[:5])


def _json(text: str) -> dict[str, Any] | None:
    found = _OBJECT.search(text)
    try:
        return json.loads(found[0]) if found else None
    except ValueError:
        return None
