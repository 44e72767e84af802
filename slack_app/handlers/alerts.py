"""Something arrived: its alerts are counted and put into their incidents. Telling and analysing are other jobs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from agent.errors import RetryLater
from agent.models import Alert, AlertStatus, AuditEntry, Job, Severity, SlackPlace, Urgency
from agent.redaction.plain import redacted_json
from agent.sources import parse_alerts, read_mappings, source_named
from graphs.alert_intake import Taken
from slack_app.alert_channels import is_watched
from slack_app.handlers.desk import Desk, place_of
from slack_app.handlers.redraws import ask_analysis, ask_redraw
from slack_app.handlers.remediation_jobs import ask_about
from slack_app.handlers.tickets import ask_ticket

OLD_AFTER_AN_ALERT = ("answer|", "evidence|")
"""What is kept of the account: analysed or not, an alert says that it has changed."""
LOOKUP_RETRY_SECONDS = 20.0
GATHER_SECONDS = 60.0
"""How long what joins an incident is gathered before it is analysed again."""
ANALYSIS_URGENCY = {
    Severity.critical: Urgency.critical,
    Severity.error: Urgency.normal,
    Severity.warning: Urgency.low,
    Severity.info: Urgency.low,
}


async def handle_alert(job: Job, desk: Desk) -> None:
    """Take in each alert of a post or a webhook's body, however often the job is delivered.

    Where somebody muted Watchkeeper, alerts are counted and nothing is told: in a post's own place, or the incident's.
    """
    place = _place(job)
    if job.payload.get("unsure") and not await _is_watched(place.channel, desk):
        return
    for what in OLD_AFTER_AN_ALERT:
        desk.app.deps.cache.forget(what)
    muted = dict[tuple[str, str], bool]()
    for number, alert in enumerate(_alerts(job, desk)):
        taken = await _take_in(job, number, alert, place, desk)
        if not await _is_muted([place, taken.place], muted, desk):
            await _follow_up(taken, alert, place, desk)
    for channel, thread_ts in (where for where, silent in muted.items() if silent):
        await _audit(desk, "alert.muted", f"{channel}:{thread_ts}")


async def _is_muted(places: Sequence[SlackPlace | None], known: dict[tuple[str, str], bool], desk: Desk) -> bool:
    """`known`: what was asked already. A webhook's alert has a place only once its incident has one."""
    for place in places:
        if place is None or not place.channel:
            continue
        where = (place.channel, place.thread_ts)
        if where not in known:
            known[where] = await desk.app.deps.mutes.active(*where) is not None
        if known[where]:
            return True
    return False


def _place(job: Job) -> SlackPlace:
    """The thread under a post. What came otherwise has none yet."""
    if "event" in job.payload:
        return place_of(job)
    team, channel = (str(job.payload.get(name) or "") for name in ("team", "channel"))
    return SlackPlace(team=team, channel=channel, thread_ts="")


def _alerts(job: Job, desk: Desk) -> list[Alert]:
    """Without secrets: what parsers unpack nobody has looked at before."""
    return [_redacted(alert, job.created_at) for alert in _parsed(job, desk)]


def _redacted(alert: Alert, received: datetime) -> Alert:
    clean = Alert.model_validate_json(redacted_json(alert))
    return clean.model_copy(update={"fingerprint": alert.fingerprint, "received_at": received})


def _parsed(job: Job, desk: Desk) -> list[Alert]:
    """What a post or a request's body says. A name that is no parser's own, such as `sns`, says only how it came."""
    if "event" in job.payload:
        return parse_alerts(job.payload, job.created_at)
    mappings = read_mappings(desk.app.deps.settings.webhook_mappings)
    sent = {name: job.payload.get(name, "") for name in ("source", "body", "delivery")}
    known = source_named(str(sent["source"]), mappings) is not None
    return parse_alerts(sent if known else sent["body"], job.created_at, mappings)


async def _take_in(job: Job, number: int, alert: Alert, place: SlackPlace, desk: Desk) -> Taken:
    """An edited post says something new of the alert that it was, and is no further one."""
    event_id = f"{job.id}:{number}"
    channel = tuple(str(job.payload.get(name) or "") for name in ("channel", "channel_name"))
    if not job.payload.get("edit"):
        return await desk.intake.take_in(alert, event_id, place, channel)
    alert = await _as_first_posted(alert, place, desk)
    return await desk.intake.take_in(alert, event_id, place, channel, update=True)


async def _as_first_posted(alert: Alert, place: SlackPlace, desk: Desk) -> Alert:
    """With the fingerprint that it had before, even if its title is another one now."""
    incident = await desk.app.deps.incidents.by_thread(place)
    known = incident.alerts if incident else ()
    same = [other for other in known if alert.external_id and other.external_id == alert.external_id] or known[:1]
    return alert.model_copy(update={"fingerprint": same[0].fingerprint}) if same else alert


async def _follow_up(taken: Taken, alert: Alert, place: SlackPlace, desk: Desk) -> None:
    """The incident's message changes; when something is new in it, it may want an analysis."""
    deps, incident_id = desk.app.deps, taken.incident_id
    if not incident_id:
        return
    critical = alert.severity is Severity.critical
    await ask_redraw(deps, incident_id, urgency=Urgency.critical if critical else Urgency.normal, first=taken.opened)
    if place.thread_ts and (taken.joined or taken.sighting.count == 2):  # a further post, or one that repeats the first
        post = {"channel": place.channel, "thread_ts": place.thread_ts}
        await ask_redraw(deps, incident_id, post=post, fingerprint=alert.fingerprint)
    if taken.sighting.changed or taken.sighting.repeated:  # perhaps it is over, or back
        await ask_ticket(deps, incident_id, "update")
        if alert.status is AlertStatus.resolved:
            await ask_about(deps, incident_id)
    urgency = ANALYSIS_URGENCY[alert.severity]
    if taken.overlooked:
        minute = int(deps.clock().timestamp() // GATHER_SECONDS)
        await ask_analysis(deps, incident_id, "new", urgency=urgency, unique=f"overlooked:{minute}")
        return
    if not taken.wants_analysis:
        return
    if taken.opened or taken.sighting.repeated:  # asked for already, unless a crash came before
        await ask_analysis(deps, incident_id, "new", urgency=urgency)
    if taken.opened:
        return
    now = deps.clock().timestamp()
    span = int(now // GATHER_SECONDS)
    seconds = (span + 1) * GATHER_SECONDS - now
    await ask_analysis(deps, incident_id, "changed", urgency=urgency, seconds=seconds, unique=f"changed:{span}")


async def _is_watched(channel: str, desk: Desk) -> bool:
    """Asked here when Slack did not tell whoever heard the post. RetryLater when it does not tell now either."""
    watched = await is_watched(desk.messenger.client, channel, desk.app.deps.settings.alert_channels)
    if watched is None:
        raise RetryLater("Slack does not say which channel an alert is in.", LOOKUP_RETRY_SECONDS)
    return watched


async def _audit(desk: Desk, event: str, subject: str) -> None:
    now = desk.app.deps.clock()
    await desk.app.deps.audit.append(AuditEntry(at=now, actor="watchkeeper", event=event, subject=subject))
