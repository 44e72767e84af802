"""The simulated AWS account: one loopback server that real boto3 talks to."""

from typing import TYPE_CHECKING, Any

from deploy.local.account.scenario import Scenario, drill_names, load_scenario, render_alert, scenario_names

if TYPE_CHECKING:
    from deploy.local.account.server import SimulatedAccount

__all__ = ["Scenario", "SimulatedAccount", "drill_names", "load_scenario", "render_alert", "scenario_names"]


def __getattr__(name: str) -> Any:
    """The account itself takes a second to import: who only reads scenarios need not wait for it."""
    if name == "SimulatedAccount":
        from deploy.local.account.server import SimulatedAccount

        return SimulatedAccount
    raise AttributeError(name)
