"""Secrets as the service reads them, over the wire: from Secrets Manager and from Systems Manager's parameters."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from concurrent.futures import ALL_COMPLETED, ThreadPoolExecutor, wait
from datetime import UTC, datetime, timedelta

import pytest

from agent.errors import SettingsError
from agent.secret_references import SecretReference
from deploy.local.account.faults import Fault
from tests.tools.secrets.vault import Vault
from tools.secrets.cache import SOON_SECONDS, SecretCache
from tools.secrets.reading import AwsReader, Version

TTL = 300.0
TOKEN = SecretReference("secretsmanager", "wk/token")
PARAMETER = SecretReference("ssm", "/wk/token")
BOTH = pytest.mark.parametrize("reference", [TOKEN, PARAMETER], ids=str)


class Times:
    """A clock for how old a value is, and one for when it was rotated; both moved by hand."""

    def __init__(self) -> None:
        self.ticks, self.ahead = 0.0, timedelta(0)

    def pass_by(self, seconds: float) -> None:
        self.ticks += seconds
        self.ahead += timedelta(seconds=seconds)


def cache(times: Times, overlap: timedelta = timedelta(hours=1)) -> SecretCache:
    reader = AwsReader("us-east-1", "", 5)
    return SecretCache(reader, TTL, overlap, lambda: times.ticks, lambda: datetime.now(UTC) + times.ahead)


def store(vault: Vault, reference: SecretReference, text: str) -> None:
    (vault.put if reference.service == "secretsmanager" else vault.put_parameter)(reference.name, text)


def soon(holds: Callable[[], bool]) -> bool:
    """Whether it holds within a few seconds."""
    until = time.monotonic() + 5
    while not holds() and time.monotonic() < until:
        time.sleep(0.01)
    return holds()


@BOTH
def test_a_rotated_secret_is_noticed_when_its_time_is_up(vault: Vault, reference: SecretReference) -> None:
    times = Times()
    secrets = cache(times)
    store(vault, reference, "one")
    assert secrets.current(reference) == "one"
    store(vault, reference, "two")
    times.pass_by(TTL - 1)
    assert secrets.current(reference) == "one"
    times.pass_by(2)
    assert soon(lambda: secrets.current(reference) == "two")


@BOTH
def test_a_secret_that_is_refused_is_read_anew_at_once(vault: Vault, reference: SecretReference) -> None:
    times = Times()
    secrets = cache(times)
    store(vault, reference, "one")
    assert secrets.current(reference) == "one"
    store(vault, reference, "two")
    times.pass_by(SOON_SECONDS + 1)
    assert secrets.other_than(reference, "one") == "two"
    assert secrets.current(reference) == "two"


@BOTH
def test_after_a_rotation_both_values_count_for_a_while_and_then_only_the_new_one(
    vault: Vault, reference: SecretReference
) -> None:
    times = Times()
    store(vault, reference, "one")
    store(vault, reference, "two")
    secrets = cache(times)
    assert secrets.accepted(reference) == ("two", "one")
    times.pass_by(3700)
    assert secrets.accepted(reference) == ("two",)


@BOTH
def test_a_secret_that_was_never_rotated_has_no_value_before_it(vault: Vault, reference: SecretReference) -> None:
    store(vault, reference, "one")
    assert cache(Times()).accepted(reference) == ("one",)


def test_a_secret_that_is_only_compared_is_read_again_too(vault: Vault) -> None:
    """Else the last one would count for ever, where nobody ever shows a wrong one."""
    times = Times()
    secrets = cache(times)
    vault.put("wk/token", "one")
    assert secrets.accepted(TOKEN) == ("one",)
    vault.put("wk/token", "two")
    times.pass_by(3700)
    assert soon(lambda: secrets.accepted(TOKEN) == ("two",))


def test_without_an_overlap_the_last_value_ends_with_the_rotation(vault: Vault) -> None:
    vault.put("wk/token", "one")
    vault.put("wk/token", "two")
    assert cache(Times(), timedelta(0)).accepted(TOKEN) == ("two",)


def test_a_new_value_that_the_provider_does_not_know_yet_gives_way_to_the_last_one(vault: Vault) -> None:
    times = Times()
    vault.put("wk/token", "one")
    vault.put("wk/token", "two")
    secrets = cache(times)
    assert secrets.current(TOKEN) == "two"
    times.pass_by(SOON_SECONDS + 1)
    assert secrets.other_than(TOKEN, "two") == "one"
    assert secrets.current(TOKEN) == "one"
    times.pass_by(SOON_SECONDS + 1)
    assert secrets.other_than(TOKEN, "one") == "two"  # by now it does, and the last one is off
    assert secrets.current(TOKEN) == "two"


def test_a_value_that_is_refused_without_a_rotation_has_no_other(vault: Vault) -> None:
    vault.put("wk/token", "one")
    secrets = cache(Times())
    secrets.current(TOKEN)
    assert secrets.other_than(TOKEN, "one") is None


def test_however_many_wrong_signatures_come_the_secret_is_read_every_few_seconds_only(vault: Vault) -> None:
    times = Times()
    secrets = cache(times)
    vault.put("wk/token", "one")
    secrets.current(TOKEN)
    vault.account.put(Fault("secretsmanager:*", code="InternalServiceError", status=500))
    times.pass_by(SOON_SECONDS - 1)
    began = time.monotonic()
    assert [secrets.other_than(TOKEN, "one") for _ in range(100)] == [None] * 100
    assert time.monotonic() - began < 1


def test_while_secrets_manager_is_slow_strangers_keep_one_thread_waiting_for_long(vault: Vault) -> None:
    times = Times()
    secrets = cache(times)
    vault.put("wk/token", "one")
    secrets.current(TOKEN)
    vault.account.put(Fault("secretsmanager:*", seconds=30, times=1))
    times.pass_by(SOON_SECONDS + 1)
    with ThreadPoolExecutor(8) as pool:
        first = pool.submit(secrets.accepted, TOKEN, anew=True)
        others = [pool.submit(secrets.accepted, TOKEN, anew=True) for _ in range(7)]
        done, _ = wait(others, timeout=10, return_when=ALL_COMPLETED)
        vault.account.heal()
        assert {each.result() for each in (first, *others)} == {("one",)}
    assert len(done) >= 6  # whichever came first is the one that waits


class HeldUp:
    """Secrets Manager whose answer is on its way until `arrive` is set."""

    def __init__(self) -> None:
        self.text, self.arrive, self.asked = "one", threading.Event(), threading.Event()
        self.arrive.set()

    def current(self, reference: SecretReference) -> Version:
        answer = Version(self.text, datetime.now(UTC))
        self.asked.set()
        self.arrive.wait(10)
        return answer

    def previous(self, reference: SecretReference, current: Version) -> str | None:
        return None


def test_an_answer_that_was_on_its_way_when_the_secret_was_rotated_does_not_count_as_news() -> None:
    times, manager = Times(), HeldUp()
    secrets = SecretCache(manager, TTL, timedelta(0), lambda: times.ticks)
    assert secrets.current(TOKEN) == "one"
    times.pass_by(TTL + 1)
    manager.arrive.clear()
    manager.asked.clear()
    assert secrets.current(TOKEN) == "one"  # and it is read anew, behind the scenes
    assert manager.asked.wait(10)
    manager.text = "two"
    times.pass_by(SOON_SECONDS + 1)
    threading.Timer(0.1, manager.arrive.set).start()
    assert secrets.other_than(TOKEN, "one") == "two"


def test_while_secrets_manager_is_away_the_last_known_value_goes_on_counting(vault: Vault) -> None:
    times = Times()
    secrets = cache(times)
    vault.put("wk/token", "one")
    secrets.current(TOKEN)
    vault.account.put(Fault("secretsmanager:*", code="AccessDeniedException", status=400))
    times.pass_by(10 * TTL)
    assert secrets.current(TOKEN) == "one"
    assert secrets.other_than(TOKEN, "one") is None


def test_the_fields_of_one_secret_are_read_together(vault: Vault) -> None:
    times = Times()
    secrets = cache(times)
    vault.put("wk/slack", json.dumps({"bot": "b", "app": "a"}))
    assert secrets.current(SecretReference("secretsmanager", "wk/slack", "bot")) == "b"
    vault.account.put(Fault("secretsmanager:*", code="InternalServiceError", status=500))
    assert secrets.current(SecretReference("secretsmanager", "wk/slack", "app")) == "a"


def test_a_wrong_signature_changes_nothing_for_what_else_is_in_the_same_secret(vault: Vault) -> None:
    """Strangers decide what is compared, and never which token is shown to Slack."""
    times = Times()
    secrets = cache(times)
    vault.put("wk/slack", json.dumps({"bot": "b1", "sign": "s"}))
    vault.put("wk/slack", json.dumps({"bot": "b2", "sign": "s"}))
    sign, bot = (SecretReference("secretsmanager", "wk/slack", key) for key in ("sign", "bot"))
    for _ in range(3):
        times.pass_by(SOON_SECONDS + 1)
        assert secrets.accepted(sign, anew=True) == ("s",)
        assert secrets.current(bot) == "b2"
    assert secrets.other_than(sign, "s") is None
    assert secrets.other_than(bot, "b2") == "b1"
    assert (secrets.current(bot), secrets.current(sign)) == ("b1", "s")


@pytest.mark.parametrize("before", ["plain", "{}", json.dumps({"sign": ""})])
def test_a_version_without_the_field_lets_nobody_in(vault: Vault, before: str) -> None:
    vault.put("wk/slack", before)
    vault.put("wk/slack", json.dumps({"sign": "s"}))
    assert cache(Times()).accepted(SecretReference("secretsmanager", "wk/slack", "sign")) == ("s",)
    vault.put("wk/slack", before)
    assert cache(Times()).accepted(SecretReference("secretsmanager", "wk/slack", "sign")) == ("s",)
    vault.put("wk/slack", before)
    assert cache(Times()).accepted(SecretReference("secretsmanager", "wk/slack", "sign")) == ()


def test_a_secret_that_cannot_be_read_lets_nobody_in(vault: Vault) -> None:
    assert cache(Times()).accepted(SecretReference("secretsmanager", "wk/gone")) == ()


@pytest.mark.parametrize("text", ["plain", "[]", '{"bot": 7}', "{}"])
def test_a_key_that_is_not_there_is_told_without_what_is(vault: Vault, text: str) -> None:
    vault.put("wk/slack", text)
    with pytest.raises(SettingsError) as told:
        cache(Times()).current(SecretReference("secretsmanager", "wk/slack", "bot"))
    assert str(told.value) == (
        "secretsmanager:wk/slack#bot is no text in a JSON object; correct the key, or the secret."
    )


def test_a_secret_is_found_by_its_arn_in_the_region_that_this_names(vault: Vault) -> None:
    vault.put("wk/token", "one")
    arn = vault.secrets.describe_secret(SecretId="wk/token")["ARN"]
    elsewhere = SecretCache(AwsReader("eu-west-1", "", 5), TTL, timedelta(0))
    assert elsewhere.current(SecretReference("secretsmanager", arn)) == "one"
    with pytest.raises(SettingsError, match="does not exist"):
        elsewhere.current(TOKEN)


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("AccessDeniedException", "allow secretsmanager:GetSecretValue on it"),
        ("ResourceNotFoundException", "does not exist"),
        ("InternalServiceError", "cannot be read now"),
    ],
)
def test_what_is_wrong_is_one_sentence_that_says_what_to_do(vault: Vault, code: str, said: str) -> None:
    vault.account.put(Fault("secretsmanager:*", code=code, status=400))
    with pytest.raises(SettingsError, match=said):
        cache(Times()).current(TOKEN)
