"""`watchkeeper tick`: look once for trouble that nobody posted, and say what was found and what it cost."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from agent.errors import InputError
from agent.models import AlertStatus
from agent.settings import Settings
from deploy.commands.options import AwsOption, JsonOption, ScenarioOption, aws_of, print_result
from deploy.showing import tell

if TYPE_CHECKING:
    from deploy.ticking import Tick


def tick(
    scenario: ScenarioOption = "",
    aws: AwsOption = "simulated",
    keep: Annotated[
        bool, typer.Option("--keep", help="With --aws real: keep what is learned, as the service's own ticks do.")
    ] = False,
    json_output: JsonOption = False,
) -> None:
    """Look for trouble that nobody posted: run the detectors, print what they find and what looking cost.

    Nothing is posted. In the simulated account: all the ticks of the last three hours."""
    from deploy.looked_up import for_one_run
    from deploy.real_account import need_credentials
    from deploy.ticking import real_tick, simulated_ticks

    settings = Settings.read()
    if aws_of(aws) == "real":
        if scenario:
            raise InputError("--scenario is for the simulated account; leave it out with --aws real.")
        need_credentials()
        ticks = asyncio.run(real_tick(settings, keep))
    else:
        from deploy.local.account import scenario_names
        from deploy.terminal import progress

        with progress() as show:
            settings = for_one_run(settings, "simulated", ())
            ticks = asyncio.run(simulated_ticks([scenario] if scenario else scenario_names(), settings, show))
    print_result(
        json_output,
        lambda: {"ticks": [each.as_json() for each in ticks]},
        lambda: _print(lines(ticks)),
    )


def _print(shown: Iterator[str]) -> None:
    tell("\n".join(shown) + "\n")


def lines(ticks: Sequence[Tick]) -> Iterator[str]:
    """What was learned, found and missed, and the cost of it all."""
    for each in ticks:
        at, found = f"{each.at:%H:%M} UTC", each.found
        if found.learned:
            yield f"{at}  learned {', '.join(found.learned)}; a first look only learns"
        for alert in found.alerts:
            sign = "resolved" if alert.status is AlertStatus.resolved else str(alert.severity)
            yield f"{at}  {sign}: {alert.title}"
            yield from (f"           {line}" for line in alert.description.splitlines()[:2] if sign != "resolved")
    gaps = list(dict.fromkeys(gap for each in ticks for gap in each.found.gaps))
    yield from (f"Could not read {gap}." for gap in gaps)
    if not any(each.found.alerts for each in ticks):
        yield "Nothing to tell."
    calls, usd = (sum(each.found.total(item) for each in ticks) for item in ("api_calls", "usd"))
    yield f"{len(ticks)} tick{'s' * (len(ticks) != 1)}, {calls:.0f} AWS calls, ${usd:.4f}."
