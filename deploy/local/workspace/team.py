"""The team every local workspace starts with: five people, two apps, four channels."""

from dataclasses import replace

from deploy.local.workspace.state import BotApp, Channel, State, User, UserGroup

TEAM_ID = "T0HARBOR01"
TEAM_NAME = "Harborline"
WATCHKEEPER_APP = "A0WATCHKPR"
WATCHKEEPER_BOT = "B0WATCHKPR"
WATCHKEEPER_USER = "U0WATCHKPR"
MONITORING_APP = "A0CWALARMS"
MONITORING_BOT = "B0CWALARMS"
DEFAULT_USER = "U0MAYAOKAF"
COMMANDS = ("/watchkeeper",)

SCOPES = [
    "app_mentions:read",
    "assistant:write",
    "channels:history",
    "channels:join",
    "channels:read",
    "chat:write",
    "commands",
    "files:read",
    "files:write",
    "groups:history",
    "groups:read",
    "im:history",
    "im:read",
    "im:write",
    "reactions:read",
    "reactions:write",
    "team:read",
    "usergroups:read",
    "users:read",
    "users:read.email",
]

EMAIL_DOMAIN = "harborline.example"
HOUR = 3_600

PEOPLE = (
    User(DEFAULT_USER, "maya", "Maya Okafor", "On-call engineer", "", "America/Toronto", -4 * HOUR, "#1264a3"),
    User("U0LIWEICHN", "liwei", "Li Wei Chen", "Site reliability", "", "Asia/Singapore", 8 * HOUR, "#2f855a"),
    User("U0SOFIAREY", "sofia", "Sofía Reyes", "FinOps analyst", "", "Europe/Madrid", HOUR, "#b7791f"),
    User("U0JONASBRG", "jonas", "Jonas Berg", "Data engineer", "", "Europe/Oslo", HOUR, "#805ad5"),
    User("U0PRIYANAI", "priya", "Priya Nair", "Head of platform", "", "Asia/Kolkata", 5 * HOUR + 1_800, "#c05621"),
)

CHANNELS = (
    Channel("C0ALERTS01", "alerts", "Production alerts. Watchkeeper analyses each one in its thread."),
    Channel("C0GENERAL1", "general", "Company-wide announcements and questions"),
    Channel("C0DATAALRT", "data-alerts", "Airflow, dbt and warehouse alerts"),
    Channel("C0FINOPS01", "finops", "What the cloud costs, and why"),
)


def default_state(state: State) -> State:
    """Fill an empty `State` with the team, fresh copies each time."""
    watchkeeper = User(WATCHKEEPER_USER, "watchkeeper", "Watchkeeper", avatar_color="#0f766e")
    watchkeeper.app_id, watchkeeper.bot_id = WATCHKEEPER_APP, WATCHKEEPER_BOT
    for person in PEOPLE:
        state.users[person.id] = replace(person, email=f"{person.name}@{EMAIL_DOMAIN}")
    state.users[watchkeeper.id] = watchkeeper
    state.apps = {
        WATCHKEEPER_APP: BotApp(WATCHKEEPER_APP, WATCHKEEPER_BOT, "watchkeeper", ":eyes:", WATCHKEEPER_USER),
        MONITORING_APP: BotApp(MONITORING_APP, MONITORING_BOT, "CloudWatch Alarms", ":rotating_light:"),
    }
    created = int(state.clock())
    for channel in CHANNELS:
        state.channels[channel.id] = Channel(
            channel.id, channel.name, channel.topic, creator=DEFAULT_USER, created=created, members=list(state.users)
        )
    for index, person in enumerate(PEOPLE):
        direct = f"D0WATCHKP{index}"
        state.channels[direct] = Channel(
            direct, person.name, created=created, user=person.id, members=[person.id, WATCHKEEPER_USER]
        )
    group = UserGroup("S0PLATFORM", "platform", "Platform on-call", [PEOPLE[0].id, PEOPLE[1].id])
    state.groups[group.id] = group
    return state
