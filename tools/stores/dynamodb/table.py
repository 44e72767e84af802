"""One DynamoDB table behind a few asynchronous verbs.

An item is a flat dict of strings and numbers; a long `body` is packed on its way in and unpacked on its way out. In
expressions every attribute is written `#name`, so that none is ever taken for one of DynamoDB's 573 reserved words, and
every value `:name`, given by keyword:

    await table.put({"id": "a", "count": 1}, "attribute_not_exists(#id) OR #count < :most", most=5)

botocore sends a request again when its answer was lost, so a condition may meet the effect of its own first attempt.
Conditions that decide who is first therefore also let pass the item that carries the caller's own token.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from decimal import Decimal
from hashlib import sha256
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from agent.errors import InputError, StoreUnavailable
from agent.ports import Clock
from tools.stores.dynamodb.errors import unavailable
from tools.stores.dynamodb.tables import DELETE_AFTER, TableDefinition
from tools.stores.packing import packed, unpacked

Item = dict[str, Any]
"""Attribute name -> str, int or float."""

THREADS = 16
MAX_ITEM_BYTES = 350 * 1024
"""DynamoDB's own limit is 400 KB, names and the index entries' overhead included."""
UNMET = "ConditionalCheckFailed"
CONFLICT = "TransactionConflict"
_BATCH = 100
_BATCH_ATTEMPTS = 8


@dataclass(frozen=True)
class Put:
    """One item of a transaction, and what must hold for it. `table` is that of the transaction if None."""

    item: Item
    condition: str = ""
    values: Mapping[str, Any] = field(default_factory=dict[str, Any])
    table: Table | None = None


class Connection:
    """A boto3 client for DynamoDB, the tables' prefix, and threads of its own: a store never waits for a model call."""

    def __init__(self, client: Any, prefix: str, clock: Clock) -> None:
        self.client = client
        self.prefix = prefix
        self.clock = clock
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="dynamodb")

    def close(self) -> None:
        self._threads.shutdown(wait=True)
        self.client.close()

    async def call(self, operation: str, table: str, **parameters: Any) -> dict[str, Any]:
        try:
            running = self._threads.submit(self.call_now, operation, table, **parameters)
        except RuntimeError as error:
            raise StoreUnavailable(f"The table {table} cannot be used: it was closed.") from error
        return await asyncio.wrap_future(running)

    def call_now(self, operation: str, table: str, **parameters: Any) -> dict[str, Any]:
        """One request, in the calling thread. A condition that is not met stays boto3's own exception."""
        try:
            return getattr(self.client, operation)(**parameters)
        except (
            self.client.exceptions.ConditionalCheckFailedException,
            self.client.exceptions.TransactionCanceledException,
        ):
            raise
        except (ClientError, BotoCoreError) as error:
            action = "dynamodb:" + "".join(word.capitalize() for word in operation.split("_"))
            raise unavailable(f"table {table}", action, error) from error


