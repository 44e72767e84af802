"""Draws a remediation's one card in its incident's thread: posted once, edited when it would look different."""

from __future__ import annotations

from slack_sdk.errors import SlackApiError

from agent.errors import InputError, RetryLater
from agent.models import Approval, Incident, Remediation, SlackPlace, Step, digest
from agent.ports import Deps
from agent.safety.policy import policy_of
from slack_app.blocks.approval import Card, card_blocks, card_text, shown_step
from slack_app.channel_budget import PERSON
from slack_app.handlers.desk import Desk
from tools.actions.catalog import actions
from tools.actions.kind import NoParameters

WEEK_SECONDS = 7 * 86_400.0


async def show_card(given: Remediation, incident: Incident, desk: Desk, only_edit: bool = False) -> None:
    """RetryLater when the channel's budget has no room. A pending approval counts at its card, and nowhere else."""
    deps, step = desk.app.deps, shown_step(given)
    place = given.place or incident.place
    if step is None or place is None or (only_edit and not given.card_ts):
        return
    approval = await deps.approvals.get(step.approval_id) if step.approval_id else None
    card = card_of(given, step, approval, incident, deps)
    text, blocks = card_text(card), card_blocks(card)
    mark, ts = digest(text, blocks), given.card_ts
    if mark != given.shown:
        if wait := await desk.budget.take(place.channel, PERSON):
            raise RetryLater("So much is told in this channel that the card has to wait.", wait)
        if not ts:
            ts, posted = await _post(given, place, text, blocks, desk)
            mark = mark if posted else ""
        elif not await _edited(place, ts, text, blocks, desk):
            await _is_gone(given, approval if card.is_open else None, deps)
            return
        changes = {"card_ts": ts, "place": place, "shown": mark}
        await deps.remediations.change(given.id, lambda kept: kept.model_copy(update=changes))
    if approval is not None and card.is_open:
        await deps.approvals.place(approval.id, place, ts)
    if not mark:  # it had been posted before a crash, and shows what was true then
        raise RetryLater("The card is drawn again.", 1.0)


def card_of(given: Remediation, step: Step, approval: Approval | None, incident: Incident, deps: Deps) -> Card:
    kind = actions(deps.settings).get(step.action.type)
    editable = kind is not None and kind.parameters is not NoParameters and not step.action.rolls_back
    titles = {each.action.id: title_of(each, deps) for each in given.steps}
    breakable = bool(policy_of(deps.settings).document.break_glass.who)
    return Card(given, step, approval, titles, incident.evidence, editable, breakable)


def title_of(step: Step, deps: Deps) -> str:
    """What the step does, as a person would order it."""
    kind = actions(deps.settings).get(step.action.type)
    if kind is None:
        return step.action.type
    try:
        return kind.title(kind.order(step.action.target, step.action.parameters, deps.aws.partition))
    except InputError:  # of a version that had other parameters
        return step.action.expected_effect


async def _edited(place: SlackPlace, ts: str, text: str, blocks: list[dict[str, object]], desk: Desk) -> bool:
    """False when somebody has deleted it."""
    try:
        await desk.messenger.edit(place, ts, text, blocks)
    except SlackApiError as error:
        if error.response.get("error") != "message_not_found":
            raise
        return False
    return True


async def _is_gone(given: Remediation, asked: Approval | None, deps: Deps) -> None:
    """What is to be told next is a new card. A question that was on it is asked anew there: RetryLater."""

    def without(kept: Remediation) -> Remediation:
        return kept.model_copy(update={"card_ts": "", "shown": ""}) if kept.card_ts == given.card_ts else kept

    await deps.remediations.change(given.id, without)
    if asked is not None:
        await deps.approvals.supersede(asked.id)
        raise RetryLater("Somebody deleted the card: it is asked anew.", 1.0)


async def _post(
    given: Remediation, place: SlackPlace, text: str, blocks: list[dict[str, object]], desk: Desk
) -> tuple[str, bool]:
    """Once: only who comes second has to look whether it is there already."""
    messenger, found = desk.messenger, ""
    if not await desk.app.deps.ledger.claim(f"posting:{given.id}", WEEK_SECONDS):
        found = await messenger.find_marked(place, given.id, given.created_at.timestamp())
    return (found, False) if found else (await messenger.post_marked(place, given.id, text, blocks), True)
