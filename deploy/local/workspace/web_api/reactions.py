"""reactions.add, remove, get."""

import re

from deploy.local.workspace.errors import SlackError
from deploy.local.workspace.state import JSON
from deploy.local.workspace.web_api.call import Call


def add(call: Call) -> JSON:
    channel = call.joined_channel()
    message = call.message(channel, "timestamp")
    call.workspace.timeline.react(call.bot.id, channel, message, _name(call))
    return {}


def remove(call: Call) -> JSON:
    channel = call.joined_channel()
    message = call.message(channel, "timestamp")
    call.workspace.timeline.unreact(call.bot.id, channel, message, _name(call))
    return {}


def get(call: Call) -> JSON:
    channel = call.joined_channel()
    message = call.message(channel, "timestamp")
    return {"type": "message", "channel": channel.id, "message": call.workspace.timeline.wire(message)}


def _name(call: Call) -> str:
    name = str(call.required("name")).strip(":")
    if not re.fullmatch(r"[a-z0-9_+'-]+(::skin-tone-[2-6])?", name):
        raise SlackError("invalid_name")
    return name