class Table:
    """Items that TTL should have deleted are never returned, though DynamoDB takes up to two days to do it."""

    def __init__(self, connection: Connection, definition: TableDefinition) -> None:
        self.name = connection.prefix + definition.name
        self._connection = connection
        self._definition = definition

    async def get(self, **key: str) -> Item | None:
        """A consistent read."""
        return self._found(await self._call("get_item", **self._get_request(key)))

    def get_now(self, **key: str) -> Item | None:
        return self._found(self._call_now("get_item", **self._get_request(key)))

    async def put(self, item: Item, condition: str = "", **values: Any) -> bool:
        """Whether the condition, if any, was met and the item written. InputError for an item that is too large."""
        try:
            await self._call("put_item", **self._put_request(item, condition, values))
        except self._refused:
            return False
        return True

    def put_now(self, item: Item, condition: str = "", **values: Any) -> bool:
        try:
            self._call_now("put_item", **self._put_request(item, condition, values))
        except self._refused:
            return False
        return True

    async def put_all(self, puts: Sequence[Put]) -> dict[int, str]:
        """All of them in one transaction, or none: then why, by position: UNMET (the condition), or CONFLICT.

        A conflict is with another write of the same item at this moment; the same transaction may succeed in the next.
        """
        written = [{"Put": (put.table or self).put_of(put)} for put in puts]
        try:
            await self._connection.call("transact_write_items", self.name, TransactItems=written)
        except self._connection.client.exceptions.TransactionCanceledException as error:
            codes = [reason.get("Code", "None") for reason in error.response.get("CancellationReasons", [])]
            refused = {position: code for position, code in enumerate(codes) if code in (UNMET, CONFLICT)}
            if not refused or len(refused) + codes.count("None") < len(codes):
                raise unavailable(f"table {self.name}", "dynamodb:PutItem", error) from error
            return refused
        return {}

    def put_of(self, put: Put) -> dict[str, Any]:
        """The part of a transaction that puts it here."""
        return {"TableName": self.name, **self._put_request(put.item, put.condition, put.values)}

    async def update(self, key: Mapping[str, str], change: str, condition: str = "", **values: Any) -> Item | None:
        """The whole item after the change; None when the condition, if any, was not met."""
        try:
            reply = await self._call("update_item", **self._update_request(key, change, condition, values))
        except self._refused:
            return None
        return _unmarshal(reply["Attributes"])

    def update_now(self, key: Mapping[str, str], change: str, condition: str = "", **values: Any) -> Item | None:
        try:
            reply = self._call_now("update_item", **self._update_request(key, change, condition, values))
        except self._refused:
            return None
        return _unmarshal(reply["Attributes"])

    async def delete(self, key: Mapping[str, str], condition: str = "", **values: Any) -> bool:
        try:
            await self._call("delete_item", Key=_marshal(key), **_conditional(condition, values))
        except self._refused:
            return False
        return True

    def delete_now(self, key: Mapping[str, str], condition: str = "", **values: Any) -> bool:
        try:
            self._call_now("delete_item", Key=_marshal(key), **_conditional(condition, values))
        except self._refused:
            return False
        return True

    async def query(
        self,
        condition: str,
        index: str = "",
        newest_first: bool = False,
        page_size: int = 0,
        expired_too: bool = False,
        **values: Any,
    ) -> AsyncIterator[Item]:
        """Every match, page after page. Reads of the table are consistent; those of an index cannot be."""
        request: dict[str, Any] = {
            "KeyConditionExpression": condition,
            "ScanIndexForward": not newest_first,
            **_placeholders(condition, values),
            **({"IndexName": index} if index else {"ConsistentRead": True}),
            **({"Limit": page_size} if page_size else {}),
        }
        async for item in self._pages("query", request, expired_too):
            yield item

    async def scan(self, condition: str, **values: Any) -> AsyncIterator[Item]:
        """Every match in the whole table, expired or not. Reads all of it: for housekeeping only."""
        request = {"FilterExpression": condition, **_placeholders(condition, values)}
        async for item in self._pages("scan", request, expired_too=True):
            yield item

    async def get_many(self, keys: Sequence[Mapping[str, str]]) -> list[Item]:
        """Those that exist, in the order of their keys; consistent reads, a hundred a request."""
        items: list[Item] = []
        for start in range(0, len(keys), _BATCH):
            items += await self._get_batch([_marshal(key) for key in keys[start : start + _BATCH]])
        place = {tuple(key.values()): index for index, key in enumerate(keys)}
        names = list(keys[0]) if keys else []
        return sorted(items, key=lambda item: place[tuple(item[name] for name in names)])

    @property
    def _refused(self) -> type[Exception]:
        return self._connection.client.exceptions.ConditionalCheckFailedException

    async def _get_batch(self, keys: list[dict[str, Any]]) -> list[Item]:
        """DynamoDB may answer a part of a batch and leave the rest for the next request."""
        items: list[Item] = []
        for attempt in range(_BATCH_ATTEMPTS):
            asked = {self.name: {"Keys": keys, "ConsistentRead": True}}
            reply = await self._connection.call("batch_get_item", self.name, RequestItems=asked)
            items += [_unmarshal(item) for item in reply["Responses"].get(self.name, [])]
            keys = reply.get("UnprocessedKeys", {}).get(self.name, {}).get("Keys", [])
            if not keys:
                return [item for item in items if self._alive(item)]
            await asyncio.sleep(0.05 * 2**attempt)
        raise StoreUnavailable(f"The table {self.name} cannot be used: AWS throttles it; try again in a minute.")

    async def _pages(self, operation: str, request: dict[str, Any], expired_too: bool = False) -> AsyncIterator[Item]:
        following: dict[str, Any] = {}
        while True:
            reply = await self._call(operation, **request, **following)
            for item in map(_unmarshal, reply["Items"]):
                if expired_too or self._alive(item):
                    yield item
            if "LastEvaluatedKey" not in reply:
                return
            following = {"ExclusiveStartKey": reply["LastEvaluatedKey"]}

    def _get_request(self, key: Mapping[str, str]) -> dict[str, Any]:
        return {"Key": _marshal(key), "ConsistentRead": True}

    def _put_request(self, item: Item, condition: str, values: Mapping[str, Any]) -> dict[str, Any]:
        item = {**item, "body": packed(item["body"])} if "body" in item else item
        size = sum(len(name) + len(str(value).encode()) for name, value in item.items())
        if size > MAX_ITEM_BYTES:
            raise InputError(
                f"{item[self._definition.partition]} takes {size / 1024:.0f} KB, and an item of the table {self.name} "
                f"may take {MAX_ITEM_BYTES // 1024}; shorten its evidence, or keep it with WATCHKEEPER_STORE=sqlite."
            )
        return {"Item": _marshal(item), **_conditional(condition, values)}

    def _update_request(
        self, key: Mapping[str, str], change: str, condition: str, values: Mapping[str, Any]
    ) -> dict[str, Any]:
        request = {"Key": _marshal(key), "UpdateExpression": change, "ReturnValues": "ALL_NEW"}
        request |= {"ConditionExpression": condition} if condition else {}
        return request | _placeholders(f"{change} {condition}", values)

    def _found(self, reply: Mapping[str, Any]) -> Item | None:
        item = _unmarshal(reply["Item"]) if "Item" in reply else None
        return item if item and self._alive(item) else None

    def _alive(self, item: Item) -> bool:
        return DELETE_AFTER not in item or item[DELETE_AFTER] > self._connection.clock().timestamp()

    async def _call(self, operation: str, **parameters: Any) -> dict[str, Any]:
        return await self._connection.call(operation, self.name, TableName=self.name, **parameters)

    def _call_now(self, operation: str, **parameters: Any) -> dict[str, Any]:
        return self._connection.call_now(operation, self.name, TableName=self.name, **parameters)


