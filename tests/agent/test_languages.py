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


@pytest.mark.parametrize(
    ("text", "english_text"),
    [
        ("Warum ist unsere Lambda-Rechnung so hoch?", "why is our Lambda bill so went up?"),
        ("peux-tu redémarrer recommendations ?", "can you restart recommendations ?"),
        ("raconte-moi une blague", "raconte moi une joke"),
    ],
)
def test_words_with_hyphens_are_told_from_names(text: str, english_text: str) -> None:
    assert english(text).text == english_text


def test_an_order_with_its_verb_last_is_put_as_english_has_it() -> None:
    assert english("bitte orders-api auf revision 61 zurückrollen").text == "please roll back orders-api auf version 61"


def test_of_two_related_languages_the_one_that_knows_more_of_a_text_is_meant() -> None:
    assert english("wobei kannst du mir helfen?").language == "German"
    assert english("il sito è lentissimo").text == "the site is slow"


@pytest.mark.parametrize("text", ["whats red", "dags red?", "hey there", "mark load_orders as success", "kill it"])
def test_words_that_english_has_too_speak_for_no_other_language(text: str) -> None:
    assert english(text).language == ""


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
