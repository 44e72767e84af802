"""Everything that happens in channels: posts, edits, deletions, reactions, joins.

Each change is stored, told to the app as an event, and pushed to the open pages.
"""

import copy
from typing import Any

from deploy.local.workspace.errors import SlackError
from deploy.local.workspace.events import EventFeed
from deploy.local.workspace.live import LiveFeed
from deploy.local.workspace.mrkdwn import rich_text
from deploy.local.workspace.state import JSON, BotApp, Channel, State, User, is_reply, new_id

HUMAN_TEXT_LIMIT = 12_000
TOMBSTONE_KEYS = ("type", "ts", "thread_ts", "reply_count", "reply_users", "reply_users_count", "latest_reply")
UNSENT_KEYS = frozenset({"streaming", "state"})
"""What the workspace keeps with a message for itself: is it streaming, what do its fields hold."""


class Timeline:
    """The one place where messages are created and changed."""

    def __init__(self, state: State, events: EventFeed, live: LiveFeed) -> None:
        self._state = state
        self._events = events
        self._live = live

    def post_as_person(self, user: User, channel: Channel, text: str, thread_ts: str | None = None) -> JSON:
        """A person types `text` (mrkdwn, mentions as `<@U…>`) and presses return."""
        self._join_if_new(user, channel)
        message: JSON = {"user": user.id, "client_msg_id": new_id("m"), "text": text[:HUMAN_TEXT_LIMIT]}
        message |= {"team": self._state.team_id, "blocks": [rich_text(text[:HUMAN_TEXT_LIMIT])]}
        posted = self.post(channel, message, thread_ts)
        self.mark_read(channel, user)
        return posted

    def post_as_app(self, app: BotApp, channel: Channel, content: JSON, thread_ts: str | None = None) -> JSON:
        """An app's bot user posts; `content` has text, blocks, attachments and so on, already checked."""
        profile = {"id": app.bot_id, "app_id": app.app_id, "name": app.name, "team_id": self._state.team_id}
        message: JSON = {"user": app.user_id, "bot_id": app.bot_id, "app_id": app.app_id, "bot_profile": profile}
        message |= {"team": self._state.team_id, "text": "", **content}
        return self.post(channel, message, thread_ts)

    def post_as_webhook(self, app: BotApp, channel: Channel, content: JSON, thread_ts: str | None = None) -> JSON:
        """An incoming webhook posts: subtype `bot_message`, a bot id, no user."""
        message: JSON = {"subtype": "bot_message", "bot_id": app.bot_id, "app_id": app.app_id, "username": app.name}
        message |= {"icons": {"emoji": app.icon_emoji}, "text": "", **content}
        return self.post(channel, message, thread_ts)

    def post(self, channel: Channel, message: JSON, thread_ts: str | None = None) -> JSON:
        """Store a message and tell everyone. `thread_ts` must name an existing message (else `thread_not_found`)."""
        root = self._thread_root(channel, thread_ts) if thread_ts else None
        stored: JSON = {"type": "message", "ts": self._state.next_ts(), **message}
        if root is not None:
            stored |= {"thread_ts": root["ts"]}
            if "user" in root:
                stored["parent_user_id"] = root["user"]
        channel.messages[stored["ts"]] = stored
        if root is not None:
            self._count_replies(channel, root)
        self._events.message(channel, self.wire(stored))
        self._live.publish("message", channel=channel.id, message=self.for_page(channel, stored))
        return stored

    def update(self, channel: Channel, message: JSON, changes: JSON, *, edited_by: str | None = None) -> JSON:
        """Replace parts of a message; a `None` removes the key. Sends `message_changed`."""
        previous = self.wire(message)
        self._apply(message, changes)
        if edited_by is not None:
            message["edited"] = {"user": edited_by, "ts": self._state.next_ts()}
        self._events.message_changed(channel, self.wire(message), previous)
        self.refresh(channel, message)
        return message

    def grow(self, channel: Channel, message: JSON, changes: JSON) -> None:
        """Change a streaming message. Slack sends no event for each piece, only the open pages see it."""
        self._apply(message, changes)
        self.refresh(channel, message)

    def delete(self, channel: Channel, message: JSON) -> None:
        """Remove a message; the root of a thread leaves a tombstone."""
        previous = self.wire(message)
        ts = message["ts"]
        if not is_reply(message) and len(channel.thread(ts)) > 1:
            tombstone: JSON = {"subtype": "tombstone", "text": "This message was deleted.", "hidden": True}
            kept = {key: message[key] for key in TOMBSTONE_KEYS if key in message}
            channel.messages[ts] = kept | tombstone | {"user": "USLACKBOT"}
            self._events.message_changed(channel, self.wire(channel.messages[ts]), previous)
            self.refresh(channel, channel.messages[ts])
            return
        del channel.messages[ts]
        if is_reply(message) and message["thread_ts"] in channel.messages:
            self._count_replies(channel, channel.messages[message["thread_ts"]])
        self._events.message_deleted(channel, previous)
        self._live.publish("message_deleted", channel=channel.id, ts=ts, thread_ts=previous.get("thread_ts"))

    def react(self, user_id: str, channel: Channel, message: JSON, name: str) -> None:
        reactions: list[JSON] = message.setdefault("reactions", [])
        reaction: JSON | None = next((r for r in reactions if r["name"] == name), None)
        if reaction is None:
            reaction = {"name": name, "users": [], "count": 0}
            reactions.append(reaction)
        if user_id in reaction["users"]:
            raise SlackError("already_reacted")
        reaction["users"].append(user_id)
        reaction["count"] += 1
        self._reaction_changed("reaction_added", user_id, channel, message, name)

    def unreact(self, user_id: str, channel: Channel, message: JSON, name: str) -> None:
        reactions: list[JSON] = message.get("reactions", [])
        reaction = next((r for r in reactions if r["name"] == name and user_id in r["users"]), None)
        if reaction is None:
            raise SlackError("no_reaction")
        reaction["users"].remove(user_id)
        reaction["count"] -= 1
        message["reactions"] = [r for r in reactions if r["count"]]
        self._reaction_changed("reaction_removed", user_id, channel, message, name)

    def join(self, user: User, channel: Channel) -> None:
        """Add a member: the `channel_join` message, and `member_joined_channel`."""
        if user.id in channel.members:
            return
        channel.members.append(user.id)
        text = f"<@{user.id}> has joined the channel"
        self.post(channel, {"subtype": "channel_join", "user": user.id, "text": text})
        self._events.member_joined(channel, user.id)
        self._live.publish("channel", channel={"id": channel.id, "members": channel.members})

    def mark_read(self, channel: Channel, user: User) -> None:
        if channel.messages:
            channel.last_read[user.id] = next(reversed(channel.messages))
        self._live.publish("unread", channel=channel.id, user=user.id, unread=channel.unread_by(user.id))

    def ephemeral(self, channel: Channel, user_id: str, content: JSON) -> str:
        """A message only one person sees, and only until the page is reloaded. Returns its ts."""
        message: JSON = {"type": "message", "ts": self._state.next_ts(), "channel": channel.id, "text": ""}
        message |= {"is_ephemeral": True, "ephemeral_user": user_id, **content}
        channel.ephemerals[message["ts"]] = message
        self._show_ephemeral(channel, message)
        return str(message["ts"])

    def replace_ephemeral(self, channel: Channel, message: JSON, changes: JSON) -> None:
        self._apply(message, changes)
        self._show_ephemeral(channel, message)

    def delete_ephemeral(self, channel: Channel, message: JSON) -> None:
        del channel.ephemerals[message["ts"]]
        self._live.publish("message_deleted", channel=channel.id, ts=message["ts"], thread_ts=message.get("thread_ts"))

    def refresh(self, channel: Channel, message: JSON) -> None:
        """Show the message's present state on the open pages."""
        self._live.publish("message_changed", channel=channel.id, message=self.for_page(channel, message))

    @staticmethod
    def wire(message: JSON) -> JSON:
        """A copy as the Web API and events show it."""
        return copy.deepcopy({key: value for key, value in message.items() if key not in UNSENT_KEYS})

    def for_page(self, channel: Channel, message: JSON) -> JSON:
        """A copy as the page wants it: channel, counts and reactions always there, files with local addresses."""
        shown: JSON = {
            "channel": channel.id,
            "reply_count": 0,
            "reply_users": [],
            "reactions": [],
            **copy.deepcopy(message),
        }
        icons: Any = shown.pop("icons", None)
        if isinstance(icons, dict) and "emoji" in icons:
            shown["icon_emoji"] = icons["emoji"]
        for file in shown.get("files", []):
            file["url"] = f"/_/files/{file['id']}"
        return shown

    def _thread_root(self, channel: Channel, thread_ts: str) -> JSON:
        root = channel.messages.get(thread_ts)
        if root is None:
            raise SlackError("thread_not_found")
        if is_reply(root):
            return self._thread_root(channel, root["thread_ts"])
        return root

    def _count_replies(self, channel: Channel, root: JSON) -> None:
        replies = channel.thread(root["ts"])[1:]
        authors = list(dict.fromkeys(r.get("user") or r.get("bot_id") for r in replies))
        root |= {"thread_ts": root["ts"], "reply_count": len(replies), "reply_users": authors}
        root |= {"reply_users_count": len(authors)}
        if replies:
            root["latest_reply"] = replies[-1]["ts"]
        self.refresh(channel, root)

    def _show_ephemeral(self, channel: Channel, message: JSON) -> None:
        shown = copy.deepcopy(message)
        user_id = shown.pop("ephemeral_user")
        self._live.publish("ephemeral", channel=channel.id, user=user_id, message=shown)

    def _apply(self, message: JSON, changes: JSON) -> None:
        for key, value in changes.items():
            if value is None:
                message.pop(key, None)
            else:
                message[key] = value

    def _reaction_changed(self, event: str, user_id: str, channel: Channel, message: JSON, name: str) -> None:
        self._events.reaction(event, user_id, name, channel, message)
        reactions = copy.deepcopy(message.get("reactions", []))
        self._live.publish("reaction", channel=channel.id, ts=message["ts"], reactions=reactions)
        self.refresh(channel, message)

    def _join_if_new(self, user: User, channel: Channel) -> None:
        if user.id not in channel.members and not channel.is_im:
            self.join(user, channel)
