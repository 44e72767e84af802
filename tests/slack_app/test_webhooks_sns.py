"""Amazon SNS: its signatures, subscriptions and notifications."""

from __future__ import annotations

import json
from typing import Any

from agent.errors import RetryLater
from agent.sources import Request
from tests.slack_app.webhook_gate import Opened, opened

__all__ = ["opened"]


class Topic:
    """Stands for SNS's side, which only answers from the internet."""

    def __init__(self) -> None:
        self.confirmed: list[str] = []
        self.reachable = True

    def check(self, request: Request) -> str:
        if not self.reachable:
            raise RetryLater("The certificate could not be fetched.", 30)
        return "" if json.loads(request.body).get("TopicArn") == "arn:aws:sns:us-east-1:1:ops" else "no such topic"

    def confirm(self, body: dict[str, Any]) -> None:
        self.confirmed.append(body["SubscribeURL"])


def notice(**more: Any) -> dict[str, Any]:
    return {"Type": "Notification", "TopicArn": "arn:aws:sns:us-east-1:1:ops", "MessageId": "m1", "Message": "x"} | more


async def test_a_link_that_ends_the_subscription_is_not_stored(opened: Opened) -> None:
    async with opened(sns=Topic()) as gate:
        await gate.post("sns", notice(UnsubscribeURL="https://sns.us-east-1.amazonaws.com/?Action=Unsubscribe"), {})
        (job,) = await gate.jobs()
    assert job.payload["body"] == notice()


async def test_a_notification_of_sns_is_queued_once(opened: Opened) -> None:
    async with opened(sns=Topic()) as gate:
        assert [(await gate.post("sns", notice(), {}))[0] for _ in range(2)] == [202, 202]
        (job,) = await gate.jobs()

    assert (job.payload["source"], job.payload["delivery"]) == ("sns", "m1")


async def test_a_subscription_of_an_allowed_topic_is_confirmed_and_is_no_alert(opened: Opened) -> None:
    topic = Topic()
    asked = notice(Type="SubscriptionConfirmation", SubscribeURL="https://sns.us-east-1.amazonaws.com/?a")
    async with opened(sns=topic) as gate:
        assert (await gate.post("sns", asked, {}))[0] == 202
        assert (await gate.post("sns", {**asked, "TopicArn": "arn:aws:sns:us-east-1:1:other"}, {}))[0] == 401
        assert (await gate.post("sns", notice(Type="UnsubscribeConfirmation"), {}))[0] == 202
        assert await gate.jobs() == []

    assert topic.confirmed == ["https://sns.us-east-1.amazonaws.com/?a"]


async def test_sns_is_asked_to_come_again_when_its_certificate_cannot_be_had(opened: Opened) -> None:
    topic = Topic()
    topic.reachable = False
    async with opened(sns=topic) as gate:
        assert (await gate.post("sns", notice(), {}))[0] == 503
