"""Further checks of single commands, named by `check` in the tables. Each gives why not, or an empty text."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from agent.safety.commands.arguments import Read
from agent.safety.commands.checks_clouds import CLOUD_CHECKS
from agent.safety.commands.checks_files import FILES_CHECKS
from agent.safety.commands.checks_network import NETWORK_CHECKS
from agent.safety.commands.checks_system import SYSTEM_CHECKS
from agent.safety.commands.checks_tools import TOOLS_CHECKS

Check = Callable[[Sequence[str], Read], str]

CHECKS: dict[str, Check] = {
    **FILES_CHECKS,
    **SYSTEM_CHECKS,
    **NETWORK_CHECKS,
    **TOOLS_CHECKS,
    **CLOUD_CHECKS,
}
