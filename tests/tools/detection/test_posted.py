"""What was posted in Slack is not told a second time: the first minutes of `watchkeeper run`.

Slow, since each scenario is loaded anew.
"""

from __future__ import annotations

import pytest

from agent.sources import parse_alerts
from deploy.local.account import load_scenario, render_alert, scenario_names
from tests.lookout import Lookout
from tests.tools.detection.test_alarms import keep


@pytest.mark.slow
@pytest.mark.parametrize("name", scenario_names())
async def test_after_an_incidents_post_the_ticks_have_nothing_to_add(watching: Lookout, name: str):
    watching.load_scenario(load_scenario("lambda-cost-spike"))
    await watching.tick()
    watching.clock.now = watching.story
    scenario = load_scenario(name)
    watching.load_scenario(scenario)
    posted = {"ts": f"{watching.story.timestamp():.6f}", **render_alert(scenario, watching.story)}
    for alert in parse_alerts({"event": posted, "channel": "alerts"}, watching.story):
        await keep(watching, alert)
    assert await watching.until(15) == []
    assert watching.ticks[-1].gaps == []
