"""auth.test, users.*, usergroups.*, bots.info, team.info."""

from deploy.local.workspace.errors import SlackError
from deploy.local.workspace.state import JSON, User
from deploy.local.workspace.web_api import conversations
from deploy.local.workspace.web_api.call import Call
from deploy.local.workspace.web_api.paging import page


def auth_test(call: Call) -> JSON:
    state = call.workspace.state
    return {
        "url": f"{call.workspace.base_url}/",
        "team": state.team_name,
        "user": call.bot.name,
        "team_id": state.team_id,
        "user_id": call.bot.id,
        "bot_id": call.app.bot_id,
        "is_enterprise_install": False,
    }


def users_info(call: Call) -> JSON:
    return {"user": describe(call.workspace.state.user(call.args.get("user")), call)}


def users_list(call: Call) -> JSON:
    users, cursor = page(call, list(call.workspace.state.users.values()), 100)
    shown = [describe(user, call) for user in users]
    return {
        "members": shown,
        "cache_ts": int(call.workspace.state.clock()),
        "response_metadata": {"next_cursor": cursor},
    }


def users_profile_get(call: Call) -> JSON:
    user = call.workspace.state.user(call.args.get("user") or call.bot.id)
    return {"profile": describe(user, call)["profile"]}


def users_get_presence(call: Call) -> JSON:
    call.workspace.state.user(call.args.get("user") or call.bot.id)
    return {"presence": "active"}


def users_lookup_by_email(call: Call) -> JSON:
    email = call.text("email").lower()
    for user in call.workspace.state.users.values():
        if email and user.email.lower() == email:
            return {"user": describe(user, call)}
    raise SlackError("users_not_found")


def users_conversations(call: Call) -> JSON:
    user_id = call.text("user") or call.bot.id
    member_of = [c for c in call.workspace.state.channels.values() if user_id in c.members and not c.is_im]
    channels, cursor = page(call, member_of, 100)
    shown = [conversations.describe(channel, call) for channel in channels]
    return {"channels": shown, "response_metadata": {"next_cursor": cursor}}


def usergroups_list(call: Call) -> JSON:
    groups = call.workspace.state.groups.values()
    return {
        "usergroups": [
            {"id": g.id, "team_id": call.workspace.state.team_id, "name": g.name, "handle": g.handle, "users": g.users}
            for g in groups
        ]
    }


def usergroups_users_list(call: Call) -> JSON:
    group = call.workspace.state.groups.get(call.text("usergroup"))
    if group is None:
        raise SlackError("no_such_subteam")
    return {"users": list(group.users)}


def bots_info(call: Call) -> JSON:
    app = call.workspace.state.app_by_bot_id(call.args["bot"]) if call.args.get("bot") else call.app
    bot: JSON = {"id": app.bot_id, "app_id": app.app_id, "name": app.name, "deleted": False, "updated": 0}
    if app.user_id:
        bot["user_id"] = app.user_id
    return {"bot": bot | {"icons": {}}}


def team_info(call: Call) -> JSON:
    state = call.workspace.state
    domain = state.team_name.lower()
    return {
        "team": {"id": state.team_id, "name": state.team_name, "domain": domain, "url": f"{call.workspace.base_url}/"}
    }


def describe(user: User, call: Call) -> JSON:
    """A user object as the Web API shows it."""
    profile: JSON = {
        "real_name": user.real_name,
        "display_name": user.name,
        "real_name_normalized": user.real_name,
        "display_name_normalized": user.name,
        "title": user.title,
        "team": call.workspace.state.team_id,
    }
    if user.email:
        profile["email"] = user.email
    if user.is_bot:
        profile |= {"bot_id": user.bot_id, "api_app_id": user.app_id}
    return {
        "id": user.id,
        "team_id": user.team_id or call.workspace.state.team_id,
        "name": user.name,
        "real_name": user.real_name,
        "deleted": user.deleted,
        "color": user.avatar_color.removeprefix("#"),
        "tz": user.tz,
        "tz_label": user.tz,
        "tz_offset": user.tz_offset,
        "profile": profile,
        "is_bot": user.is_bot,
        "is_stranger": bool(user.team_id),
        "is_app_user": False,
        "is_admin": False,
        "is_owner": False,
        "is_restricted": False,
        "is_ultra_restricted": False,
        "updated": 0,
    }
