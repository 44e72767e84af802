from __future__ import annotations

import pytest

from agent.imperatives import asks_for_change

ORDERS = (
    "restart checkout-api",
    "please delete the queue",
    "Can you scale checkout to 5?",
    "hey, roll back checkout",
    "Purge it",
    "we need you to scale orders-api to 12 tasks right now",
    "could someone please restart checkout-api",
    "could someone please restart checkout-api?",
    "we need checkout-api restarted",
    "would you mind restarting checkout?",
    "can you get the queue purged",
    "someone should restart it",
    "I'd like you to roll back checkout",
    "can you just restart it pls",
    "checkout is down, restart it",
    "customers can't pay and we lose money so please restart the service",
    "let's roll it back",
    "please could you bump memory to 512",
    "is it possible to restart checkout-api",
    "roll the checkout lambda back",
    "can you put the endpoint back",
    "crank up the write capacity of the sessions table to 1200",
    "just cast the column back to int",
    "give the worker tasks 4 gigs",
    "bring back the old revision of orders-api",
    "send the stuck message to the dlq",
    "switch the live alias to 3",
    "make the sessions table on demand",
    "throttle the resizer",
    "silence the search alarm",
    "backfill daily_load for today",
    "mark load_orders as success",
    "failover ledger-db",
    "can we get ledger-db restarted?",
    "grant me admin on prod",
    "open port 5432 to the world",
    "please do a rollback of checkout",
    "somebody has to bounce orders-api, can you do it",
    "go back to revision 17 of orders-api please",
)
NO_ORDERS = (
    "I think it's the deploy, rolling back now",
    "rolling back now",
    "I'll go and restart the service",
    "should we restart checkout-api?",
    "why does ECS restart tasks?",
    "did the deploy break it?",
    "deploy failed, why?",
    "deploy failed",
    "fix is out",
    "Drop in orders since noon, why?",
    "Increase in errors on checkout-api?",
    "we just restarted the service",
    "I restarted it and now the errors are gone",
    "we need to know who restarted the service",
    "do we need checkout restarted",
    "how do I restart it",
    "what happens if we restart it?",
    "restart loop on orders-api, why?",
    "update: all fine",
    "who stopped the instance",
    "we want to know why it was restarted",
    "limit reached on orders-db?",
    "backfill failed",
    "the restore took 3 hours, why?",
    "throttle events on the sessions table?",
    "can you send me the logs of orders-api?",
    "give me the errors of orders-api",
    "make a list of the slow functions",
    "would an upgrade help?",
    "who put the old version back?",
    "did the upgrade of ledger-db break it?",
    "cpu alarm: fire, clear, fire... tune it or fix something?",
)


@pytest.mark.parametrize("text", ORDERS)
def test_an_order_is_one_however_it_is_put(text: str) -> None:
    assert asks_for_change(text)


@pytest.mark.parametrize("text", NO_ORDERS)
def test_who_tells_or_asks_about_a_change_orders_none(text: str) -> None:
    assert not asks_for_change(text)


@pytest.mark.parametrize("text", ["", "?", "please " * 4_000, "we need " * 4_000, "and " * 8_000])
def test_anything_can_be_said(text: str) -> None:
    assert not asks_for_change(text)
