"""The end of a header is learnt from what the lines of a file have in common."""

import pytest

from agent.log_headers import learn

MESSAGES = ("user 0 came", "order 0 is lost", "nothing to do", "error: disk is full", "[a] b c")


def learnt(*headers: str) -> list[str]:
    """What is left of a line of each header, learnt from lines of all of them."""
    lines = [f"{header} {message}".split() for header in headers for message in MESSAGES]
    layout = learn(lines, [9] * len(lines))
    return [" ".join(line[layout.start(line) :]) for line in lines[:: len(MESSAGES)]]


@pytest.mark.parametrize(
    "headers",
    [
        ("0-0-0 0:0:0,0 INFO [main] app.Shop:", "0-0-0 0:0:0,0 WARN [pool 0 thread 0] app.Till:"),
        ("0-0-0T0:0:0Z INFO", "0-0-0T0:0:0Z ERROR"),
        ("Dec 0 0:0:0 web sshd[0]:", "Dec 0 0:0:0 web kernel:", "Dec 0 0:0:0 web Some Word[0]:"),
        ("[0-0-0 0:0:0] chrome.exe -", "[0-0-0 0:0:0] chrome.exe *0 -"),
        ("0-0-0 0:0:0.0 INFO 0 --- [http-0] c.e.App :", "0-0-0 0:0:0.0 WARN 0 --- [main] c.e.Till :"),
        ("[Sun Dec 0 0:0:0 0] [error]", "[Mon Dec 0 0:0:0 0] [notice]"),
        ("- 0 0.0.0 dn0 Nov 0 0:0:0 dn0/dn0 cron[0]:", "- 0 0.0.0 en0 Nov 0 0:0:0 en0/en0 ntpd[0]:"),
        ("0-0 0:0:0.0 0 0 D Window:", "0-0 0:0:0.0 0 0 I Power:"),
        ("0-0-0 0:0:0, Info CBS", "0-0-0 0:0:0, Error CSI"),
    ],
)
def test_the_message_begins_after_what_all_lines_share(headers: tuple[str, ...]):
    assert learnt(*headers) == [MESSAGES[0]] * len(headers)


def test_lines_without_a_header_keep_all_their_words():
    lines = [message.split() for message in MESSAGES] * 5
    assert {learn(lines, [1] * len(lines)).start(line) for line in lines} == {0}


def test_a_number_in_every_message_is_not_taken_for_a_header():
    lines = [f"0-0-0 0:0:0 INFO {noun} 0 {verb}".split() for noun in ("user", "job") for verb in ("came", "left")]
    assert learn(lines, [9] * 4).start(lines[0]) == 3


def test_from_few_lines_nothing_is_learnt():
    lines = [["0:0:0", "INFO", "a", "b"]] * 3
    assert learn(lines, [1, 1, 1]).elements == ()
