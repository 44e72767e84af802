"""What a tool function gives back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from agent.models import Chart, Finding, Table


@dataclass
class Found:
    """What a tool function found. `no_data` says that it looked and there was nothing."""

    summary: str
    findings: Sequence[Finding] = ()
    console_url: str = ""
    no_data: bool = False
    charts: Sequence[Chart] = ()
    tables: Sequence[Table] = ()
