"""Accounts and regions of the read session."""

from __future__ import annotations

from collections.abc import Iterator

import boto3
import pytest

from agent.errors import InputError
from agent.settings import AwsAccount
from deploy.local.account import SimulatedAccount
from tools.aws import Boto3Session

OTHER = AwsAccount(id="210987654321", name="data", role="watchkeeper-read", external_id="x1", regions=("eu-west-1",))


@pytest.fixture(scope="module")
def account() -> Iterator[SimulatedAccount]:
    with SimulatedAccount() as running, pytest.MonkeyPatch.context() as environment:
        for name, value in running.environment().items():
            environment.setenv(name, value)
        yield running


@pytest.fixture
def aws(account: SimulatedAccount) -> Boto3Session:
    account.reset()
    return Boto3Session.open("us-east-1", accounts=(OTHER,))


def make_table(name: str, region: str, credentials: dict[str, str] | None = None) -> None:
    boto3.client("dynamodb", region_name=region, **(credentials or {})).create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
    )


def credentials_of(role_arn: str) -> dict[str, str]:
    given = boto3.client("sts", region_name="us-east-1").assume_role(RoleArn=role_arn, RoleSessionName="test")
    found = given["Credentials"]
    return {
        "aws_access_key_id": found["AccessKeyId"],
        "aws_secret_access_key": found["SecretAccessKey"],
        "aws_session_token": found["SessionToken"],
    }


def tables(session: Boto3Session) -> list[str]:
    return session.client("dynamodb").list_tables()["TableNames"]


def test_each_region_is_read_by_itself(aws: Boto3Session) -> None:
    make_table("orders", "us-east-1")
    make_table("orders-eu", "eu-west-1")
    assert tables(aws) == ["orders"]
    assert tables(aws.at(region="eu-west-1")) == ["orders-eu"]
    assert aws.client("dynamodb", "eu-west-1").list_tables()["TableNames"] == ["orders-eu"]


def test_another_account_is_read_through_its_role_and_shows_nothing_of_home(aws: Boto3Session) -> None:
    make_table("orders", "us-east-1")
    make_table("ledger", "eu-west-1", credentials_of(OTHER.role_arn("aws")))
    there = aws.at("210987654321")
    assert (there.account, there.region) == ("210987654321", "eu-west-1")
    assert tables(there) == ["ledger"]
    assert tables(aws.at("data")) == ["ledger"]


def test_the_home_account_can_be_named_too(aws: Boto3Session) -> None:
    assert aws.at(aws.account) is aws
    assert aws.at() is aws


def test_sessions_and_clients_are_made_once(aws: Boto3Session) -> None:
    assert aws.at("data") is aws.at("210987654321", "eu-west-1")
    assert aws.client("dynamodb") is aws.client("dynamodb")


def test_an_account_that_nobody_configured_is_refused_with_those_that_are(aws: Boto3Session) -> None:
    with pytest.raises(InputError, match=r"999999999999.*data.*WATCHKEEPER_AWS_ACCOUNTS"):
        aws.at("999999999999")


def test_a_region_that_is_none_is_refused_and_a_global_service_is_looked_at_from_home(aws: Boto3Session) -> None:
    assert aws.at(region="global") is aws
    with pytest.raises(InputError, match="is no AWS region"):
        aws.at(region="evil.example/us-east-1")


def test_a_role_for_the_home_account_is_assumed(account: SimulatedAccount) -> None:
    session = Boto3Session.open("us-east-1", role_arn="arn:aws:iam::345678901234:role/reader")
    assert session.account == "345678901234"


@pytest.mark.parametrize(
    ("region", "partition"), [("us-east-1", "aws"), ("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")]
)
def test_the_partition_follows_the_region(account: SimulatedAccount, region: str, partition: str) -> None:
    assert Boto3Session.open(region).partition == partition
