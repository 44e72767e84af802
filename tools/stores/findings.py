"""An incident as two texts: what was found out (evidence and diagnosis: large, seldom changed) and all the rest."""

from __future__ import annotations

from agent.models import Diagnosis, Evidence, Incident
from agent.models.base import Model
from agent.redaction.plain import redacted_json


class Findings(Model):
    diagnosis: Diagnosis | None = None
    evidence: tuple[Evidence, ...] = ()


def findings_of(incident: Incident) -> str:
    """Redacted JSON; empty where nothing was found out."""
    if incident.diagnosis is None and not incident.evidence:
        return ""
    return redacted_json(Findings(diagnosis=incident.diagnosis, evidence=incident.evidence))


def without_findings(incident: Incident) -> str:
    return redacted_json(incident.model_copy(update={"diagnosis": None, "evidence": ()}))


def joined(body: str, findings: str) -> Incident:
    """What the first version wrote holds its findings itself."""
    incident = Incident.model_validate_json(body)
    if not findings:
        return incident
    found = Findings.model_validate_json(findings)
    return incident.model_copy(update={"diagnosis": found.diagnosis, "evidence": found.evidence})
