"""Counts, at both wires, what must never happen: at botocore's `before-send` and in the calls of Slack's Web API.

with AwsWire(secrets) as aws:
    ...
    aws.violations(approved=())
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Collection, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Any, Self
from urllib.parse import unquote_plus

import botocore
from botocore.awsrequest import AWSPreparedRequest

from deploy.local.workspace.workspace import ApiCall
from slack_app.guarded_client import SHOWING
from tests.safety.live_text import hidden_in, live_in, mentions_in, pictures_in, texts_of

READS = re.compile(
    r"(Get|List|Describe|Lookup|Search|Filter|BatchGet|Head|Scan|Query|Test|Check|Validate|Detect)[A-Z]\w*"
)
STARTED_READS = ("cloudwatch-logs.StartQuery", "cloudwatch-logs.StopQuery", "sts.AssumeRole", "sts.GetCallerIdentity")
"""They begin or end a look, or give credentials, and change nothing."""
SQL = ("rds-data.ExecuteStatement", "redshift-data.ExecuteStatement", "redshift-data.BatchExecuteStatement")
SELECTS = re.compile(rb'"sql"\s*:\s*"\s*(select|with|show|explain|describe)\b', re.I)
MWAA = "mwaa.InvokeRestApi"
HEADINGS = ("chat.postMessage", "chat.update", "chat.scheduleMessage")
OTHERS = re.compile(rb"Credential=(person|seed)/")
"""Access keys of others in this process: of tests that act as somebody at the console, and of the simulated account."""


class AwsWire:
    """Every request that leaves a boto3 client which is made while this is open."""

    def __init__(self, secrets: Collection[str] = ()) -> None:
        self.sent: list[tuple[str, bytes]] = []
        self._secrets = secrets
        self._open = False

    def __enter__(self) -> Self:
        self._open = True
        botocore.register_initializer(self._listen)
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._open = False
        botocore.unregister_initializer(self._listen)

    def operations(self) -> set[str]:
        return {operation for operation, _ in self.sent}

    def writes(self) -> list[tuple[str, dict[str, Any]]]:
        """What changes something, with its parameters where they are JSON."""
        found = [(name, request) for name, request in self.sent if not _reads(name, request)]
        return [(name, _json_of(request)) for name, request in found]

    def violations(self, approved: Collection[str] = (), since: int = 0) -> list[str]:
        """What changes something and was not `approved` (`lambda.UpdateAlias`), and every secret in a request."""
        return [each for sent in self.sent[since:] for each in self.violations_of(*sent, approved)]

    def violations_of(self, operation: str, request: bytes, approved: Collection[str] = ()) -> list[str]:
        """Those of one request."""
        found = [f"AWS: a secret in {operation}" for secret in self._secrets if secret.encode() in request]
        if operation not in approved and not _reads(operation, request):
            found.append(f"AWS: {operation} without an approval")
        return found

    def _listen(self, session: Any) -> None:
        session.register("before-send", self._note)

    def _note(self, request: AWSPreparedRequest, event_name: str, **_: Any) -> None:
        headers = b"\n".join(_bytes(value) for value in request.headers.values())
        if self._open and not OTHERS.search(headers):
            operation = event_name.removeprefix("before-send.")
            body = _bytes(request.body) if isinstance(request.body, str | bytes) else b""
            self.sent.append((operation, b"\n".join([_bytes(request.url), headers, body])))


def _json_of(request: bytes) -> dict[str, Any]:
    with suppress(ValueError):
        return dict(json.loads(request.rpartition(b"\n")[2]))
    return {}


def _reads(operation: str, request: bytes) -> bool:
    if operation in SQL:
        return bool(SELECTS.search(request))
    if operation == MWAA:
        return re.search(rb'"Method"\s*:\s*"GET"', request) is not None
    return operation in STARTED_READS or READS.fullmatch(operation.rpartition(".")[2]) is not None


def slack_violations(
    calls: Sequence[ApiCall],
    *,
    places: Collection[tuple[str, str]],
    own_hosts: Collection[str],
    secrets: Collection[str],
    victims: Collection[str],
) -> list[str]:
    """`places`: (channel, thread) in which something may stand, with "" for a message that begins a thread.

    `own_hosts`: where the workspace's own messages are. `victims`: people and groups whom only foreign text mentions.
    """
    found: list[str] = []
    for call in calls:
        if call.method not in SHOWING or call.error is not None:
            continue
        found += [f"Slack: {call.method}: {each}" for each in _wrong_in(call, places, own_hosts, secrets, victims)]
    return found


def _wrong_in(
    call: ApiCall,
    places: Collection[tuple[str, str]],
    own_hosts: Collection[str],
    secrets: Collection[str],
    victims: Collection[str],
) -> list[str]:
    args = call.args
    channel = str(args.get("channel") or args.get("channel_id") or "")
    found: list[str] = []
    if call.method in ("chat.postMessage", "chat.startStream", "files.completeUploadExternal"):
        if (channel, str(args.get("thread_ts") or "")) not in places:
            found.append(f"a message in {channel}, thread {args.get('thread_ts')}")
    elif channel and channel not in {known for known, _ in places}:
        found.append(f"something shown in {channel}")
    if call.method in HEADINGS and not (args.get("unfurl_links") is False and args.get("unfurl_media") is False):
        found.append("unfurling is not off")
    found += [f"a picture ({picture})" for picture in pictures_in(args)]
    found += [f"{name} set" for name in ("attachments", "link_names", "reply_broadcast", "username") if args.get(name)]
    shown = {name: value for name, value in args.items() if name not in NOT_SHOWN}
    for text, how in texts_of(shown):
        found += live_in(text, how, own_hosts)
        found += [f"hidden {each}" for each in hidden_in(text)]
        found += [f"{who} is mentioned" for who in mentions_in(text) if who in victims]
        found += ["a secret" for secret in secrets if any(secret in form for form in _forms(text))]
    return found


NOT_SHOWN = (
    "channel",
    "channel_id",
    "thread_ts",
    "ts",
    "user",
    "user_id",
    "metadata",
    "token",
    "view_id",
    "hash",
    "recipient_user_id",
    "recipient_team_id",
    "task_display_mode",
    "files",
)


def _forms(text: str) -> list[str]:
    """The text as it is, and as somebody would read it who undoes simple disguises."""
    bare = "".join(c for c in text if c.isprintable() and c not in "\u200b\u200c\u200d\u00ad")
    tags = "".join(chr(ord(c) - 0xE0000) for c in text if 0xE0020 <= ord(c) <= 0xE007E)
    forms = [text, bare, bare[::-1], bare.replace(" ", ""), unquote_plus(bare), tags]
    for word in re.findall(r"[\w+/-]{24,}={0,2}", bare):
        forms += _unpacked(word)
    return forms


def _unpacked(word: str) -> list[str]:
    padded = word + "=" * (-len(word) % 4)
    found: list[bytes] = []
    for decode, packed in ((base64.urlsafe_b64decode, padded), (base64.b64decode, padded), (bytes.fromhex, word)):
        with suppress(ValueError):
            found.append(decode(packed))
    return [each.decode("utf-8", "ignore") for each in found]


def _bytes(value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()
