from __future__ import annotations

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slack_app.blocks.text import SECTION_LIMIT, cut, escape, link, pieces

HOSTILE = st.text(st.sampled_from("<>&!@|#*_~`:/[]() \nchaneverhttps.comU12"), max_size=80)
LIVE = re.compile(r"<|>|@(channel|here|everyone)|://|\]\(", re.I)


@given(st.one_of(st.text(), HOSTILE))
def test_nothing_in_foreign_text_is_live(text: str) -> None:
    assert not LIVE.search(escape(text))


@pytest.mark.parametrize(
    "text",
    [
        "<!channel>",
        "<!here|here>",
        "<@U0MAYA>",
        "<#C0GENERAL>",
        "<https://evil.example|click>",
        "https://evil.example",
        "slack://open",
        "@channel @here @EVERYONE",
        "[click](https://evil.example)",
        "[click](evil.example)",
        "![x](https://evil.example/x.png)",
        "&lt;!channel&gt;",
        "*bold* `code` ~struck~",
    ],
)
def test_mentions_and_links_of_every_kind_are_defused(text: str) -> None:
    shown = escape(text)

    assert not LIVE.search(shown)
    assert re.sub(r"[\u200b]", "", html.unescape(shown)).translate(str.maketrans("∗∼", "*~")).replace("'", "`") == text


@given(st.text(), st.integers(5, 60))
def test_pieces_lose_nothing_and_fit(text: str, limit: int) -> None:
    parts = pieces(text, limit)

    assert all(0 < len(part) <= limit for part in parts)
    assert "".join("".join(parts).split()) == "".join(text.split())


def test_pieces_break_between_words() -> None:
    assert pieces("one two three four", 10) == ["one two", "three four"]
    assert pieces("x" * 25, 10) == ["x" * 10, "x" * 10, "x" * 5]
    assert pieces("") == []
    assert pieces("short") == ["short"]
    assert len(pieces("word " * 2000)) == 4
    assert max(map(len, pieces("word " * 2000))) <= SECTION_LIMIT


@given(st.text(), st.integers(1, 50))
def test_a_cut_fits_and_shows_that_it_is_one(text: str, limit: int) -> None:
    short = cut(text, limit)

    assert len(short) <= limit
    assert short == text or (short.endswith("…") and text.startswith(short[:-1]))


@pytest.mark.parametrize(
    "url",
    [
        "https://console.aws.amazon.com/lambda/home",
        "https://us-east-1.console.aws.amazon.com/cloudwatch/home?region=us-east-1#logsV2:log-groups",
        "https://console.amazonaws-us-gov.com/x",
        "https://us-east-1.console.aws.amazon.com/lambda/home?region=us-east-1#/functions/create-order",
        "https://us-east-1.console.aws.amazon.com/cloudformation/home?region=us-east-1#/stacks/events?stackId=arn%3Aaws",
        "https://us-east-1.console.aws.amazon.com/s3/object/logs?region=us-east-1&prefix=redirect%2Foauth%2Flogin.json",
        "https://harbor.slack.com/archives/C0ALERTS/p1763649000000100?thread_ts=1763649000.0001&cid=C0ALERTS",
    ],
)
def test_a_consoles_address_is_a_link(url: str) -> None:
    assert link(url, "logs <x>") == f"<{url}|logs &lt;x&gt;>"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "javascript:alert(1)",
        "http://console.aws.amazon.com/x",
        "https://evil.example/console.aws.amazon.com",
        "https://console.aws.amazon.com.evil.example/",
        "https://evilconsole.aws.amazon.com/",
        "https://console.aws.amazon.com@evil.example/",
        "https://[broken",
        "https://slack.com/oauth/v2/authorize?client_id=1.2&scope=chat:write",
        "https://evil.slack.com/",
        "https://slack.com/link?url=https://evil.example",
        "https://console.aws.amazon.com/cloudformation/home#/stacks/quickcreate?templateURL=https://evil.example/t.yaml",
        "https://console.aws.amazon.com/cloudformation/home#/stacks/quick%2563reate?templateUR%4C=https://evil.example",
        "https://us-east-1.console.aws.amazon.com/iam/home#/roles$new?step=review&policies=AdministratorAccess",
        "https://us-east-1.console.aws.amazon.com/ec2/home?region=us-east-1#LaunchInstances:ami=ami-1",
        "https://console.aws.amazon.com/systems-manager/automation/execute/AWS-RunShellScript",
        "https://console.aws.amazon.com/x?a=%2525252525252575",
        "https://console.aws.amazon.com/" + "x" * 4000,
    ],
)
def test_any_other_address_is_only_words(url: str) -> None:
    assert link(url, "logs") == "logs"


@given(st.text(max_size=40))
def test_an_address_cannot_end_its_link_early(rest: str) -> None:
    shown = link(f"https://console.aws.amazon.com/{rest}", "logs")

    assert shown == "logs" or re.fullmatch(r"<[^<>| ]*\|logs>", shown)
