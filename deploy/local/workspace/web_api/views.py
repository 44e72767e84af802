"""views.open, push, update, publish."""

import copy

from deploy.local.workspace.content import checked_view
from deploy.local.workspace.errors import SlackError
from deploy.local.workspace.state import JSON
from deploy.local.workspace.web_api.call import Call


def open_(call: Call) -> JSON:
    definition = _definition(call, "modal")
    user_id = call.workspace.triggers.exchange(call.required("trigger_id"))
    return {"view": copy.deepcopy(call.workspace.views.open(user_id, definition))}


def push(call: Call) -> JSON:
    definition = _definition(call, "modal")
    user_id = call.workspace.triggers.exchange(call.required("trigger_id"))
    return {"view": copy.deepcopy(call.workspace.views.push(user_id, definition))}


def update(call: Call) -> JSON:
    view = call.workspace.views.find(call.args.get("view_id"), call.args.get("external_id"))
    definition = _definition(call, view["type"])
    _check_hash(call, view)
    return {"view": copy.deepcopy(call.workspace.views.update(view, definition))}


def publish(call: Call) -> JSON:
    user = call.workspace.state.user(call.required("user_id"))
    definition = _definition(call, "home")
    home = call.workspace.views.homes.get(user.id)
    if home is not None:
        _check_hash(call, home)
    return {"view": copy.deepcopy(call.workspace.views.publish_home(user.id, definition))}


def _definition(call: Call, kind: str) -> JSON:
    call.required("view")
    return checked_view(call.json("view"), kind, call.workspace.faults)


def _check_hash(call: Call, view: JSON) -> None:
    """A `hash` guards against overwriting a newer version."""
    if call.args.get("hash") and call.args["hash"] != view["hash"]:
        raise SlackError("hash_conflict")
