"""What is SQS's own; what every queue does is in tests/contracts/test_queue.py."""

from __future__ import annotations

import pytest

from agent.errors import InputError, PartlyQueued, RetryLater, StoreUnavailable
from agent.models import Urgency
from tests.contracts.adapters import MAX_RECEIVES, EmulatedQueue, SettableClock
from tests.contracts.emulators import Emulator
from tests.contracts.examples import job
from tests.wire import Wire
from tools.queues.sqs import FAIR_TURNS, SqsQueue
from tools.stores.dynamodb.sent import SENDING_SECONDS, SentJobs

DOWN = {"__type": "com.amazonaws.sqs#InternalFailure", "message": "down"}


async def test_a_job_that_is_too_large_is_refused_by_its_size_and_may_be_sent_smaller(queue: EmulatedQueue) -> None:
    with pytest.raises(InputError, match=r"takes 2\d\d KB and the queue at most 256; keep the payload elsewhere"):
        queue.send(job("k1", payload={"log": "x" * 270_000}))
    assert await queue.depth() == 0
    assert queue.send(job("k1"))


async def test_a_job_just_below_the_limit_arrives_whole(queue: EmulatedQueue) -> None:
    sent = job(payload={"log": "x" * 261_000})
    queue.send(sent)
    assert await queue.receive() == [sent.model_copy(update={"attempt": 1})]


async def test_characters_that_sqs_refuses_arrive(queue: EmulatedQueue) -> None:
    sent = job("\u2603 k", payload={"text": "\x00\x07\ufffe\uffff\U0001f525 é"})
    queue.send(sent)
    assert await queue.receive() == [sent.model_copy(update={"attempt": 1})]


def test_a_delay_beyond_what_sqs_does_is_refused(queue: EmulatedQueue) -> None:
    with pytest.raises(InputError, match=r"delayed by 901 s, and SQS delays by at most 900"):
        queue.send(job(), delay_seconds=901)
    assert queue.send(job(), delay_seconds=900)


async def test_no_more_than_ten_jobs_come_at_once(queue: EmulatedQueue) -> None:
    for n in range(12):
        queue.send(job(f"k{n}"))
    assert len(await queue.receive(max_jobs=25)) == 10


async def test_a_message_that_is_no_job_ends_among_the_dead_and_holds_up_nobody(
    queue: EmulatedQueue, clock: SettableClock
) -> None:
    queue.client.send_message(QueueUrl=queue.url, MessageBody="not a job")
    queue.send(job("good"))
    for _ in range(MAX_RECEIVES):
        for received in await queue.receive(max_jobs=10, lease_seconds=60):
            await queue.delete(received)
        clock.advance(60)
    assert await queue.receive() == []
    assert await queue.depth() == 0
    assert await queue.dead_letters() == [], "it is kept there, but is no job to show"


async def test_dead_letters_are_read_over_several_pages_and_stay(queue: EmulatedQueue, clock: SettableClock) -> None:
    keys = {f"k{n}" for n in range(23)}
    for key in sorted(keys):
        queue.send(job(key))
    for _ in range(MAX_RECEIVES + 1):
        while await queue.receive(max_jobs=10, lease_seconds=600):
            pass
        clock.advance(600)
    assert await queue.depth() == 0
    for _ in range(2):
        assert {dead.job.idempotency_key for dead in await queue.dead_letters()} == keys
    assert len(await queue.dead_letters(limit=12)) == 12
    assert len(await queue.dead_letters()) == 23


async def test_a_job_that_could_not_be_sent_may_be_sent_again(queue: EmulatedQueue) -> None:
    Wire(queue.client).answer(500, DOWN, times=5)
    with pytest.raises(StoreUnavailable, match=r"The queue .*-jobs cannot be used: AWS answers InternalFailure"):
        queue.send(job("k1"))
    assert queue.send(job("k1"))
    assert await queue.depth() == 1


