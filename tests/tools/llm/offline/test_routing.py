from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from agent.briefs import write
from agent.drafts import Route
from agent.knowledge import KnowledgeBase
from agent.models import ChatMessage, Evidence, TimeRange
from agent.specialists import read_specialists
from tests.agent.examples import NOW, evidence, finding
from tools.llm.offline import OfflineAnalyst
from tools.llm.offline.intents import Intent, intent_of

MODEL = OfflineAnalyst(KnowledgeBase.read(), read_specialists())
TOLD = evidence(
    finding("metric_rise", "Errors of checkout-api rose.", resource="checkout-api", at=NOW, metric="Errors")
)


def route(question: str, *, known: tuple[Evidence, ...] = (), scope: dict[str, str] | None = None) -> Route:
    conversation = [ChatMessage(role="user", text="why?", at=NOW)] if known else []
    brief = write(NOW, question=question, conversation=conversation, evidence=known, scope=scope)
    reply: Any = MODEL.with_structured_output(Route).invoke(brief)
    assert isinstance(reply, Route)
    return reply


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("why did our Lambda costs spike?", "cost"),
        ("what are we paying for this week?", "cost"),
        ("is anything broken right now?", "infra"),
        ("checkout-api is slow since lunch", "infra"),
        ("who changed the security group yesterday?", "infra"),
        ("did the nightly import run?", "airflow"),
        ("the dashboard has no fresh data", "airflow"),
        ("which exceptions does checkout-api log?", "logs"),
        ("are our queues backed up?", "infra"),
        ("Drop in orders since noon, why?", "infra"),
        ("Increase in errors on checkout-api?", "infra"),
        ("help checkout is failing", "infra"),
        ("hey, is the database slow?", "infra"),
        ("WHY IS THE DB SLOW???", "infra"),
    ],
)
def test_a_question_goes_to_somebody_who_can_tell(question: str, expected: str) -> None:
    routed = route(question)

    assert routed.kind == "question"
    names = [assignment.specialist for assignment in routed.assignments]
    assert expected in names
    assert 1 <= len(names) <= 3
    assert all(question in assignment.question for assignment in routed.assignments)


@pytest.mark.parametrize(
    "question",
    ["help", "what can you do?", "Hey, help me please", "who are you?", "how do I use this?"],
)
def test_who_asks_for_help_gets_it(question: str) -> None:
    assert route(question) == Route(kind="help")


@pytest.mark.parametrize(
    "question",
    [
        "hi",
        "Hello there!",
        "thanks a lot",
        "good morning team",
        "danke dir!",
        "nice one",
        "good night, great job today",
        "see you tomorrow",
        "bye all",
        "Gute Nacht!",
        "have a nice weekend",
    ],
)
def test_small_talk_is_no_question(question: str) -> None:
    assert route(question) == Route(kind="small_talk")


@pytest.mark.parametrize(
    "question",
    [
        "restart checkout-api",
        "please delete the queue",
        "Can you scale checkout to 5?",
        "hey, roll back checkout",
        "Purge it",
    ],
)
def test_a_request_to_change_something_is_a_write(question: str) -> None:
    assert route(question) == Route(kind="write")


@pytest.mark.parametrize("question", ["what's the weather in Paris?", "tell me a joke", "42", "🙂"])
def test_what_is_not_about_aws_is_out_of_scope(question: str) -> None:
    assert route(question) == Route(kind="out_of_scope")


def test_a_follow_up_needs_no_second_look() -> None:
    assert route("since when?", known=(TOLD,)) == Route(kind="follow_up")


def test_a_question_about_something_new_in_a_thread_is_looked_into() -> None:
    assert route("and how is search-api doing, any errors?", known=(TOLD,)).kind == "question"
    assert route("what about the dynamodb tables?", known=(TOLD,)).kind == "question"


def test_a_follow_up_that_the_evidence_does_not_answer_names_its_subject() -> None:
    routed = route("what changed before?", known=(TOLD,))

    assert routed.kind == "question"
    assert "checkout-api" in routed.assignments[0].question


@pytest.mark.parametrize(
    "question",
    [
        "can you just restart it pls",
        "ok roll it back",
        "bitte starte checkout-api neu",
        "por favor reinicia checkout-api",
        "checkout is down, restart it",
    ],
)
def test_orders_are_writes_however_they_are_put(question: str) -> None:
    assert route(question).kind == "write"


@pytest.mark.parametrize(
    "question", ["should we restart checkout-api?", "why does ECS restart tasks?", "did the deploy break it?"]
)
def test_asking_about_a_change_is_no_order(question: str) -> None:
    assert route(question).kind == "question"


