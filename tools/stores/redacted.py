"""A remediation as the JSON that a store keeps: redacted, but for tokens of Watchkeeper's own making.

By its name alone `token` would be hidden, and an execution that goes on after a crash has to send the same one again.
"""

from __future__ import annotations

import json

from agent.models import Remediation
from agent.redaction.plain import redact_plain


def remediation_json(remediation: Remediation) -> str:
    document = redact_plain(remediation.model_dump(mode="json"))
    for step, written in zip(remediation.steps, document["steps"], strict=True):
        written["token"] = step.token
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))
