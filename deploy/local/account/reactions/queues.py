"""Messages that leave a queue: worked off by its consumer, or moved to another queue."""

from __future__ import annotations

import re
from functools import partial

from deploy.local.account.amending import with_resource
from deploy.local.account.schema.reactions import QueueReaction
from deploy.local.account.services.forward import backend_of
from deploy.local.account.state import Account, Loaded


def empty(account: Account, loaded: Loaded, reaction: QueueReaction) -> None:
    """Take the messages that match out of the queue, in moto and in the scenario."""
    region, name = loaded.scenario.region, reaction.name
    pattern = re.compile(reaction.matches)
    queues = backend_of(account, "sqs", region).queues
    if name not in queues:
        return
    leaving = [each for each in queues[name]._messages if pattern.search(each.body)]
    queues[name]._messages = [each for each in queues[name]._messages if each not in leaving]
    if reaction.moved_to in queues:
        queues[reaction.moved_to]._messages.extend(leaving)
    for queue in loaded.scenario.resources.sqs_queues:
        if queue.name == name:
            kept = tuple(each for each in queue.messages if not pattern.search(each.body))
            change = partial(with_resource, kind="sqs_queues", name=name, messages=kept)
            account.amend(loaded.scenario.name, change)
