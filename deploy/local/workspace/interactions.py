"""What people do besides writing: clicks, submissions, commands. Each becomes one interaction payload for the app."""

import copy
from collections.abc import Iterator
from typing import Any

from deploy.local.workspace.content import checked_view
from deploy.local.workspace.delivery import Ack, Transport
from deploy.local.workspace.errors import SlackError, WorkspaceError
from deploy.local.workspace.faults import Faults
from deploy.local.workspace.response_urls import ResponseUrls
from deploy.local.workspace.state import JSON, BotApp, Channel, State, User
from deploy.local.workspace.timeline import Timeline
from deploy.local.workspace.triggers import Triggers
from deploy.local.workspace.views import Views

SELECTION_KEYS = [
    "value",
    "selected_option",
    "selected_options",
    "selected_user",
    "selected_users",
    "selected_channel",
    "selected_channels",
    "selected_conversation",
    "selected_conversations",
    "selected_date",
    "selected_time",
    "selected_date_time",
    "rich_text_value",
    "files",
]
GONE = "That button or field is no longer there."
NO_APP = "The app did not answer. Is it running and connected to this workspace?"


class Interactions:
    """Sends interactions and carries out what the acknowledgement asks for."""

    def __init__(
        self,
        state: State,
        app: BotApp,
        transport: Transport,
        timeline: Timeline,
        views: Views,
        triggers: Triggers,
        response_urls: ResponseUrls,
        faults: Faults,
        verification_token: str,
    ) -> None:
        self._state = state
        self._app = app
        self._transport = transport
        self._timeline = timeline
        self._views = views
        self._triggers = triggers
        self._response_urls = response_urls
        self._faults = faults
        self._token = verification_token

    async def click_in_message(self, user: User, channel: Channel, message: JSON, click: JSON) -> None:
        """A click or selection in a message. `click` has block_id, action_id and the selection."""
        action = self._action(message_blocks(message), click)
        remember(message.setdefault("state", {"values": {}}), action)
        ephemeral = bool(message.get("is_ephemeral"))
        container = {
            "type": "message",
            "message_ts": message["ts"],
            "channel_id": channel.id,
            "is_ephemeral": ephemeral,
        }
        if "thread_ts" in message:
            container["thread_ts"] = message["thread_ts"]
        payload = self._payload("block_actions", user) | {
            "container": container,
            "channel": {"id": channel.id, "name": "directmessage" if channel.is_im else channel.name},
            "state": copy.deepcopy(message["state"]),
            "response_url": self._response_urls.new(channel, user, message["ts"]),
            "actions": [action],
        }
        if not ephemeral:  # Slack sends no content of ephemeral messages
            payload["message"] = self._timeline.wire(message)
        self._require(await self._transport.ask("interactive", payload))

    async def click_in_view(self, user: User, view: JSON, click: JSON) -> None:
        """A click or selection in a modal or a home tab."""
        action = self._action(view["blocks"], click)
        remember(view["state"], action)
        payload = self._payload("block_actions", user) | {
            "container": {"type": "view", "view_id": view["id"]},
            "view": copy.deepcopy(view),
            "actions": [action],
        }
        self._require(await self._transport.ask("interactive", payload))

    async def suggest_options(self, user: User, container: JSON, blocks: list[JSON], click: JSON) -> JSON:
        """Options for an external select, while the person types. Returns the app's answer."""
        element = find_element(blocks, click)
        payload = self._payload("block_suggestion", user) | container
        payload |= {
            "block_id": click.get("block_id"),
            "action_id": element["action_id"],
            "value": click.get("value", ""),
        }
        ack = self._require(await self._transport.ask("interactive", payload))
        return ack.payload or {"options": []}

    async def submit_view(self, user: User, view: JSON, values: JSON) -> JSON:
        """Submit a modal. Returns `{"response_action", "errors"}` as far as the app gave them."""
        view["state"] = {"values": values}
        payload = self._payload("view_submission", user) | {"view": copy.deepcopy(view), "response_urls": []}
        ack = self._require(await self._transport.ask("interactive", payload))
        answer = ack.payload or {}
        match answer.get("response_action"):
            case "errors":
                return {"response_action": "errors", "errors": answer.get("errors", {})}
            case "update":
                self._views.update(view, self._answered_view(answer))
            case "push":
                self._views.push(user.id, self._answered_view(answer))
            case "clear":
                self._views.clear(user.id)
            case _:
                self._views.close(user.id, view)
        return {key: answer[key] for key in ("response_action",) if key in answer}

    async def close_view(self, user: User, view: JSON, *, cleared: bool = False) -> None:
        self._views.close(user.id, view)
        if view.get("notify_on_close"):
            payload = self._payload("view_closed", user) | {"view": copy.deepcopy(view), "is_cleared": cleared}
            payload.pop("trigger_id")
            await self._transport.ask("interactive", payload)

    async def command(self, user: User, channel: Channel, command: str, text: str) -> None:
        """A slash command. An acknowledgement with text or blocks is shown as its answer."""
        payload: JSON = {
            "token": self._token,
            "team_id": self._state.team_id,
            "team_domain": self._state.team_name.lower(),
            "channel_id": channel.id,
            "channel_name": "directmessage" if channel.is_im else channel.name,
            "user_id": user.id,
            "user_name": user.name,
            "command": command,
            "text": text,
            "api_app_id": self._app.app_id,
            "is_enterprise_install": "false",
            "response_url": self._response_urls.new(channel, user, None),
            "trigger_id": self._triggers.new(user.id),
        }
        ack = self._require(await self._transport.ask("slash_commands", payload))
        if ack.payload:
            self._response_urls.respond(payload["response_url"], ack.payload)

    def _answered_view(self, answer: JSON) -> JSON:
        try:
            return checked_view(answer.get("view"), "modal", self._faults)
        except SlackError as error:
            raise WorkspaceError(f"The app answered with a view that Slack would refuse: {error.reasons}") from None

    def _payload(self, kind: str, user: User) -> JSON:
        return {
            "type": kind,
            "team": {"id": self._state.team_id, "domain": self._state.team_name.lower()},
            "user": {"id": user.id, "username": user.name, "name": user.name, "team_id": self._state.team_id},
            "api_app_id": self._app.app_id,
            "token": self._token,
            "trigger_id": self._triggers.new(user.id),
            "enterprise": None,
            "is_enterprise_install": False,
        }

    def _action(self, blocks: list[JSON], click: JSON) -> JSON:
        element = find_element(blocks, click)
        action = {key: element[key] for key in ("type", "action_id", "text", "style", "value") if key in element}
        action |= {key: click[key] for key in SELECTION_KEYS if click.get(key) is not None}
        return action | {"block_id": click["block_id"], "action_ts": self._state.next_ts()}

    @staticmethod
    def _require(ack: Ack) -> Ack:
        if not ack.ok:
            raise WorkspaceError(NO_APP)
        return ack


