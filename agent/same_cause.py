"""Whether two incidents are the same trouble: what their diagnoses name as cause.

causes_of(incident)                  # {"stock-db", "stock-api"}
with_other(kept, "inc_2", at)        # the incidents that name a thing, as they are remembered
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from agent.linking import things_in
from agent.models import Incident

REMEMBERED = timedelta(hours=24)
"""How long a cause ties what comes later to it."""
MAX_REMEMBERED = 20
MAX_CAUSES = 4
MAX_OTHERS = 3
"""That are named in one message."""


def causes_of(incident: Incident) -> tuple[str, ...]:
    """The things that the root cause names, of those that its own evidence is about; none where nothing is wrong."""
    found = incident.diagnosis
    if found is None or not found.root_cause or found.nothing_wrong:
        return ()
    about = [claim for claim in found.claims if claim.text == found.root_cause] or found.claims
    cited = {evidence_id for claim in about for evidence_id in claim.evidence}
    findings = [finding for piece in incident.evidence if piece.id in cited for finding in piece.findings]
    return things_in(found.root_cause, findings)[:MAX_CAUSES]


def with_other(kept: Mapping[str, Any], incident_id: str, at: datetime) -> dict[str, Any]:
    """What is remembered of a cause, `{"incidents": {id: ISO time}}`, with one more and without the old ones."""
    since = (at - REMEMBERED).isoformat()
    known = {name: when for name, when in dict(kept.get("incidents") or {}).items() if when >= since}
    known.setdefault(incident_id, at.isoformat())
    newest = sorted(known.items(), key=lambda item: item[1])[-MAX_REMEMBERED:]
    return {"incidents": dict(newest)}


def named_with(incident: Incident, *others: str) -> Incident:
    """The incident with others of its cause; those it names already stay."""
    known = dict.fromkeys([*incident.same_cause, *(other for other in others if other != incident.id)])
    return incident.model_copy(update={"same_cause": tuple(known)[:MAX_OTHERS]})
