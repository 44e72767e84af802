"""What is hidden, what stays, and that both hold in whatever text a secret stands."""

from __future__ import annotations

import logging
import random
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.redaction import Policy, redact, use
from agent.redaction.plain import RedactingFormatter, redact_plain
from tests.agent.secrets import ASSIGNMENTS, PASSWORDS, TOKENS, VALUES, assigned, some

SURROUNDINGS = (
    "{}",
    "use {} please",
    "key: {}.",
    '{{"a":"{}"}}',
    '{{\\"a\\": \\"{}\\"}}',
    "a={}&b=1",
    "<b>{}</b>",
    "x,{},y",
    "line\\n{}\\nline",
    "%3D{}%26",
    "{}\nnext",
)
NAMES = ("password", "secret", "token", "api_key", "passphrase")
CHANCES = st.integers(0, 10**9).map(random.Random)


@pytest.mark.parametrize("kind", TOKENS)
def test_a_token_is_recognised_wherever_it_stands(kind: str) -> None:
    chance = random.Random(kind)
    for surrounding in SURROUNDINGS:
        secret = TOKENS[kind](chance)
        hidden = redact(surrounding.format(secret))
        assert secret not in hidden
        assert secret[8:24] not in hidden
        assert "[redacted:" in hidden


@pytest.mark.parametrize("template", ASSIGNMENTS)
@pytest.mark.parametrize("name", NAMES)
def test_a_value_is_hidden_for_its_name_however_it_is_written(name: str, template: str) -> None:
    chance = random.Random(name + template)
    makers = [*VALUES.values(), *([PASSWORDS] if name.startswith("pass") else [])]
    for make in makers:
        secret = make(chance)
        text = assigned(template, name, secret)
        hidden = redact(text)
        assert secret[1:] not in hidden
        assert secret[:-1] not in hidden
        assert redact(hidden) == hidden


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("postgres://app:{}@db.internal:5432/orders", "postgres://app:[redacted:password]@db.internal:5432/orders"),
        ("mongodb+srv://app:{}@c0.example.net/?w=1", "mongodb+srv://app:[redacted:password]@c0.example.net/?w=1"),
        ("redis://:{}@cache:6379/0", "redis://:[redacted:password]@cache:6379/0"),
        ("jdbc:mysql://db/x?user=a&password={}&ssl=1", "jdbc:mysql://db/x?user=a&password=[redacted:password]&ssl=1"),
        ("Server=db;Uid=app;Pwd={};", "Server=db;Uid=app;Pwd=[redacted:password];"),
        ("curl -u app:{} https://x", "curl -u app:[redacted:password] https://x"),
        ("mysql -u root -p{} orders", "mysql -u root -p[redacted:password] orders"),
        ("machine db login app password {}", "machine db login app password [redacted:password]"),
        ("ALTER USER app IDENTIFIED BY '{}'", "ALTER USER app IDENTIFIED BY '[redacted:password]'"),
        ("Set-Cookie: sid={}{}; Path=/", "Set-Cookie: [redacted:cookie]"),
        ("Authorization: Token {}{}", "Authorization: Token [redacted:authorization]"),
        ("*Password:* {}", "*Password:* [redacted:password]"),
    ],
)
def test_only_the_secret_of_a_structure_goes(before: str, after: str) -> None:
    password = "h7" + "unt3r-" + "Xyz9"
    assert redact(before.format(password, password)) == after


def test_an_aws_secret_key_is_hidden_by_its_name_and_beside_its_id() -> None:
    chance = random.Random(1)
    identifier, secret = TOKENS["aws access key id"](chance), some(chance, 40)
    assert redact(f"aws_secret_access_key = {secret}") == "aws_secret_access_key = [redacted:aws-secret-key]"
    assert redact(f"{identifier},{secret}") == "[redacted:aws-access-key-id],[redacted:aws-secret-key]"


