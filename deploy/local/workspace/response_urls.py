"""Response URLs: an app may answer an interaction five times within half an hour."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from deploy.local.workspace.content import checked_content
from deploy.local.workspace.errors import SlackError
from deploy.local.workspace.faults import Faults
from deploy.local.workspace.state import JSON, BotApp, Channel, State, User
from deploy.local.workspace.timeline import Timeline

USES = 5
LIFETIME_SECONDS = 1800.0


@dataclass
class ResponseUrl:
    channel: Channel
    user: User
    message_ts: str | None
    expires_at: float
    uses_left: int = USES


class ResponseUrls:
    """Issues response URLs under `/actions/` and carries out what is POSTed to them."""

    def __init__(
        self, state: State, app: BotApp, timeline: Timeline, faults: Faults, base_url: Callable[[], str]
    ) -> None:
        self._state = state
        self._app = app
        self._timeline = timeline
        self._faults = faults
        self._base_url = base_url
        self._urls: dict[str, ResponseUrl] = {}

    def new(self, channel: Channel, user: User, message_ts: str | None) -> str:
        path = f"/actions/{self._state.team_id}/{secrets.token_urlsafe(18)}"
        expires_at = self._state.clock() + LIFETIME_SECONDS
        self._urls[path] = ResponseUrl(channel, user, message_ts, expires_at)
        return self._base_url() + path

    def respond(self, url: str, body: JSON) -> None:
        """Carry out one response. Raises `used_url` or `expired_url`, and what is wrong with the content."""
        target = self._urls.get(url.removeprefix(self._base_url()))
        if target is None or target.uses_left == 0:
            raise SlackError("used_url")
        if self._state.clock() > target.expires_at:
            raise SlackError("expired_url")
        target.uses_left -= 1
        self._carry_out(target, body)

    def _carry_out(self, target: ResponseUrl, body: JSON) -> None:
        original = target.channel.messages.get(target.message_ts or "")
        private = target.channel.ephemerals.get(target.message_ts or "")
        if body.get("delete_original"):
            self._delete(target.channel, original, private)
            return
        content = checked_content(body, self._faults)
        if body.get("replace_original") and (original or private):
            self._replace(target.channel, original, private, content)
        elif body.get("response_type") == "in_channel":
            self._timeline.post_as_app(self._app, target.channel, content, body.get("thread_ts"))
        else:
            sender = {"bot_id": self._app.bot_id, "user": self._app.user_id, "username": self._app.name}
            if body.get("thread_ts"):
                sender["thread_ts"] = body["thread_ts"]
            self._timeline.ephemeral(target.channel, target.user.id, content | sender)

    def _delete(self, channel: Channel, original: JSON | None, private: JSON | None) -> None:
        if original is not None:
            self._timeline.delete(channel, original)
        elif private is not None:
            self._timeline.delete_ephemeral(channel, private)

    def _replace(self, channel: Channel, original: JSON | None, private: JSON | None, content: JSON) -> None:
        changes: JSON = {key: None for key in ("blocks", "attachments") if key not in content} | content
        if original is not None:
            self._timeline.update(channel, original, changes, edited_by=self._app.user_id)
        elif private is not None:
            self._timeline.replace_ephemeral(channel, private, changes)
