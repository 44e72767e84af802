"""The places of what one job is about, looked up when it shows something.

A job is about the thread (or the command) it came from, its incident, its remediation or its approval. An incident gets
its thread, or moves, while a job is at work, so that nothing is remembered here.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from agent.alert_rules import read_rules
from agent.errors import SettingsError
from agent.models import Incident, Job, JobKind, SlackPlace
from agent.ports import Deps
from slack_app.handlers.desk import place_of
from slack_app.messenger import SlackMessenger

ABOUT_SEVERAL = (JobKind.alert, JobKind.command, JobKind.digest, JobKind.sweep, JobKind.tick)
"""Kinds of jobs that may tell incidents which their payload does not name."""


@dataclass(frozen=True)
class JobPlaces:
    job: Job
    deps: Deps
    messenger: SlackMessenger

    @property
    def name(self) -> str:
        return f"a job of the kind {self.job.kind}"

    async def allow(self, channel: str, thread_ts: str | None) -> bool:
        """`thread_ts`: "" for a message that begins one, None where a message is only edited or one person sees it."""
        if self._came_from(channel, thread_ts):
            return True
        incidents = await self._incidents()
        if any(_is_told(incident.place, channel, thread_ts) for incident in incidents):
            return True
        if incidents and not any(_is_untold(incident) for incident in incidents):
            return False
        if not incidents and self.job.kind not in ABOUT_SEVERAL:
            return False
        if thread_ts:
            place = SlackPlace(team=await self.messenger.team_id(), channel=channel, thread_ts=thread_ts)
            return await self.deps.incidents.by_thread(place) is not None
        return await self._is_named(channel, incidents)

    def allows_home(self, user: str) -> bool:
        """Somebody's own App Home is drawn when they open it."""
        return bool(user) and user == self.job.payload.get("user")

    def _came_from(self, channel: str, thread_ts: str | None) -> bool:
        place, post = place_of(self.job), self.job.payload.get("post")
        known = [(place.channel, place.thread_ts)]
        known += [(str(post["channel"]), str(post["thread_ts"]))] if isinstance(post, dict) else []
        known += [(place.channel, "")] if self.job.kind is JobKind.command else []
        return any(channel and channel == c and thread_ts in (None, ts) for c, ts in known)

    async def _incidents(self) -> list[Incident]:
        """As they are stored now."""
        deps, payload = self.deps, self.job.payload
        names = [str(payload["incident"])] if payload.get("incident") else []
        remediation_id = str(payload.get("remediation") or "")
        if payload.get("approval") and (approval := await deps.approvals.get(str(payload["approval"]))):
            remediation_id = approval.remediation_id
        if remediation_id and (given := await deps.remediations.get(remediation_id)):
            names.append(given.incident_id)
        found = [await deps.incidents.get(name) for name in dict.fromkeys(names)]
        return [incident for incident in found if incident is not None]

    async def _is_named(self, channel: str, incidents: list[Incident]) -> bool:
        """By the settings, by a rule, or by the rule that decided about one of these incidents."""
        names = [*self.deps.settings.alert_channels]
        with suppress(SettingsError):
            names += read_rules(self.deps.settings.alert_rules).channels
        names += [incident.decision.channel for incident in incidents if incident.decision]
        for name in dict.fromkeys(filter(None, names)):
            if channel in (name, await self.messenger.channel_id(name)):
                return True
        return False


def _is_told(place: SlackPlace | None, channel: str, thread_ts: str | None) -> bool:
    return place is not None and place.channel == channel and thread_ts in (None, place.thread_ts)


def _is_untold(incident: Incident) -> bool:
    """It has no thread yet, so that its first message may begin one."""
    return incident.place is None or not incident.place.thread_ts
