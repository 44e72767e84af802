"""conversations.* and the views of channels that they return."""

from typing import Any

from deploy.local.workspace.errors import SlackError
from deploy.local.workspace.state import JSON, Channel, is_reply
from deploy.local.workspace.web_api.call import Call
from deploy.local.workspace.web_api.paging import page


def list_(call: Call) -> JSON:
    types = call.text("types", "public_channel").replace(" ", "").split(",")
    wanted = [
        channel
        for channel in call.workspace.state.channels.values()
        if ("im" if channel.is_im else "public_channel") in types
    ]
    channels, cursor = page(call, wanted, 100)
    shown = [describe(channel, call) for channel in channels]
    return {"channels": shown, "response_metadata": {"next_cursor": cursor}}


def info(call: Call) -> JSON:
    channel = call.channel()
    described = describe(channel, call)
    if call.flag("include_num_members"):
        described["num_members"] = len(channel.members)
    return {"channel": described}


def history(call: Call) -> JSON:
    """Newest first, between `oldest` and `latest` (exclusive unless `inclusive`)."""
    channel = call.joined_channel()
    messages = [m for m in reversed(channel.top_level()) if _in_range(call, m["ts"])]
    shown, cursor = page(call, messages, 100, maximum=999)
    return {
        "messages": [_shown(call, m) for m in shown],
        "has_more": bool(cursor),
        "pin_count": 0,
        "response_metadata": {"next_cursor": cursor},
    }


def replies(call: Call) -> JSON:
    """The root, then replies oldest first; the root comes on every page, as on Slack."""
    channel = call.joined_channel()
    message = channel.messages.get(call.text("ts"))
    if message is None:
        raise SlackError("thread_not_found")
    root_ts = message["thread_ts"] if is_reply(message) else message["ts"]
    root, *rest = channel.thread(root_ts)
    shown, cursor = page(call, [m for m in rest if _in_range(call, m["ts"])], 1_000)
    messages = [_shown(call, m) for m in (root, *shown)]
    return {"messages": messages, "has_more": bool(cursor), "response_metadata": {"next_cursor": cursor}}


def members(call: Call) -> JSON:
    shown, cursor = page(call, call.channel().members, 100)
    return {"members": shown, "response_metadata": {"next_cursor": cursor}}


def join(call: Call) -> JSON:
    channel = call.channel()
    if channel.is_im:
        raise SlackError("method_not_supported_for_channel_type")
    already = call.app.user_id in channel.members
    call.workspace.timeline.join(call.bot, channel)
    answer: JSON = {"channel": describe(channel, call)}
    return answer | ({"warning": "already_in_channel"} if already else {})


def leave(call: Call) -> JSON:
    channel = call.channel()
    if call.app.user_id not in channel.members:
        return {"not_in_channel": True}
    channel.members.remove(str(call.app.user_id))
    return {}


def invite(call: Call) -> JSON:
    channel = call.joined_channel()
    for user_id in call.text("users").split(","):
        user = call.workspace.state.user(user_id.strip())
        if user.id in channel.members:
            raise SlackError("already_in_channel")
        call.workspace.timeline.join(user, channel)
    return {"channel": describe(channel, call)}


def open_(call: Call) -> JSON:
    """The direct messages with one person."""
    users = [name.strip() for name in call.text("users").split(",") if name.strip()]
    if not users and call.args.get("channel"):
        return {"channel": {"id": call.channel().id}}
    if len(users) != 1:
        raise SlackError("invalid_arguments")
    user = call.workspace.state.user(users[0])
    for channel in call.workspace.state.channels.values():
        if channel.user == user.id:
            described: JSON = describe(channel, call) if call.flag("return_im") else {"id": channel.id}
            return {"channel": described, "no_op": True, "already_open": True}
    raise SlackError("cannot_dm_bot")


def mark(call: Call) -> JSON:
    channel = call.joined_channel()
    channel.last_read[str(call.app.user_id)] = call.text("ts")
    return {}


def set_topic(call: Call) -> JSON:
    channel = call.joined_channel()
    channel.topic = call.text("topic")
    described = {"id": channel.id, "topic": channel.topic}
    call.workspace.live.publish("channel", channel=described)
    return {"channel": describe(channel, call)}


def describe(channel: Channel, call: Call) -> JSON:
    """A channel object as the Web API shows it to this app."""
    common: dict[str, Any] = {
        "id": channel.id,
        "created": channel.created,
        "is_im": channel.is_im,
        "is_mpim": False,
        "is_private": channel.is_im,
        "is_archived": False,
        "context_team_id": call.workspace.state.team_id,
    }
    if channel.is_im:
        return common | {"user": channel.user, "is_user_deleted": False, "priority": 0, "is_open": True}
    return common | {
        "name": channel.name,
        "name_normalized": channel.name,
        "is_channel": True,
        "is_group": False,
        "is_general": channel.name == "general",
        "is_member": call.app.user_id in channel.members,
        "is_shared": False,
        "is_ext_shared": False,
        "creator": channel.creator,
        "num_members": len(channel.members),
        "topic": {"value": channel.topic, "creator": channel.creator, "last_set": channel.created},
        "purpose": {"value": channel.purpose, "creator": channel.creator, "last_set": channel.created},
    }


def _shown(call: Call, message: JSON) -> JSON:
    """Metadata only where it is asked for, as on Slack."""
    shown = call.workspace.timeline.wire(message)
    if not call.flag("include_all_metadata"):
        shown.pop("metadata", None)
    return shown


def _in_range(call: Call, ts: str) -> bool:
    oldest, latest = _seconds(call, "oldest", 0.0), _seconds(call, "latest", float("inf"))
    at = float(ts)
    return oldest <= at <= latest if call.flag("inclusive") else oldest < at < latest


def _seconds(call: Call, name: str, default: float) -> float:
    text = call.text(name)
    try:
        return float(text) if text else default
    except ValueError:
        raise SlackError(f"invalid_ts_{name}") from None
