"""The simulated AWS account: one loopback server that real boto3 talks to."""

from deploy.local.account.scenario import Scenario, drill_names, load_scenario, render_alert, scenario_names
from deploy.local.account.server import SimulatedAccount

__all__ = ["Scenario", "SimulatedAccount", "drill_names", "load_scenario", "render_alert", "scenario_names"]
