from __future__ import annotations

import pytest

from agent.languages import english, lexicons, without_accents


@pytest.mark.parametrize(
    ("text", "language", "words"),
    [
        ("Seit wann ist die Datenbank langsam?", "German", ("since when", "database", "slow")),
        ("¿Por qué falla la cola desde ayer?", "Spanish", ("why", "failing", "queue", "since", "yesterday")),
        ("Pourquoi la base de données est-elle si lente ?", "French", ("why", "database", "slow")),
        ("por que os custos subiram ontem?", "Portuguese", ("why", "cost", "went up", "yesterday")),
        ("perché la coda è bloccata da ieri?", "Italian", ("why", "queue", "stuck")),
    ],
)
def test_the_domains_words_become_english(text: str, language: str, words: tuple[str, ...]) -> None:
    said = english(text)

    assert said.language == language
    assert all(word in said.text for word in words), said.text


@pytest.mark.parametrize(
    "text",
    [
        "why did lambda costs go up?",
        "errors in orders-api",
        "deploy status?",
        "hi",
        "42",
        "🙂",
        "",
        "is the file late?",
    ],
)
def test_english_stays_as_it_is(text: str) -> None:
    assert english(text).text == text
    assert english(text).language == ""


def test_a_name_is_never_translated() -> None:
    said = english("warum ist kosten-datenbank-api so langsam?")

    assert "kosten-datenbank-api" in said.text
    assert "slow" in said.text


def test_a_phrase_may_have_words_in_its_middle() -> None:
    assert english("bitte starte orders-api neu").text == "please restart orders-api"


def test_accents_do_not_matter() -> None:
    assert without_accents("déployé für größer") == "deploye fur grosser"
    assert english("por que a fila esta travada?").language == "Portuguese"


def test_every_lexicon_knows_the_same_words() -> None:
    english_words = [{word for _, word in lexicon.phrases} for lexicon in lexicons()]

    assert [lexicon.language for lexicon in lexicons()] == ["French", "German", "Italian", "Portuguese", "Spanish"]
    assert all(len(words) > 70 for words in english_words)


def test_a_farewell_and_a_command_are_read() -> None:
    assert english("Gute Nacht!").text == "good night!"
    assert english("Zeig mir die Logs").text.startswith("show")
    assert english("muestra los registros").text.startswith("show")