UNTOUCHED = """
arn:aws:iam::123456789012:role/orders-api
arn:aws:secretsmanager:us-gov-west-1:123456789012:secret:prod/orders/db-AbC1d2
RequestId: 4d1f2c7a-7b1e-4a39-9d2b-0a5f2f6f3c11 Duration: 3.12 ms
commit 3f2a9c1e8d7b6a5f4e3d2c1b0a9f8e7d6c5b4a39
orders@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
i-0abc1234def567890 vol-0123456789abcdef0 nat-0aa11bb22cc33dd44
C0123ABCDEF U0456GHIJKL 1732186980.123456
2026-11-21T11:03:00.123Z 1732186980123 1732186980123456
p99=1234.5678 ratio 0.4111111111111111 bytes=4111111111111111.5
API-Gateway-Execution-Logs_a1b2c3d4e5/prod /aws/lambda/orders-api-AbCdEf123456
v1.2.3-rc4+build.567 ev_3f2a9c1e
max_tokens=4096 total_tokens=132096 token_bucket=burst-credits
next_token=AQICAHhabcdef0123456789
token: required
password=None password: ${DB_PASSWORD} password=*** password: <redacted>
password = config.db.password
password=os.environ["DB_PASSWORD"]
FATAL: password authentication failed for user "app"
password must be at least 12 characters long; the token was revoked; secret is missing
The security token included in the request is expired
s3 key=raw/2026/11/21/part-00000-6fd3b2aa-0c1e-4a39-9d2b-0a5f2f6f3c11.c000.snappy.parquet
partition_key=customer#12345678901234567890 kms_key_id=1234abcd-12ab-34cd-56ef-1234567890ab
secret: prod/orders/database-1
session: botocore-session-1732186980
PWD=/home/app
{"name": "DB_PASSWORD", "valueFrom": "arn:aws:ssm:us-east-1:1:parameter/x"}
postgres://orders-db.cluster-abc123def456.us-east-1.rds.amazonaws.com:5432/orders
Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1
trace_id=4bf92f3577b34da6a3ce929d0e0e4736
docker run -p 8080:80 orders; mysql -port 3306
GITHUB_API_KEY=
""".strip().splitlines()


@pytest.mark.parametrize("line", UNTOUCHED)
def test_what_people_on_call_need_stays(line: str) -> None:
    assert redact(line) == line
    assert line in redact("\n".join(UNTOUCHED))


def test_cards_go_by_default_and_emails_by_choice() -> None:
    card = "4111 1111" + " 1111 1111"
    text = f"paid with {card} by dana@example.com, order 4111111111111112"
    assert redact(text) == "paid with [redacted:card-number] by dana@example.com, order 4111111111111112"
    assert redact(text, Policy(cards=False)) == text
    assert "by [redacted:email], order" in redact(text, Policy(emails=True))


def test_a_kubernetes_secret_loses_every_value_and_no_key() -> None:
    manifest = "kind: Secret\nmetadata:\n  name: orders\ndata:\n  extra: {}\n  user: YWRtaW46eHl6MQ==\ntype: Opaque\n"
    hidden = redact(manifest.format(some(random.Random(2), 24)))
    assert hidden.count("[redacted:kubernetes-secret]") == 2
    assert "name: orders" in hidden


@given(CHANCES, st.text(max_size=40), st.text(max_size=40))
@settings(max_examples=150, deadline=None)
def test_redacting_twice_changes_nothing_more_and_nothing_raises(
    chance: random.Random, before: str, after: str
) -> None:
    secret = chance.choice([*TOKENS.values(), *VALUES.values()])(chance)
    template, name = chance.choice(ASSIGNMENTS), chance.choice(NAMES)
    hidden = redact(before + assigned(template, name, secret) + after)
    assert redact(hidden) == hidden