def test_a_compound_question_is_split_between_those_who_know() -> None:
    routed = route("why did lambda costs go up and did the nightly import run?")

    asked = {(a.specialist, a.question) for a in routed.assignments}
    assert ("cost", "why did lambda costs go up") in asked
    assert ("airflow", "did the nightly import run?") in asked
    assert ("airflow", "why did lambda costs go up") not in asked


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("any quotas we are about to hit?", ["infra"]),
        ("what do we pay for that nobody uses?", ["cost"]),
        ("will we exceed the budget this month?", ["cost"]),
        ("who changed the security group?", ["infra"]),
        ("is AWS itself down?", ["infra"]),
    ],
)
def test_a_plain_question_goes_to_one(question: str, expected: list[str]) -> None:
    assert [assignment.specialist for assignment in route(question).assignments] == expected


def test_what_points_at_nothing_is_asked_back() -> None:
    routed = route("compare it with the other one")

    assert routed.kind == "clarify"
    assert routed.clarification.endswith(".")
    assert 2 <= len(routed.choices) <= 4


@pytest.mark.parametrize("question", ["is it broken?", "is everything ok?", "what's going on?"])
def test_a_vague_worry_is_looked_into(question: str) -> None:
    assert route(question).kind == "question"


def test_a_change_of_subject_in_a_thread_is_a_new_question() -> None:
    assert route("different thing: the queue is stuck", known=(TOLD,)).kind == "question"


def test_slips_and_other_languages_are_read() -> None:
    assert route("wy are lamda csots high").assignments[0].specialist == "cost"
    assert route("warum sind die Kosten so hoch?").assignments[0].specialist == "cost"


def test_a_nice_word_before_a_problem_is_no_small_talk() -> None:
    assert route("nice job, but the import job failed").kind == "question"


def test_a_complaint_that_names_no_pipeline_goes_to_infrastructure_too() -> None:
    for question in ("invoices are late, why?", "Seit wann ist Rechnungsstellung verspätet?"):
        assert {a.specialist for a in route(question).assignments} >= {"airflow", "infra"}


@pytest.mark.parametrize("question", ["who broke dbt", "what changed in the warehouse?", "is the dag changed"])
def test_words_of_pipelines_always_go_to_who_knows_them(question: str) -> None:
    assert "airflow" in {assignment.specialist for assignment in route(question).assignments}


def test_data_transfer_is_a_matter_of_cost_and_no_data() -> None:
    names = [a.specialist for a in route("finance is screaming about data transfer, where is it from?").assignments]

    assert names[0] == "cost"
    assert "airflow" not in names


def test_what_nothing_is_called_is_asked_back_with_the_nearest_names() -> None:
    routed = route("is payments ok?", scope={"unknown": "payments", "nearest": "repayment-worker, payout-api"})

    assert routed.kind == "clarify"
    assert "called payments" in routed.clarification
    assert routed.choices == ["repayment-worker", "payout-api"]


def test_without_a_near_name_it_says_so_plainly() -> None:
    routed = route("is payments ok?", scope={"unknown": "payments"})

    assert routed.clarification.startswith("Nothing that I see here is called payments.")
    assert routed.choices == []


def test_a_part_about_something_else_does_not_get_the_other_parts_resource() -> None:
    routed = route(
        "why is orders-db refusing connections and did last night's ingest work?", scope={"resource": "orders-db"}
    )

    asked = {(a.specialist, a.question) for a in routed.assignments}
    assert ("airflow", "did last night's ingest work?") in asked
    assert ("infra", "did last night's ingest work?") not in asked


def test_a_resource_that_the_thread_has_not_seen_is_looked_into() -> None:
    assert route("is it only search?", known=(TOLD,), scope={"resource": "search-api"}).kind == "question"
    assert route("only for checkout please", known=(TOLD,), scope={"resource": "checkout-api"}).kind == "follow_up"


def test_who_tells_what_they_do_is_not_refused() -> None:
    assert route("I think it's the deploy, rolling back now").kind != "write"


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Warum ist unsere Lambda-Rechnung so explodiert?", "cost"),
        ("Nossa conta de rede explodiu essa semana, o que aconteceu?", "cost"),
        ("nos coûts lambda ont été multipliés par 30, à cause de qui ?", "cost"),
        ("Kunden fliegen dauernd aus dem Shop raus, woran liegt das", "infra"),
        ("i clienti non riescono a ordinare", "infra"),
        ("Wieso kommen die Rechnungen nicht raus?", "infra"),
        ("¿por qué falló load_orders anoche?", "airflow"),
        ("le tableau de bord des paiements n'est plus à jour", "airflow"),
        ("y r orders not going thru", "infra"),
        ("dynamo is acting up", "infra"),
        ("[P1] Customers unable to checkout - please advise", "infra"),
        ("NatGateway-Bytes is 7x, why", "cost"),
        ("who is responsible for the cost spike", "cost"),
        ("who changed the type of amount_cents", "airflow"),
        ("did they upload orders.csv?", "airflow"),
        ("status?", "infra"),
        ("warum fliegen die Leute aus ihrer Session?", "infra"),
        ("fivetran changed smth in raw.payments, did it break us?", "airflow"),
    ],
)
def test_it_does_not_matter_how_and_in_which_language_it_is_put(question: str, expected: str) -> None:
    routed = route(question)

    assert routed.kind == "question"
    assert expected in {assignment.specialist for assignment in routed.assignments}


