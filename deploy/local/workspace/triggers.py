"""Trigger ids: proof that a person just did something. Each opens one view, within three seconds."""

import secrets
from collections.abc import Callable

from deploy.local.workspace.errors import SlackError

TRIGGER_SECONDS = 3.0


class Triggers:
    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._issued: dict[str, tuple[str, float]] = {}
        self._exchanged: set[str] = set()

    def new(self, user_id: str) -> str:
        trigger_id = f"{int(self._clock() * 1000)}.{secrets.randbelow(10**10)}.{secrets.token_hex(16)}"
        self._issued[trigger_id] = (user_id, self._clock() + TRIGGER_SECONDS)
        return trigger_id

    def exchange(self, trigger_id: object) -> str:
        """The id of the person who acted. Raises Slack's errors for unknown, used and late triggers."""
        trigger = str(trigger_id)
        if trigger in self._exchanged:
            raise SlackError("exchanged_trigger_id")
        if trigger not in self._issued:
            raise SlackError("invalid_trigger_id")
        user_id, deadline = self._issued.pop(trigger)
        if self._clock() > deadline:
            raise SlackError("expired_trigger_id")
        self._exchanged.add(trigger)
        return user_id
