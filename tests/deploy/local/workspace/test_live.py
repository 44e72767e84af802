"""What pages hear of the workspace's changes."""

from deploy.local.workspace.live import MAX_BACKLOG, LiveFeed


async def test_a_page_that_stopped_reading_is_told_to_ask_again() -> None:
    live = LiveFeed()
    waiting = live.subscribe()
    for number in range(MAX_BACKLOG + 2):
        live.publish("message", number=number)

    told = [waiting.get_nowait() for _ in range(waiting.qsize())]

    assert [event["type"] for event in told] == ["missed", "message", "message"]
    assert told[-1]["number"] == MAX_BACKLOG + 1
