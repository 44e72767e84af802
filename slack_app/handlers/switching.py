"""`/watchkeeper remediation on | off`: the kill switch. Off, nothing is changed, whoever approves it."""

from __future__ import annotations

from agent.audit_events import AuditEvent
from agent.models import AuditEntry
from agent.safety.policy import policy_of
from graphs.remediation import SWITCH
from slack_app.handlers.deciders import approvers_of, decider
from slack_app.handlers.desk import Desk

YEAR_SECONDS = 365 * 86_400.0
FOR_EVER = 100 * YEAR_SECONDS
"""What is switched off stays off until somebody switches it on."""
USAGE = "Say `remediation off` or `remediation on`."
NOT_YOU = "Only those who may approve changes may switch remediation on or off, and you are not among them."
UNSAID = (
    "Slack does not say just now who may do this, so nothing was switched: try again in a minute, "
    "or set WATCHKEEPER_KILL_SWITCH and start again."
)
OFF = "Remediation is off: nothing is changed, whoever approves it, until somebody says `remediation on`."
ON = "Remediation is on: what is approved is done."
BY_SETTING = "It stays off by the setting WATCHKEEPER_KILL_SWITCH."


async def switch_remediation(word: str, desk: Desk, user: str) -> str:
    """What to answer. Without a word, how it stands. Who switches it is audited, and who may not."""
    deps = desk.app.deps
    if word == "":
        state = await deps.state.get(SWITCH) or {}
        return f"{OFF if state.get('off_by') or deps.settings.kill_switch else ON} {USAGE}"
    if word not in ("on", "off"):
        return USAGE
    if refusal := await _refusal(user, desk):
        await _audit(AuditEvent.click_refused, user, desk, why=refusal, wanted=f"remediation {word}")
        return refusal
    off = word == "off"
    await deps.state.put(SWITCH, {"off_by": user} if off else {}, FOR_EVER)
    await _audit(AuditEvent.switched_off if off else AuditEvent.switched_on, user, desk)
    if not off and deps.settings.kill_switch:
        return BY_SETTING
    return OFF if off else ON


async def _refusal(user: str, desk: Desk) -> str:
    """Why somebody may not; "" when they may."""
    named = approvers_of(desk.app.deps)
    who = await decider(user, named, desk.messenger.client)
    if who.doubt is not None:
        return UNSAID if who.doubt.why == "unsaid" else who.doubt.sentence
    if user in named or who.groups:
        return ""
    return UNSAID if who.unsaid else NOT_YOU


async def _audit(event: AuditEvent, user: str, desk: Desk, **more: str) -> None:
    deps = desk.app.deps
    detail = {"policy_version": policy_of(deps.settings).version, **more}
    entry = AuditEntry(
        at=deps.clock(), actor=user or "unknown", event=event.value, subject="remediation", detail=detail
    )
    await deps.audit.append(entry)