@given(
    CHANCES, st.text(st.characters(blacklist_categories=["Cs", "L", "N"], blacklist_characters="_-.+/=~%"), max_size=30)
)
@settings(max_examples=150, deadline=None)
def test_a_planted_token_never_survives(chance: random.Random, around: str) -> None:
    secret = chance.choice(list(TOKENS.values()))(chance)
    assert secret not in redact(f"{around}{secret}{around}")


@given(st.text(alphabet="bdfhjlmnqrvxz \n0123456789äß漢\ud800", max_size=300))
@settings(deadline=None)
def test_text_without_keywords_stays_as_it_is(text: str) -> None:
    assert redact(text, Policy(cards=False)) == text


def test_a_long_secret_goes_to_its_end() -> None:
    secret = some(random.Random(3), 9_000)
    assert redact(f'{{"token": "{secret}", "host": "db-1"}}') == '{"token": "[redacted:token]", "host": "db-1"}'


@pytest.mark.parametrize(
    "unit", ["password=hunter2 ", "key=", "cookie: a=b;", "://a:b@", "-----BEGIN PRIVATE KEY-----", "'"]
)
def test_no_text_makes_it_slow(unit: str) -> None:
    redact("warm up password=hunter2")
    began = time.process_time()
    redact(unit * (100_000 // len(unit)))
    assert time.process_time() - began < 3  # a hundred times what a quadratic rule would leave of it


def test_names_in_plain_structures_count_for_their_values() -> None:
    plain: Any = {
        "password": "hunter2-x",
        "Tags": [{"Key": "db-password", "Value": "hunter2-x"}, {"Key": "team", "Value": "orders"}],
        "n": (1, None),
    }
    hidden = redact_plain(plain)
    assert "hunter2-x" not in str(hidden)
    assert hidden["Tags"][1] == {"Key": "team", "Value": "orders"}
    assert hidden["n"] == [1, None]


def test_a_log_line_is_redacted_with_its_arguments_and_its_traceback() -> None:
    try:
        raise ValueError("password=hunter2-x")
    except ValueError as error:
        failure = (type(error), error, error.__traceback__)
    record = logging.LogRecord("x", logging.ERROR, "f.py", 1, "token=%s", ("a8f3k2m9q7w1",), failure)
    line = RedactingFormatter(logging.Formatter()).format(record)
    assert "hunter2-x" not in line
    assert "a8f3k2m9q7w1" not in line
    assert "Traceback" in line


def test_the_policy_in_use_counts_where_none_is_given() -> None:
    use(Policy(emails=True))
    try:
        assert redact("by dana@example.com") == "by [redacted:email]"
    finally:
        use(Policy())
    assert redact("by dana@example.com") == "by dana@example.com"


def test_half_an_emoji_inside_a_secret_does_not_end_it() -> None:
    rest = "Zx9" * 5
    assert rest not in redact(f"password=\ud83dq7Wk{rest}, done")


@pytest.mark.parametrize("hidden", ["\u200b", "\u00ad", "\u202e", "\ufeff", "\U000e0041", "\x00", "\x1b"])
def test_a_secret_is_found_whatever_nobody_sees_in_it(hidden: str) -> None:
    key = "AKIA" + "Q3EGRZT6OPXM7K2B"
    broken = key[:9] + hidden + key[9:]
    assert redact(f"id {broken}, next") == "id [redacted:aws-access-key-id], next"
    assert redact(f"no secret{hidden} here") == f"no secret{hidden} here"


def test_a_secret_that_somebody_made_the_name_of_a_field_is_hidden_too() -> None:
    key, token = "AKIA" + "Q3EGRZT6OPXM7K2B", "xoxb-" + "123456789012-123456789012-" + "a1B2c3D4" * 3
    assert redact_plain({"labels": {key: 1, f"note {token}": "x"}, "started_at": "now"}) == {
        "labels": {"[redacted:aws-access-key-id]": 1, "note [redacted:slack-token]": "x"},
        "started_at": "now",
    }