async def test_a_job_that_is_queued_stays_queued_when_that_cannot_be_noted(
    queue: EmulatedQueue, caplog: pytest.LogCaptureFixture
) -> None:
    """The first write to the table claims the key, the second notes that the job was sent."""
    wire = Wire(queue.stores.connection.client)
    wire.let_through("PutItem")
    wire.answer(400, {"__type": "x#AccessDeniedException", "message": "no"}, operation="PutItem")
    assert queue.send(job("k1"))
    assert "may be queued again" in caplog.text
    assert await queue.depth() == 1


def test_a_sender_that_died_between_claim_and_send_holds_a_key_for_half_a_minute(
    queue: EmulatedQueue, clock: SettableClock
) -> None:
    sent = SentJobs(queue.stores.connection, clock, patience_seconds=0.1)
    assert sent.begin("k1")
    with pytest.raises(RetryLater, match="k1 is being queued by another process"):
        sent.begin("k1")
    clock.advance(SENDING_SECONDS)
    assert queue.send(job("k1"))
    assert not queue.send(job("k1"))


async def test_a_lease_of_a_part_of_a_second_is_rounded_up(queue: EmulatedQueue) -> None:
    queue.send(job())
    [received] = await queue.receive(lease_seconds=0.4)
    await queue.extend(received, 0.4)
    await queue.delete(received)
    assert await queue.depth() == 0


async def test_a_missing_queue_is_named(running: Emulator, queue: EmulatedQueue, clock: SettableClock) -> None:
    elsewhere = SqsQueue(running.client("sqs"), f"{queue.url}-elsewhere", queue.stores.sent_jobs, clock)
    with pytest.raises(StoreUnavailable, match=r"-elsewhere cannot be used: it does not exist; create the queue"):
        await elsewhere.receive()
    elsewhere.close()


async def test_a_queue_without_dead_letters_says_so(
    running: Emulator, queue: EmulatedQueue, clock: SettableClock
) -> None:
    client = running.client("sqs")
    plain = SqsQueue(client, client.create_queue(QueueName="plain")["QueueUrl"], queue.stores.sent_jobs, clock)
    with pytest.raises(StoreUnavailable, match="plain has no dead-letter queue; give it a redrive policy"):
        await plain.dead_letters()
    plain.close()


async def test_a_closed_queue_says_so(queue: EmulatedQueue) -> None:
    queue.close()
    with pytest.raises(StoreUnavailable, match="it was closed"):
        await queue.receive()


async def test_critical_jobs_have_a_queue_of_their_own(queue: EmulatedQueue) -> None:
    queue.send(job("normal"))
    queue.send_all([job("critical", urgency=Urgency.critical), job("low", urgency=Urgency.low)])
    assert {url: waiting_in(queue, url) for url in (queue.urgent_url, queue.url)} == {queue.urgent_url: 1, queue.url: 2}


async def test_jobs_that_are_not_critical_are_never_forgotten(queue: EmulatedQueue) -> None:
    queue.send(job("normal"))
    queue.send_all([job(f"c{n}", urgency=Urgency.critical) for n in range(20)])
    received = [each.idempotency_key for _ in range(FAIR_TURNS) for each in await queue.receive()]
    assert received.count("normal") == 1
    assert len(received) == FAIR_TURNS


async def test_a_receive_takes_from_both_queues(queue: EmulatedQueue) -> None:
    queue.send_all([job("normal"), job("critical", urgency=Urgency.critical)])
    assert [each.idempotency_key for each in await queue.receive(max_jobs=10)] == ["critical", "normal"]


async def test_what_is_critical_stays_so_through_a_release_and_a_retry(queue: EmulatedQueue) -> None:
    queue.send(job("k1", urgency=Urgency.critical))
    [received] = await queue.receive()
    await queue.release(received)
    [received] = await queue.receive()
    await queue.bury(received, "given up")
    assert await queue.retry(received.id)
    assert waiting_in(queue, queue.urgent_url) == 1