def key_text(kind: str, text: str) -> str:
    """`kind#text` as a key: never empty, and hashed where it is longer than a key may be."""
    key = f"{kind}#{text}"
    return key if len(key.encode()) <= 1000 else f"{kind}#sha256:{sha256(text.encode()).hexdigest()}"


def _conditional(condition: str, values: Mapping[str, Any]) -> dict[str, Any]:
    return {"ConditionExpression": condition, **_placeholders(condition, values)} if condition else {}


def _placeholders(expression: str, values: Mapping[str, Any]) -> dict[str, Any]:
    names = {f"#{name}": name for name in re.findall(r"#(\w+)", expression)}
    attributes = {f":{name}": value for name, value in _marshal(values).items()}
    found: dict[str, Any] = {"ExpressionAttributeNames": names} if names else {}
    return found | ({"ExpressionAttributeValues": attributes} if attributes else {})


def _marshal(item: Mapping[str, Any]) -> dict[str, Any]:
    return {name: {"S": value} if isinstance(value, str) else {"N": _written(value)} for name, value in item.items()}


def _written(number: float) -> str:
    """Without an exponent, as DynamoDB itself writes numbers back."""
    return format(Decimal(repr(number)), "f")


def _unmarshal(item: Mapping[str, Any]) -> Item:
    found: Item = {name: value["S"] if "S" in value else _number(value["N"]) for name, value in item.items()}
    return {**found, "body": unpacked(found["body"])} if "body" in found else found


def _number(text: str) -> int | float:
    return int(text) if text.lstrip("-").isdigit() else float(text)
