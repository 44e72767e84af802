"""Modals and App Home tabs: a stack of modals for each person, one home each."""

import copy

from deploy.local.workspace.errors import SlackError
from deploy.local.workspace.live import LiveFeed
from deploy.local.workspace.state import JSON, BotApp, State, new_id

MAX_STACK = 3
VIEW_DEFAULTS: JSON = {
    "private_metadata": "",
    "callback_id": "",
    "external_id": "",
    "clear_on_close": False,
    "notify_on_close": False,
    "close": None,
    "submit": None,
    "previous_view_id": None,
}


class Views:
    """The views that people have open. A view is a dictionary in Slack's wire format."""

    def __init__(self, state: State, app: BotApp, live: LiveFeed) -> None:
        self._state = state
        self._app = app
        self._live = live
        self._stacks: dict[str, list[JSON]] = {}
        self.homes: dict[str, JSON] = {}

    def stack(self, user_id: str) -> list[JSON]:
        return self._stacks.setdefault(user_id, [])

    def open(self, user_id: str, definition: JSON) -> JSON:
        """A new stack with one modal."""
        self._stacks[user_id] = []
        return self.push(user_id, definition)

    def push(self, user_id: str, definition: JSON) -> JSON:
        stack = self.stack(user_id)
        if len(stack) >= MAX_STACK:
            raise SlackError("push_limit_reached")
        view = self._new_view(definition)
        if stack:
            view |= {"root_view_id": stack[0]["id"], "previous_view_id": stack[-1]["id"]}
        stack.append(view)
        self._live.publish("view_opened", user=user_id, view=copy.deepcopy(view))
        return view

    def update(self, view: JSON, definition: JSON) -> JSON:
        """Replace a view's content in place; its id stays, its hash changes."""
        fresh = self._new_view(definition)
        fresh |= {"id": view["id"], "root_view_id": view["root_view_id"], "previous_view_id": view["previous_view_id"]}
        view.clear()
        view.update(fresh)
        self._live.publish("view_updated", user=self.owner(view), view=copy.deepcopy(view))
        return view

    def publish_home(self, user_id: str, definition: JSON) -> JSON:
        previous = self.homes.get(user_id)
        view = self._new_view(definition)
        if previous is not None:
            view |= {"id": previous["id"], "root_view_id": previous["id"]}
        self.homes[user_id] = view
        self._live.publish("home", user=user_id, view=copy.deepcopy(view))
        return view

    def close(self, user_id: str, view: JSON) -> None:
        """Close the view, and with `clear_on_close` or at the bottom of the stack everything."""
        stack = self.stack(user_id)
        if view in stack:
            del stack[stack.index(view) :]
        if view.get("clear_on_close"):
            stack.clear()
        self._live.publish("view_closed", user=user_id, view_id=view["id"])

    def clear(self, user_id: str) -> None:
        for view in reversed(self._stacks.pop(user_id, [])):
            self._live.publish("view_closed", user=user_id, view_id=view["id"])

    def find(self, view_id: object = None, external_id: object = None) -> JSON:
        for view in [view for stack in self._stacks.values() for view in stack] + list(self.homes.values()):
            if view["id"] == view_id or (external_id and view["external_id"] == external_id):
                return view
        raise SlackError("not_found")

    def owner(self, view: JSON) -> str | None:
        for user_id, stack in self._stacks.items():
            if any(view is candidate for candidate in stack):
                return user_id
        return next((user_id for user_id, home in self.homes.items() if home is view), None)

    def _new_view(self, definition: JSON) -> JSON:
        view_id = new_id("V")
        view: JSON = {**VIEW_DEFAULTS, **copy.deepcopy(definition), "id": view_id, "root_view_id": view_id}
        view |= {"team_id": self._state.team_id, "app_id": self._app.app_id, "bot_id": self._app.bot_id}
        view |= {"app_installed_team_id": self._state.team_id, "hash": f"{self._state.next_ts()}.{new_id('h')}"}
        return view | {"state": {"values": {}}}