async def test_without_an_urgent_queue_all_share_one(queue: EmulatedQueue, clock: SettableClock) -> None:
    one = SqsQueue(queue.client, queue.url, queue.stores.sent_jobs, clock)
    one.send(job("k1", urgency=Urgency.critical))
    assert waiting_in(queue, queue.url) == 1
    assert len(await one.receive()) == 1


async def test_what_a_batch_refused_in_part_is_sent_again(queue: EmulatedQueue) -> None:
    failed = {"Successful": [], "Failed": [{"Id": "0", "Code": "InternalError", "SenderFault": False}]}
    wire = Wire(queue.client)
    wire.answer(200, failed, operation="SendMessageBatch")
    assert queue.send_all([job("k0")]) == 1
    assert wire.operations().count("SendMessageBatch") == 2
    assert await queue.depth() == 1


async def test_what_sqs_goes_on_refusing_may_be_sent_again_and_the_rest_is_queued(queue: EmulatedQueue) -> None:
    failed = {"Successful": [], "Failed": [{"Id": "1", "Code": "InternalError", "SenderFault": False}]}
    rest = {"Successful": [], "Failed": [{"Id": "0", "Code": "InternalError", "SenderFault": False}]}
    wire = Wire(queue.client)
    wire.answer(200, failed, operation="SendMessageBatch")
    wire.answer(200, rest, times=2, operation="SendMessageBatch")
    with pytest.raises(PartlyQueued, match=r"1 of 2 jobs are not queued .*InternalError.*; send them again") as caught:
        queue.send_all([job("k0"), job("k1")])
    assert caught.value.refused == {"k1"}
    assert not queue.send(job("k0")), "SQS took it"
    assert queue.send(job("k1"))


async def test_a_key_that_another_process_queues_holds_up_no_other_one(
    queue: EmulatedQueue, clock: SettableClock
) -> None:
    elsewhere = SentJobs(queue.stores.connection, clock)
    assert elsewhere.begin("k1")
    queue._sent = SentJobs(queue.stores.connection, clock, patience_seconds=0.1)
    with pytest.raises(PartlyQueued, match="k1 is being queued by another process") as caught:
        queue.send_all([job("k0"), job("k1"), job("k2")])
    assert caught.value.refused == {"k1"}
    assert await queue.depth() == 2


async def test_what_could_not_be_sent_may_be_sent_again_at_once(queue: EmulatedQueue) -> None:
    wire = Wire(queue.client)
    wire.let_through("SendMessageBatch")
    wire.answer(500, DOWN, times=5)
    jobs = [job(f"k{n}") for n in range(25)]
    with pytest.raises(PartlyQueued) as caught:
        queue.send_all(jobs)
    assert caught.value.refused == {f"k{n}" for n in range(10, 25)}
    assert queue.send_all(jobs) == 15
    assert await queue.depth() == 25


async def test_a_large_batch_is_sent_in_several_requests(queue: EmulatedQueue) -> None:
    assert queue.send_all([job(f"k{n}", payload={"log": "x" * 100_000}) for n in range(5)]) == 5
    assert await queue.depth() == 5


async def test_a_reason_that_cannot_be_noted_stops_nothing(
    queue: EmulatedQueue, caplog: pytest.LogCaptureFixture
) -> None:
    queue.send(job())
    [received] = await queue.receive()
    wire = Wire(queue.stores.connection.client)
    wire.answer(400, {"__type": "x#AccessDeniedException", "message": "no"}, operation="UpdateItem")
    await queue.release(received, reason="Slack is down")
    assert "could not be noted" in caplog.text
    assert len(await queue.receive()) == 1


def waiting_in(queue: EmulatedQueue, url: str) -> int:
    name = "ApproximateNumberOfMessages"
    return int(queue.client.get_queue_attributes(QueueUrl=url, AttributeNames=[name])["Attributes"][name])
