"""POST /webhooks/{source}: whoever can show that they may send has their alert queued, and then acknowledged.

What is refused hears nothing that would help an attacker: an unknown source, a source without a secret and a wrong
signature are one answer. Once 202 is said, the job is committed; before that the sender tries again.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from agent.errors import InputError, QueueFull, RetryLater, SettingsError, StoreUnavailable
from agent.models import Job, JobKind, digest, new_id
from agent.ports import Deps
from agent.secret_references import LiveSecret, accepted
from agent.sources import Request, Source, read_mappings, source_named
from agent.sources.aws.sns import without_subscription
from agent.sources.clean import clean_text, read_json
from agent.sources.senders import token_or_basic
from slack_app.large_payloads import lightened
from slack_app.urgency import urgency_of
from slack_app.web.arrivals import Arrivals
from slack_app.web.limits import RateLimit, retry_after
from slack_app.web.reading import MAX_BODY_BYTES, NotRead, Reading, first_headers
from slack_app.web.replays import Replays, mark_of
from tools.sns_sender import SnsSender

log = logging.getLogger(__name__)
BUSY, BUSY_SECONDS = 503, 5.0
STRANGERS_PER_SECOND, STRANGERS_BURST = 1.0, 20
"""How many from one address are told, and noted in the log, that they may not send; the others only hear 429."""
SNS, PAGERDUTY = "sns", "pagerduty"
DELIVERY_HEADERS = ("idempotency-key", "x-amz-sns-message-id")


class Refused(Exception):
    """`str(error)` is for our log and `kind` for the counter; the sender gets neither."""

    def __init__(self, kind: str, reason: str, status: int = 401, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(reason)
        self.kind, self.status, self.headers = kind, status, headers


class Webhooks:
    """The handler of POST /webhooks/{source}. `team`: the Slack workspace that is told."""

    def __init__(self, deps: Deps, team: str, sns: SnsSender | None = None) -> None:
        settings = deps.settings
        self._deps = deps
        self._team = team
        self._limit = RateLimit(settings.webhook_rate_per_second, settings.webhook_burst)
        self._strangers = RateLimit(STRANGERS_PER_SECOND, STRANGERS_BURST)
        self._noted = RateLimit(1 / 60, 1)
        self._reading = Reading()
        self._arrivals = Arrivals(deps.queue)
        self._replays = Replays()
        self._mappings = read_mappings(settings.webhook_mappings)
        self._sns = sns or SnsSender(settings.sns_topics)

    async def post(self, request: web.Request) -> web.Response:
        name = request.match_info["source"]
        told = name if source_named(name, self._mappings) is not None or name == SNS else "(unknown)"
        try:
            async with self._reading.body(request) as body:
                return await self._taken(
                    name, Request(body, first_headers(request), self._deps.clock()), request.remote
                )
        except NotRead as error:
            headers = retry_after(BUSY_SECONDS) if error.status == BUSY else None
            return self._refusal(told, request, Refused("size", str(error), error.status, headers))
        except Refused as refused:
            return self._refusal(told, request, refused)
        except InputError as error:  # it would not fit the next time either
            return self._refusal(told, request, Refused("size", str(error), 413))
        except (QueueFull, StoreUnavailable, RetryLater) as error:
            log.error("an alert of %s is not accepted now, and its sender has to try again: %s", told, error)
            return web.Response(status=BUSY, text="try again", headers=retry_after(BUSY_SECONDS))

    async def _taken(self, name: str, given: Request, remote: str | None) -> web.Response:
        """Those who may send have a limit of their own, which nobody else can use up."""
        body = await self._verified(name, given, remote)
        if wait := self._limit.wait(f"{name} {remote}"):
            raise Refused("rate", "too many requests", 429, retry_after(wait))
        if name == SNS and await self._is_about_the_subscription(body):
            return web.json_response({"status": "accepted"}, status=202)
        mark = mark_of(name, given)
        job = self._job(name, given, body, mark)
        if not self._replays.again(mark):
            await self._arrivals.put(await lightened(job, self._deps.archive))
            self._replays.taken(mark)
        return web.json_response({"status": "accepted", "id": job.id}, status=202)

    def _refusal(self, told: str, request: web.Request, refused: Refused) -> web.Response:
        """Whoever sets a sender up finds out why it is refused, also in a log of errors only: once a minute."""
        level = logging.DEBUG if refused.kind == "rate" else logging.WARNING
        if not self._noted.wait(f"{told} {refused}"):
            level = logging.ERROR
        log.log(level, "a request to /webhooks/%s from %s is refused: %s", told, request.remote, refused)
        self._deps.metrics.request_refused(refused.kind)
        return web.Response(status=refused.status, text="refused", headers=refused.headers)

    async def _verified(self, name: str, given: Request, remote: str | None) -> Any:
        """The body, of a sender who may send."""
        if name == SNS:
            reason = await asyncio.to_thread(self._sns.check, given)
        elif isinstance(self._deps.settings.webhook_secrets, LiveSecret):  # which may have to be looked up
            reason = await asyncio.to_thread(self._reason, source_named(name, self._mappings), name, given)
        else:
            reason = self._reason(source_named(name, self._mappings), name, given)
        if reason and (wait := self._strangers.wait(str(remote))):
            raise Refused("rate", reason, 429, retry_after(wait))
        if reason:
            raise Refused("sender", reason)
        return parsed(given.body)

    def _reason(self, source: Source | None, name: str, given: Request) -> str:
        """Why this sender may not send, or "". Who cannot send is compared with something, too: it takes as long."""
        secret = self._deps.settings.webhook_secret_of(name)
        if source is None or source.verify is None or secret is None:
            token_or_basic(given, secrets.token_hex(16))
            return "no source of this name may send" if source is None else "no secret is set for this source"
        reason = "the secret of this source cannot be read"
        for value in accepted(secret):
            reason = source.verify(given, value)
            if not reason:
                break
        return reason

    async def _is_about_the_subscription(self, body: Any) -> bool:
        """SNS asks whether its messages are wanted, and says when they end. The topic has been checked."""
        kind = str(body.get("Type", "")) if isinstance(body, dict) else ""
        if kind == "SubscriptionConfirmation":
            await asyncio.to_thread(self._sns.confirm, body)
        return kind in ("SubscriptionConfirmation", "UnsubscribeConfirmation")

    def _job(self, name: str, given: Request, body: Any, mark: str) -> Job:
        delivery, job_id = delivery_of(name, given.headers, body), new_id("job")
        key = digest(name, delivery, length=32) if delivery else mark or job_id
        body = without_subscription(body) if name == SNS else body
        return Job(
            id=job_id,
            kind=JobKind.alert,
            idempotency_key=f"webhook:{key}",
            payload={"source": name, "body": body, "delivery": delivery, "team": self._team},
            urgency=urgency_of(given.body.decode("utf-8", "replace")),
            created_at=given.received,
        )


@asynccontextmanager
async def webhook_port(deps: Deps, team: str) -> AsyncGenerator[None]:
    """Listening at `webhook_port` while the context is open, when it is set: in Socket Mode nothing else listens."""
    settings = deps.settings
    if not settings.webhook_port:
        yield
        return
    app = web.Application(client_max_size=MAX_BODY_BYTES)
    app.add_routes([web.post("/webhooks/{source}", Webhooks(deps, team).post), web.get("/health", _health)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, settings.webhook_host, settings.webhook_port).start()
        except OSError as error:
            taken = f"WATCHKEEPER_WEBHOOK_PORT: {settings.webhook_port} is taken; set another one."
            raise SettingsError(taken) from error
        yield
    finally:
        await runner.cleanup()


def parsed(body: bytes) -> Any:
    """The JSON that it is, or else its text; either so that every store can hold it."""
    text = body.decode("utf-8", "replace")
    try:
        return read_json(text)
    except ValueError:
        return clean_text(text)


def delivery_of(source: str, headers: Mapping[str, str], body: Any) -> str:
    """What the sender calls this very message, if it says so: the same when it sends it again.

    SNS and PagerDuty sign theirs with the body, and a header says nothing against that. What others have under such
    names may be the alert's id, which each of its messages has.
    """
    document: dict[str, Any] = body if isinstance(body, dict) else {}
    event = document.get("event")
    signed: Any = None
    if source == SNS:
        signed = document.get("MessageId")
    elif source == PAGERDUTY and isinstance(event, dict):
        signed = event.get("id")
    named = [signed, *(headers.get(name) for name in DELIVERY_HEADERS)]
    return next((value for value in named if isinstance(value, str) and value), "")


async def _health(_: web.Request) -> web.Response:
    return web.json_response({"status": "ok"})
