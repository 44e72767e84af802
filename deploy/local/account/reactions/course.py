"""What follows from a call that succeeded: its record in the trail, and the reactions of the scenarios to it."""

from __future__ import annotations

from deploy.local.account import trail
from deploy.local.account.reactions.matching import fits
from deploy.local.account.reactions.queues import empty
from deploy.local.account.reactions.weave import Happened, in_force
from deploy.local.account.request import Request
from deploy.local.account.schema.reactions import Reaction
from deploy.local.account.state import Account, Loaded


def follow_up(account: Account, request: Request) -> None:
    """Record the call, and let each scenario's first reaction that fits it happen."""
    for loaded in account.loaded(request.region):
        reaction = _chosen(loaded, request)
        if reaction is not None:
            called = account.now() - loaded.now
            happened = Happened(reaction, called, called + reaction.after * account.pace, account.pace)
            account.react(loaded.scenario.name, happened)
            for each in reaction.queues:
                empty(account, loaded, each)
    if trail.is_change(request):
        trail.record(account, request)


def _chosen(loaded: Loaded, request: Request) -> Reaction | None:
    names = in_force(loaded.happened)
    for reaction in loaded.scenario.reactions:
        if fits(reaction.when, request) and names >= set(reaction.needs) and not names & set(reaction.unless):
            return reaction
    return None