def message_blocks(message: JSON) -> list[JSON]:
    """A message's own blocks and those in its attachments."""
    attached = [block for attachment in message.get("attachments", []) for block in attachment.get("blocks", [])]
    return [*message.get("blocks", []), *attached]


def find_element(blocks: list[JSON], click: JSON) -> JSON:
    for block in walk_blocks(blocks):
        if block.get("block_id") != click.get("block_id"):
            continue
        for element in block_elements(block):
            if element.get("action_id") == click.get("action_id"):
                return element
    raise WorkspaceError(GONE)


def block_of(blocks: list[JSON], action_id: str) -> str:
    """The id of the block that holds the element with this action id."""
    for block in walk_blocks(blocks):
        if any(element.get("action_id") == action_id for element in block_elements(block)):
            return str(block["block_id"])
    raise WorkspaceError(GONE)


def walk_blocks(blocks: list[JSON]) -> Iterator[JSON]:
    """The blocks, and those inside containers and carousels."""
    for block in blocks:
        yield block
        nested: Any = block.get("child_blocks") or (block.get("elements") if block.get("type") == "carousel" else None)
        if nested:
            yield from walk_blocks(nested)


def block_elements(block: JSON) -> list[JSON]:
    """The interactive elements of one block."""
    single = [block[key] for key in ("accessory", "element") if isinstance(block.get(key), dict)]
    return [*single, *block.get("elements", []), *block.get("actions", [])]


def remember(state: JSON, action: JSON) -> None:
    """Keep what a field holds now, for `state.values`. Plain buttons and menus of actions hold nothing."""
    if action["type"] in ("button", "overflow", "feedback_buttons", "icon_button", "workflow_button"):
        return
    kept = {key: action[key] for key in ("type", *SELECTION_KEYS) if key in action}
    state["values"].setdefault(action["block_id"], {})[action["action_id"]] = kept


def require_view(views: Views, view_id: str) -> JSON:
    try:
        return views.find(view_id)
    except SlackError:
        raise WorkspaceError("That dialog is no longer open.") from None
