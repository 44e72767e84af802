"""The last look at what goes to Slack: whatever is in a message by then, nothing of it is live, hidden or secret."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from agent.settings import Settings
from slack_app.blocks.links import trust
from slack_app.blocks.text import escape
from slack_app.outgoing import cleaned, mrkdwn
from tests.safety.live_text import hidden_in, live_in, mentions_in, pictures_in, texts_of

PARTS = """
<!channel> <!here|x> <@U0SOFIA> <#C0GENERAL> <!subteam^S0PLATFORM> <https://evil.example/?q=1|status> https:// [a][b]
evil.example www.evil.com/?d=1 mailto:a@evil.example tel:+431234 [a](b.com) ![x](http://e.com/x) [b]:evil.com evil。com
javascript:alert(1) xn--80ak6aa92e.com https:\\evil.com //evil.com @channel @here @everyone &lt;!here&gt; a.b.co 1 a-b _
<!date^1^{date}^https://evil.example|now> <slack://open|x> <|> <> < > | ^ . : / @ ] ( [ é א https://console.aws.amazon.com/x
https://console.aws.amazon.com@evil.example/
"""
HIDDEN = "\u200b\u200d\ufeff\u202e\u2066\u00ad\U000e0041\u2062\ufe01\n "
HOSTILE = st.lists(st.one_of(st.sampled_from([*PARTS.split(), *HIDDEN]), st.text(max_size=6)), max_size=12).map("".join)


@given(HOSTILE)
@example("a\u200b.com")
@example("evil.\u200bcom")
@example("@\u200b@channel")
@example("<!date^1^{date}^https://evil.example|now>")
def test_nothing_in_a_foreign_text_is_live_after_both_looks(text: str) -> None:
    for verbatim in (True, False):
        shown = mrkdwn(escape(text), verbatim=verbatim)
        assert live_in(shown, "verbatim" if verbatim else "linked") == []
        assert mentions_in(shown) == []
        assert hidden_in(shown) == []


@given(HOSTILE)
def test_even_what_was_never_escaped_has_no_link_no_call_and_nothing_hidden(text: str) -> None:
    for verbatim in (True, False):
        shown = mrkdwn(text, verbatim=verbatim)
        assert live_in(shown, "verbatim" if verbatim else "linked") == []
        assert hidden_in(shown) == []


@given(HOSTILE)
def test_a_second_look_changes_nothing(text: str) -> None:
    for verbatim in (True, False):
        once = mrkdwn(escape(text), verbatim=verbatim)
        assert mrkdwn(once, verbatim=verbatim) == once


@given(HOSTILE, HOSTILE)
def test_no_block_of_any_kind_carries_it_out(text: str, other: str) -> None:
    blocks: list[dict[str, Any]] = [
        {
            "type": "section",
            "text": {"type": "mrkdwn", "text": text},
            "accessory": {"type": "image", "image_url": other},
        },
        {"type": "image", "image_url": text, "alt_text": other},
        {"type": "header", "text": {"type": "plain_text", "text": text}},
        {"type": "markdown", "text": text},
        {"type": "context", "elements": [{"type": "image", "image_url": "https://evil.example/x"}, _mrkdwn(other)]},
        {"type": "rich_text", "elements": [{"type": "link", "url": f"https://{text}", "text": other}]},
        {
            "type": "actions",
            "elements": [{"type": "button", "url": text, "text": {"type": "plain_text", "text": other}}],
        },
        {"type": "table", "rows": [[{"type": "raw_text", "text": text}]]},
    ]
    sent = cleaned(
        "chat.postMessage", {"channel": "C1", "text": text, "blocks": blocks, "attachments": [{"text": text}]}
    )

    assert pictures_in(sent) == []
    for shown, how in texts_of({name: sent[name] for name in ("text", "blocks")}):
        assert live_in(shown, how) == []
        assert hidden_in(shown) == []
    assert "attachments" not in sent
    assert sent["unfurl_links"] is sent["unfurl_media"] is False


def _mrkdwn(text: str) -> dict[str, Any]:
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def test_what_watchkeeper_itself_writes_stays_as_it_is() -> None:
    ours = (
        "⚠️ <@U0MAYA>, <!subteam^S0PLATFORM>: see <#C0ALERTS>, <!date^1763649000^{time}|14:30 UTC> and "
        "<https://console.aws.amazon.com/lambda/home|lambda config>"
    )
    assert mrkdwn(ours, verbatim=True) == ours
    assert mrkdwn(ours, verbatim=False) == ours


def test_names_stay_fit_to_be_copied_where_slack_links_no_plain_words() -> None:
    name = "orders.events on db-1.cluster-x.us-east-1.rds.amazonaws.com, handler.py:12"
    section = {"type": "section", "text": _mrkdwn(name)}
    assert cleaned("chat.update", {"blocks": [section]})["blocks"] == [section]


def test_rich_text_calls_nobody() -> None:
    called = [{"type": "broadcast", "range": each} for each in ("channel", "here", "everyone")]
    block = {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": called}]}
    (sent,) = cleaned("chat.postMessage", {"blocks": [block]})["blocks"]
    assert [each["type"] for each in sent["elements"][0]["elements"]] == ["text"] * 3


def test_values_that_buttons_carry_are_not_touched() -> None:
    button = {
        "type": "button",
        "action_id": "a.example",
        "value": "apr_1.example://x",
        "text": {"type": "plain_text", "text": "Go"},
    }
    block = {"type": "actions", "block_id": "incident:inc_1", "elements": [button]}
    assert cleaned("chat.postMessage", {"blocks": [block]})["blocks"] == [block]


def test_a_secret_with_something_invisible_in_it_is_still_hidden() -> None:
    key = "AKIA" + "Q3EGRZT6OPXM7K2B"
    broken = key[:7] + "\u200b" + key[7:12] + "\u00ad" + key[12:]
    sent = cleaned("chat.postEphemeral", {"text": f"the key is {broken}", "user": "U1"})
    assert key not in sent["text"]
    assert "[redacted:aws-access-key-id]" in sent["text"]


def test_no_other_name_no_broadcast_and_no_names_made_live() -> None:
    sent = cleaned(
        "chat.postMessage",
        {"text": "x", "username": "AWS", "reply_broadcast": True, "link_names": True, "parse": "full"},
    )
    assert sent == {"text": "x", "unfurl_links": False, "unfurl_media": False}


@pytest.mark.parametrize(
    ("address", "live"),
    [
        ("https://grafana.acme.example/d/1", True),
        ("https://eu.grafana.acme.example/d/1", True),
        ("https://grafana.acme.example:443/", True),
        ("https://jira.acme.example:8443/browse/OPS-1", True),
        ("https://jira.acme.example/browse/OPS-1", False),
        ("http://grafana.acme.example/", False),
        ("https://evilgrafana.acme.example/", False),
        ("https://grafana.acme.example.evil.example/", False),
        ("https://grafana.acme.example@evil.example/", False),
        ("https://evil.example\\@grafana.acme.example/", False),
        ("https://evil.example#@grafana.acme.example/", False),
        ("https://grafana.acme.example:8080/", False),
        ("https://grafana.acme.example./", False),
        ("https://grafana。acme.example/", False),
        ("https://grafana.acme.exampl\u0435/", False),
        ("https://xn--grafana-9za.acme.example/", False),
        ("https://grafana.acme.example/\u202egpj", False),
        ("//grafana.acme.example/", False),
        ("https:grafana.acme.example/", False),
        ("https:///grafana.acme.example/", False),
        ("ſhttps://grafana.acme.example/", False),
    ],
)
def test_a_companys_own_hosts_may_be_linked_and_nothing_that_only_looks_like_them(address: str, live: bool) -> None:
    try:
        trust(Settings(link_hosts="grafana.acme.example", jira_url="https://jira.acme.example:8443"))  # type: ignore[arg-type] -- as the environment has it
        shown = mrkdwn(f"<{address}|there>", verbatim=True)
    finally:
        trust(Settings())
    assert (shown == f"<{address}|there>") is live


@pytest.mark.parametrize("name", ["dana.okafor", "com.acme.OrderHandler", "prod.orders_v2", "fx-rates.reader"])
def test_a_name_that_is_no_address_can_be_copied_as_it_stands(name: str) -> None:
    assert mrkdwn(escape(name), verbatim=False) == name
