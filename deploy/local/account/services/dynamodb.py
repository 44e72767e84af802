"""DynamoDB DescribeTable with the size that the scenario gives a table. The rest of DynamoDB is moto's."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from deploy.local.account.request import AwsError, Operation, Request
from deploy.local.account.state import Account


def describe_table(account: Account, request: Request) -> dict[str, Any]:
    client = account.moto.client("dynamodb", request.region)
    try:
        described: dict[str, Any] = client.describe_table(**request.params)["Table"]
    except ClientError as error:
        raise AwsError(error.response["Error"]["Code"], error.response["Error"]["Message"]) from error
    for loaded in account.loaded(request.region):
        for table in loaded.scenario.resources.dynamodb_tables:
            if table.name == described["TableName"]:
                described["ItemCount"] = described["ItemCount"] if table.item_count is None else table.item_count
                described["TableSizeBytes"] = table.size_bytes or described["TableSizeBytes"]
    return {"Table": described}


OPERATIONS: dict[str, Operation] = {"DescribeTable": describe_table}
