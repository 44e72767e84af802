"""How a remediation begins: by itself once a cause with a known fix is found, or because somebody asks for that fix.

Somebody asks by the button under the incident's message, or in the incident's thread in their own words, which code
reads (`agent.fix_requests`). Either way it is the runbook's fix, on a card that people decide about.
"""

from __future__ import annotations

from collections.abc import Sequence

from agent.audit_events import AuditEvent, audit_entry
from agent.errors import RetryLater
from agent.fix_requests import Wish, wish_of
from agent.living import last_event, state_of
from agent.models import Answer, Incident, IncidentStatus, Job, Remediation, SlackPlace, digest
from agent.ports import Deps
from agent.remedies import Proposal
from agent.safety.policy import policy_of
from agent.write_requests import steps_for
from graphs.remediation import SWITCH
from graphs.remediation_plan import proposals
from slack_app.handlers.desk import Desk, place_of
from slack_app.handlers.held import held
from slack_app.handlers.living import redraw
from slack_app.handlers.ownership import GONE, OVER
from slack_app.handlers.remediation_jobs import ask_to_go_on
from slack_app.handlers.remediation_words import noted
from slack_app.incoming_webhook import WebhookMessenger

LOCK_TRIES, LOCK_POLL_SECONDS, BUSY_SECONDS = 20, 0.25, 2.0
NOBODY = "A fix is known, but nobody may approve it: name people in WATCHKEEPER_APPROVERS or in the action policy."
NO_POLICY = "A fix is known, but the action policy cannot be read; “watchkeeper policy check” says why."
NO_ROLE = "A fix is known, but no role may make changes: set WATCHKEEPER_EXECUTOR_ROLE_ARN."
SWITCHED_OFF = "A fix is known, but remediation is switched off; “/watchkeeper remediation on” ends that."
BY_SETTING = "A fix is known, but remediation is switched off by WATCHKEEPER_KILL_SWITCH."
NOT_YET = "I am still looking for the cause; ask again when my message says it."
NO_CAUSE = "I know no fix: what I found does not say the cause for sure."
NO_RUNBOOK = "I know no fix: no runbook has one for this cause. What a person can do is under “What to do next”."
PROPOSED = "A fix is proposed already{link}; decide there."
ANOTHER = "That is not the fix that I know here, which is: {fix}. Say “fix it” and I propose that."
ASKED = "The known fix is proposed on a card in this thread."
NOT_HERE = "Nothing can be changed from here."


async def begin_remediation(incident_id: str, desk: Desk) -> None:
    """Where the cause is known and a runbook has a fix: once for each time that the incident fires."""
    deps, remediator = desk.app.deps, desk.app.remediator
    incident = await deps.incidents.get(incident_id)
    if remediator is None or incident is None or not _is_told(incident, desk):
        return
    known = proposals(incident, remediator.executor)
    await _keep_fix(incident, known, deps)
    if not known or incident.same_as or not deps.settings.remediate or await _was_tried(incident, deps):
        return
    if lacking := await _lacking(deps):
        await deps.incidents.change(incident_id, lambda kept: noted(kept, lacking, "watchkeeper", deps.clock()))
        await redraw(incident_id, desk)
        return
    name = f"rem_{digest(incident.id, str(incident.diagnosed_at))}"
    await _begin(incident, _made(name, incident, deps), deps)


async def handle_fix(job: Job, desk: Desk) -> None:
    """A click on “Fix…”: `fix` is the incident, `at` Slack's time of the click. Who cannot have it is told why."""
    place, user = place_of(job), str(job.payload["user"])
    incident = await desk.app.deps.incidents.get(str(job.payload["fix"]))
    if incident is None or incident.place is None or incident.place.channel != place.channel:
        await desk.whisper(place, user, GONE)
        return
    if refusal := await ask_for_fix(incident, user, str(job.payload["at"]), Wish(), desk):
        await desk.whisper(place, user, refusal)


async def fix_answer(text: str, place: SlackPlace, user: str, at: str, desk: Desk) -> Answer | None:
    """What to answer to somebody who asks for a fix in an incident's thread; None to everything else that is said."""
    wish = wish_of(text)
    if wish is None or desk.app.remediator is None:
        return None
    incident = await desk.app.deps.incidents.by_thread(place)
    if incident is None or _is_of_something_else(wish, incident, desk):
        return None
    refusal = await ask_for_fix(incident, user, at, wish, desk, linked=False)
    steps = steps_for(text)[:1] if refusal and wish.types else ()
    return Answer(kind="write", headline=refusal or ASKED, next_steps=steps)


