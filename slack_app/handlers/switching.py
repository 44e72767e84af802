"""`/watchkeeper remediation on | off`: the kill switch. Off, nothing is changed, whoever approves it."""

from __future__ import annotations

from agent.audit_events import AuditEvent
from agent.models import AuditEntry
from agent.safety.policy import policy_of
from graphs.remediation import SWITCH
from slack_app.handlers.approvals import approvers_of, groups_of
from slack_app.handlers.desk import Desk

YEAR_SECONDS = 365 * 86_400.0
FOR_EVER = 100 * YEAR_SECONDS
"""What is switched off stays off until somebody switches it on."""
USAGE = "Say `remediation off` or `remediation on`."
NOT_YOU = "Only those who may approve changes may switch remediation on or off, and you are not among them."
OFF = "Remediation is off: nothing is changed, whoever approves it, until somebody says `remediation on`."
ON = "Remediation is on: what is approved is done."
BY_SETTING = "It stays off by the setting WATCHKEEPER_KILL_SWITCH."


async def switch_remediation(word: str, desk: Desk, user: str) -> str:
    """What to answer. Without a word, how it stands; both are audited."""
    deps = desk.app.deps
    if word == "":
        state = await deps.state.get(SWITCH) or {}
        return f"{OFF if state.get('off_by') or deps.settings.kill_switch else ON} {USAGE}"
    if word not in ("on", "off"):
        return USAGE
    named = approvers_of(deps)
    if user not in named and not await groups_of(user, named, desk.messenger.client):
        return NOT_YOU
    off = word == "off"
    await deps.state.put(SWITCH, {"off_by": user} if off else {}, FOR_EVER)
    event = AuditEvent.switched_off if off else AuditEvent.switched_on
    version = policy_of(deps.settings).version
    detail = {"policy_version": version}
    entry = AuditEntry(at=deps.clock(), actor=user, event=event.value, subject="remediation", detail=detail)
    await deps.audit.append(entry)
    if not off and deps.settings.kill_switch:
        return BY_SETTING
    return OFF if off else ON