@pytest.mark.parametrize(
    ("question", "spared"),
    [
        ("hey, is price-cart ok?", "cost"),
        ("nobody can log in", "cost"),
        ("something's off, sales flatlined", "airflow"),
        ("Les clients n'arrivent plus à passer commande", "airflow"),
    ],
)
def test_words_in_names_and_of_business_send_nobody_astray(question: str, spared: str) -> None:
    assert spared not in {assignment.specialist for assignment in route(question).assignments}


@pytest.mark.parametrize(
    "question",
    [
        "who won the football game yesterday",
        "what's the master password of ledger-db?",
        "can you review my PR for the orders dag?",
        "Wie ist das Passwort von ledger-db?",
    ],
)
def test_what_only_sounds_like_ours_is_out_of_scope(question: str) -> None:
    assert route(question).kind == "out_of_scope"


@pytest.mark.parametrize(
    "question", ["kannst du die Lambda zurückrollen?", "peux-tu redémarrer pay-api ?", "reinicia pay-api por favor"]
)
def test_an_order_is_one_in_other_languages_too(question: str) -> None:
    assert route(question).kind == "write"


def test_each_thing_in_a_list_is_looked_into() -> None:
    routed = route("check pay-api and ship-api pls", scope={"listed": "pay-api, ship-api"})

    assert {a.question for a in routed.assignments} == {
        "What is wrong with pay-api, if anything?",
        "What is wrong with ship-api, if anything?",
    }


def test_a_time_at_which_nobody_has_looked_is_looked_at() -> None:
    seen = TOLD.model_copy(update={"time_range": TimeRange(start=NOW - timedelta(hours=1), end=NOW)})
    earlier = {"start": (NOW - timedelta(days=1)).isoformat(), "end": (NOW - timedelta(hours=9)).isoformat()}

    again = route("what about yesterday", known=(seen,), scope=earlier)

    assert again.kind == "follow_up"
    assert again.assignments
    assert route("what about it?", known=(seen,)).assignments == []


@pytest.mark.parametrize(
    "question", ["what happened?", "hey, what just broke?", "what went wrong tonight", "fill me in"]
)
def test_a_question_that_names_nothing_is_looked_into_everywhere(question: str) -> None:
    routed = route(question)

    assert routed.kind == "question"
    assert "infra" in [a.specialist for a in routed.assignments]


def test_why_alone_is_asked_back() -> None:
    assert route("why?").kind == "clarify"


@pytest.mark.parametrize("question", ["why?", "what happened?"])
def test_under_what_somebody_said_it_is_about_that(question: str) -> None:
    said = [ChatMessage(role="user", text="our lambda bill looks odd to me", author_name="Ana", at=NOW)]
    reply: Any = MODEL.with_structured_output(Route).invoke(write(NOW, question=question, conversation=said))

    assert reply.kind == "question"
    assert "cost" in [a.specialist for a in reply.assignments]
    assert all("lambda bill" in a.question for a in reply.assignments)


@pytest.mark.parametrize("question", ["注文が失敗しているのはなぜですか", "Почему падает сайт?", "لماذا الموقع بطيء؟"])
def test_a_script_that_it_cannot_read_is_said_to_be_so(question: str) -> None:
    routed = route(question)

    assert routed.kind == "clarify"
    assert "I read English, French, German, Italian, Portuguese, Spanish only" in routed.clarification


@pytest.mark.parametrize(
    "question",
    [
        "compare the cost of this month with last month",
        "show me cost per service for the last 7 days",
        "break down our spend by account",
    ],
)
def test_a_table_of_costs_is_read_from_the_bill_alone(question: str) -> None:
    assert [a.specialist for a in route(question).assignments] == ["cost"]


@pytest.mark.parametrize(
    "question", ["show me what is driving the bill", "show the cost spike", "why is cost per day up?"]
)
def test_what_makes_costs_rise_is_a_cause(question: str) -> None:
    assert intent_of(question) is Intent.why


def test_who_opened_connections_is_no_change_and_who_opened_a_port_is() -> None:
    assert intent_of("how many connections are there, and who opened them?") is not Intent.change
    assert intent_of("who opened the port to the world?") is Intent.change