async def ask_for_fix(incident: Incident, user: str, at: str, wish: Wish, desk: Desk, *, linked: bool = True) -> str:
    """Begins it, asked for by `user`; else says why not. The same `at` asks once. `linked`: links are mrkdwn."""
    deps, remediator = desk.app.deps, desk.app.remediator
    if remediator is None:
        return NOT_HERE
    if incident.status is IncidentStatus.resolved:
        return OVER
    known = proposals(incident, remediator.executor)
    if why := _unknown(incident, known):
        return why
    wanted = tuple(each.type for each in known if each.type in wish.types)
    if wish.types and not wanted:
        return ANOTHER.format(fix=_words(known[0]))
    if lacking := await _lacking(deps):
        return lacking
    made = _made(f"rem_{digest(incident.id, user, at)}", incident, deps)
    made = made.model_copy(update={"requested_by": user, "wanted": wanted})
    other = await _begin(incident, made, deps)
    if other is not None:
        return PROPOSED.format(link=await _link(other, desk, linked))
    return ""


def _made(name: str, incident: Incident, deps: Deps) -> Remediation:
    now = deps.clock()
    return Remediation(id=name, incident_id=incident.id, place=incident.place, created_at=now, updated_at=now)


async def _begin(incident: Incident, made: Remediation, deps: Deps) -> Remediation | None:
    """One at a time: gives back the one that is open already, if it is another."""
    async with held(deps, f"fix:{incident.id}", LOCK_TRIES, LOCK_POLL_SECONDS) as lease:
        if lease is None:
            raise RetryLater("Somebody is asking for a fix of this incident.", BUSY_SECONDS)
        for other in await deps.remediations.of_incident(incident.id):
            if not other.status.over and other.id != made.id:
                return other
        if await deps.remediations.create(made) and made.requested_by != "watchkeeper":
            event = audit_entry(AuditEvent.requested, made.requested_by, deps.clock(), made)
            await deps.audit.append(event)
    await ask_to_go_on(deps, made.id, unique="begin")
    return None


async def _keep_fix(incident: Incident, known: Sequence[Proposal], deps: Deps) -> None:
    """So that the incident's message can offer it, whatever becomes of the first proposal."""
    fix = known[0].type if known else ""
    if fix != incident.fix:
        await deps.incidents.change(incident.id, lambda kept: kept.model_copy(update={"fix": fix}))


def _is_told(incident: Incident, desk: Desk) -> bool:
    """Open, with a diagnosis that stands, and shown where people can press buttons."""
    told = bool(incident.place and incident.place.thread_ts) and not isinstance(desk.messenger, WebhookMessenger)
    return told and incident.diagnosed_at is not None and state_of(incident) == "diagnosed"


async def _was_tried(incident: Incident, deps: Deps) -> bool:
    """What people or the account said no to is not proposed again before it fires anew."""
    again = last_event(incident, "refired", "reopened")
    for each in await deps.remediations.of_incident(incident.id):
        if not each.status.over:
            await ask_to_go_on(deps, each.id, unique="begin")  # perhaps whoever made it died before that
            return True
        if again is None or each.created_at > again.at:
            return True
    return False


def _is_of_something_else(wish: Wish, incident: Incident, desk: Desk) -> bool:
    """A resource is named that the incident is not about."""
    assert desk.app.remediator is not None
    known = proposals(incident, desk.app.remediator.executor)
    about = [*(each.target for each in known), *(alert.resource.id for alert in incident.alerts)]
    said = [name.lower() for name in wish.names]
    return bool(said) and not any(name in one.lower() or one.lower() in name for name in said for one in about if one)


def _unknown(incident: Incident, known: Sequence[Proposal]) -> str:
    """Why there is nothing to propose; "" when there is."""
    if known:
        return ""
    if state_of(incident) in ("waiting", "analysing"):
        return NOT_YET
    found = incident.diagnosis
    return NO_RUNBOOK if found is not None and found.root_cause else NO_CAUSE


async def _lacking(deps: Deps) -> str:
    """Why nobody is asked; "" when somebody can be."""
    settings, policy = deps.settings, policy_of(deps.settings)
    if policy.broken:
        return NO_POLICY
    if not policy.document.approvers and not policy.document.by_itself:
        return NOBODY
    if not settings.executor_role_arn and not any(account.executor_role for account in settings.aws_accounts):
        return NO_ROLE
    if settings.kill_switch:
        return BY_SETTING
    return SWITCHED_OFF if (await deps.state.get(SWITCH) or {}).get("off_by") else ""


def _words(proposal: Proposal) -> str:
    return f"{proposal.type.replace('_', ' ')} of {proposal.target}"


async def _link(given: Remediation, desk: Desk, linked: bool) -> str:
    """` on its card`, with the way there where Slack tells it."""
    if given.place is None or not given.card_ts:
        return ""
    address = await desk.messenger.permalink(given.place.channel, given.card_ts) if linked else ""
    return f" on <{address}|its card>" if address else " on its card"
