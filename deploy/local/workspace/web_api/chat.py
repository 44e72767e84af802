"""chat.postMessage, postEphemeral, update, delete, getPermalink."""

from deploy.local.workspace.content import checked_content
from deploy.local.workspace.errors import SlackError
from deploy.local.workspace.state import JSON, Channel
from deploy.local.workspace.web_api.call import Call


def post_message(call: Call) -> JSON:
    channel = _writable(call)
    content = checked_content(call.args, call.workspace.faults) | _customisation(call)
    thread_ts = call.text("thread_ts") or None
    if call.flag("reply_broadcast") and thread_ts:
        content["subtype"] = "thread_broadcast"
    message = call.workspace.timeline.post_as_app(call.app, channel, content, thread_ts)
    if thread_ts:
        call.workspace.assistant.set_status(channel, message["thread_ts"], "")
    return {"channel": channel.id, "ts": message["ts"], "message": call.workspace.timeline.wire(message)}


def post_ephemeral(call: Call) -> JSON:
    channel = _writable(call)
    user = call.workspace.state.user(call.required("user"))
    if user.id not in channel.members:
        raise SlackError("user_not_in_channel")
    content = checked_content(call.args, call.workspace.faults)
    sender = {"user": call.app.user_id, "bot_id": call.app.bot_id, "username": call.app.name}
    if call.args.get("thread_ts"):
        sender["thread_ts"] = call.text("thread_ts")
    return {"message_ts": call.workspace.timeline.ephemeral(channel, user.id, content | sender)}


def update(call: Call) -> JSON:
    """Only the app's own messages, and not while they are being streamed."""
    channel = call.channel()
    message = call.message(channel)
    if message.get("bot_id") != call.app.bot_id:
        raise SlackError("cant_update_message")
    if call.workspace.streams.is_active(message["ts"]):
        raise SlackError("streaming_state_conflict")
    content = checked_content(call.args, call.workspace.faults)
    changes: JSON = dict(content)
    if "text" in content and "blocks" not in content:
        changes["blocks"] = None  # Slack drops blocks that a new text no longer describes
    edited_by = None if "blocks" in content else call.app.user_id  # block updates are not marked as edited
    call.workspace.timeline.update(channel, message, changes, edited_by=edited_by)
    shown = call.workspace.timeline.wire(message)
    return {"channel": channel.id, "ts": message["ts"], "text": message.get("text", ""), "message": shown}


def delete(call: Call) -> JSON:
    channel = call.channel()
    message = call.message(channel)
    if message.get("bot_id") != call.app.bot_id:
        raise SlackError("cant_delete_message")
    call.workspace.timeline.delete(channel, message)
    return {"channel": channel.id, "ts": message["ts"]}


def get_permalink(call: Call) -> JSON:
    channel = call.channel()
    message = call.message(channel, "message_ts")
    return {"channel": channel.id, "permalink": call.workspace.permalink(channel, message)}


def _writable(call: Call) -> Channel:
    call.required("channel")
    return call.joined_channel()


def _customisation(call: Call) -> JSON:
    """`chat:write.customize`: another name and icon for one message."""
    custom: JSON = {}
    if call.args.get("username"):
        custom["username"] = call.text("username")
    if call.args.get("icon_emoji"):
        custom["icons"] = {"emoji": call.text("icon_emoji")}
    return custom
