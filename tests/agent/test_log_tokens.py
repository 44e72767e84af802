"""Parameters are masked, words of the statement stay."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.log_tokens import is_constant, joined, mask_token, shapes


def masked(message: str) -> str:
    return " ".join(map(mask_token, joined(shapes([message])[0]).split()))


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("took 12 of 4711 slots", "took <*> of <*> slots"),
        ("src: /10.250.19.102:54106 dest: /10.0.0.1:50010", "src: <*> dest: <*>"),
        ("block blk_-1608999687919862906 ends", "block <*> ends"),
        ("request 8f5d1b9a-1111-2222-3333-444455556666 done", "request <*> done"),
        ("from 00:11:43:e3:bb:0d via eth1", "from <*> via <*>"),
        ("uid=0 euid=0 tty=ssh user=root", "uid=<*> euid=<*> tty=<*> user=<*>"),
        ("ready=true,policy=3,mode=(none)", "ready=<*>,policy=<*>,mode=<*>)"),
        ("total = 12", "total=<*>"),
        ("logname= uid=0", "logname=<*> uid=<*>"),
        ("opened /var/log/messages, then C:\\Windows\\x.dll", "opened <*>, then <*>"),
        ("from hdfs://host:9000/user/x:0+134", "from <*>"),
        ("www.example.com:443 open directly", "<*> open directly"),
        ('tag="View Lock", name=x', "tag=<*>, name=<*>"),
        ('"GET /v2/abc0 HTTP/1.1" status: 200', '"GET <*> <*>" status: <*>'),
        ("at Sun Jul 17 23:16:42 2005", "at <*>"),
        ("keys [a, b, c] of {'a': 1, 'b': 2}", "keys <*> of <*>"),
        ("acls to: ann,bob", "acls to: <*>"),
        ("status: down, reason: busy", "status: <*>, reason: <*>"),
        ("action:android.intent.action.SCREEN_ON", "action:<*>"),
        ("Fan speeds ( 3552 **** )", "Fan speeds ( <*> <*> )"),
        ("wait state enable.........1", "wait state enable=<*>"),
        ("lifetime <1 sec", "lifetime <*> sec"),
        ("Switch<0>(0x3f)::listener - ok", "Switch<<*>>(<*>)::listener - ok"),
        ("don't stop, it's fine: no fault found", "don't stop, it's fine: no fault found"),
        ("ratio 50% of ann@example.com", "ratio <*> of <*>"),
    ],
)
def test_what_varies_is_masked_and_what_the_program_says_stays(message: str, expected: str):
    assert masked(message) == expected


def test_lines_that_differ_in_digits_have_one_shape():
    assert len(set(shapes(["job 1 took 7 ms", "job 22 took 123 ms", "job 4711 took 0 ms"]))) == 1


def test_there_is_a_shape_for_every_line_even_for_those_with_breaks():
    assert shapes(["a\nb", "", "c"]) == ["a b", "", "c"]
    assert shapes([]) == []


@pytest.mark.parametrize(
    "word", ["opened", "session", "Failed", "uid=<*>", "init()", "Link::down", "->", "ERROR", "on"]
)
def test_words_of_statements_are_constants(word: str):
    assert is_constant(word)


@pytest.mark.parametrize("word", ["root", "<*>", "(spawning)", "RUNNING", "KeyError(<*>)", "true", "Off", "()", "`x`"])
def test_names_states_and_values_may_be_parameters(word: str):
    assert not is_constant(word)


WORD = st.text("ab0:=,.-/()[]{}'\"@#|_", max_size=14) | st.text(max_size=10).filter(lambda text: "<" not in text)


@given(WORD)
@settings(max_examples=150, deadline=None)
def test_what_is_masked_stays_as_it_is_when_masked_again(word: str):
    once = mask_token("".join(word.split()))
    assert mask_token(once) == once
