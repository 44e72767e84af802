"""assistant.threads.* and agents.sessions.*."""

from deploy.local.workspace.errors import SlackError
from deploy.local.workspace.state import JSON, Channel
from deploy.local.workspace.web_api.call import Call

NOT_SUBSCRIBED = "missing_agent_session_stopped_event_subscription"


def set_status(call: Call) -> JSON:
    channel, thread_ts = _thread(call)
    call.workspace.assistant.set_status(channel, thread_ts, call.text("status"))
    return {}


def set_suggested_prompts(call: Call) -> JSON:
    """For an agent app the prompts belong to the conversation: with `thread_ts` Slack accepts and shows nothing."""
    channel = call.joined_channel("channel_id")
    prompts = call.json("prompts", [])
    if not isinstance(prompts, list):
        raise SlackError("invalid_arguments")
    if not call.args.get("thread_ts"):
        call.workspace.assistant.set_prompts(channel, call.text("title"), prompts)
    return {}


def set_title(call: Call) -> JSON:
    channel, thread_ts = _thread(call)
    call.workspace.assistant.set_title(channel, thread_ts, str(call.required("title")))
    return {}


def set_session_status(call: Call) -> JSON:
    channel, thread_ts = _thread(call)
    status, title = str(call.required("status")), call.text("title")
    session = call.workspace.assistant.set_session_status(channel, thread_ts, status, title)
    answer: JSON = {"status": status, "agent_status": status, "title": session["title"]}
    if "agent_session_stopped" not in call.workspace.events.subscriptions:
        answer["warning"] = NOT_SUBSCRIBED
    return answer


def rename_session(call: Call) -> JSON:
    channel, thread_ts = _thread(call)
    if call.workspace.assistant.session(channel, thread_ts) is None:
        raise SlackError("session_not_found")
    call.workspace.assistant.set_title(channel, thread_ts, str(call.required("title")))
    return {}


def _thread(call: Call) -> tuple[Channel, str]:
    channel = call.joined_channel("channel_id")
    thread_ts = str(call.required("thread_ts"))
    if thread_ts not in channel.messages:
        raise SlackError("invalid_thread_ts")
    return channel, thread_ts
