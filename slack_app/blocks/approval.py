"""A remediation's one card, drawn whole from what is stored: what would be done, who may say yes, what became of it.

Its buttons carry the approval's id and nothing else. What the account or a model wrote is escaped.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from agent.models import Action, Approval, Evidence, Preview, Remediation, Risk, Step, StepStatus, Table
from slack_app.blocks.figures import table_block
from slack_app.blocks.moments import moment
from slack_app.blocks.parts import Block, context, header, section
from slack_app.blocks.text import cut, escape, link

ACTION = "approval_"
APPROVE, REJECT, EDIT, DRY_RUN, BREAK_GLASS, REVIEW = (
    f"{ACTION}{name}" for name in ("approve", "reject", "edit", "dry_run", "break_glass", "review")
)
OPEN_EDIT, NOT_OPENED, UNKNOWN_BUTTON = "approval_open_edit", "approval_not_opened", "approval_unknown"
"""A job's words for a click on Edit, which opens a modal first, for a modal that Slack did not open, and for a button
that no card has."""
MAX_EVIDENCE, MAX_WARNINGS, MAX_TRIED = 6, 6, 5
TEXT_CHARS = 300
DONE = (StepStatus.executed, StepStatus.helped, StepStatus.no_effect, StepStatus.worse, StepStatus.rolled_back)
NOT_NEEDED = "Not needed any more"
HEADINGS = {
    StepStatus.awaiting: "✋ Approval needed",
    StepStatus.approved: "⚙️ Approved",
    StepStatus.executing: "⚙️ Being done",
    StepStatus.executed: "👀 Done, being watched",
    StepStatus.helped: "✅ It helped",
    StepStatus.no_effect: "➖ It did not help",
    StepStatus.worse: "⚠️ It made things worse",
    StepStatus.rolled_back: "↩️ Rolled back",
    StepStatus.rejected: "🚫 Rejected",
    StepStatus.expired: "⌛ Expired",
    StepStatus.failed: "❌ It failed",
    StepStatus.refused: "🚫 Not allowed",
}


@dataclass(frozen=True)
class Card:
    """What the card shows. `titles`: what each action does, in words, by its id."""

    remediation: Remediation
    step: Step
    approval: Approval | None
    titles: dict[str, str]
    evidence: Sequence[Evidence] = ()
    editable: bool = False
    breakable: bool = False
    """Whether the policy names anybody who may break the glass."""

    @property
    def title(self) -> str:
        return self.titles.get(self.step.action.id, self.step.action.type)

    @property
    def heading(self) -> str:
        """An approval is decided before its step says so."""
        status, approval = self.step.status, self.approval
        if approval is not None and is_withdrawn(approval):
            return f"🟢 {NOT_NEEDED}"
        if status is StepStatus.awaiting and approval and approval.decision in ("approved", "rejected", "expired"):
            status = StepStatus(approval.decision)
        return HEADINGS.get(status, "🔎 Being looked at")

    @property
    def is_open(self) -> bool:
        """Whether anybody is asked."""
        pending = self.approval is not None and self.approval.decision == "pending"
        return pending and self.step.status is StepStatus.awaiting


def is_withdrawn(approval: Approval) -> bool:
    """Not a person's no: nothing had to be changed any more."""
    return approval.decision == "rejected" and approval.decided_by == "watchkeeper"


def shown_step(remediation: Remediation) -> Step | None:
    """The one that the card is about: what is on its way or was last; None while nobody was asked anything."""
    told = [step for step in remediation.steps if step.approval_id or step.by_policy or step.intended_at]
    return told[-1] if told else None


def card_text(card: Card) -> str:
    """For notifications, and where blocks are refused."""
    return cut(f"{card.heading}: {escape(card.title)}", 500)


def card_blocks(card: Card) -> list[Block]:
    step, preview = card.step, card.step.preview
    blocks = [header(card.heading), section(f"*{escape(cut(card.title, TEXT_CHARS))}*"), _facts(card)]
    changed = step.intended_at and step.status is not StepStatus.failed
    if preview is not None and preview.differences and (card.is_open or changed):
        blocks.append(_differences(preview))
    if preview is not None and preview.warnings and card.is_open:
        lines = [f"⚠️ {escape(cut(text, TEXT_CHARS))}" for text in preview.warnings[:MAX_WARNINGS]]
        blocks.append(section("\n".join(lines)))
    if card.is_open and step.action.evidence and (sources := _sources(card)):
        blocks.append(context(f"*Evidence* {sources}"))
    blocks += [context(line) for line in (*_consent(card), _outcome(step)) if line]
    if tried := _tried(card):
        blocks.append(context("*Before this*\n" + tried))
    if card.is_open:
        blocks.append(_buttons(card))
    return blocks


def preview_text(title: str, preview: Preview) -> str:
    """What a dry run says to whoever asked for it."""
    lines = [f"*Dry run: {escape(title)}*"]
    lines += [f"• {escape(each.field)}: {escape(each.before)} → {escape(each.after)}" for each in preview.differences]
    lines += [f"⚠️ {escape(text)}" for text in preview.warnings]
    lines += [f"❌ {escape(text)}" for text in preview.problems]
    lines += [f"Who notices: {escape(preview.blast_radius)}"] if preview.blast_radius else []
    lines.append(
        "Nothing was changed." if preview.problems else "It can be done as the card says. Nothing was changed."
    )
    return cut("\n".join(lines), 3000)


def who(name: str) -> str:
    """A person or a user group, as Slack shows them; a system by its name."""
    if name[:1] in ("U", "W") and name.isalnum() and name.isupper():
        return f"<@{name}>"
    return f"<!subteam^{name}>" if name[:1] == "S" and name.isalnum() and name.isupper() else escape(name)


def _facts(card: Card) -> Block:
    """What exactly is done; as long as people are asked also what they weigh, shortest first."""
    action, preview = card.step.action, card.step.preview
    lines = [f"`{action.type}` {escape(cut(_exactly(action), 2 * TEXT_CHARS))}"]
    if card.is_open:
        cost = preview.cost if preview and preview.cost else "costs nothing more"
        weighed = f"{action.risk.value} · {_way_back(action)} · {cost[:1].lower()}{cost[1:]}"
        lines.append(_fact("Risk", weighed))
        lines += [_fact("Who notices", preview.blast_radius)] if preview and preview.blast_radius else []
    if card.is_open or card.step.status is StepStatus.executed:
        lines.append(_fact("Fixed when", action.verification.expected))
    asked = card.remediation.requested_by
    lines += [f"*Asked by* {who(asked)}"] if card.is_open or asked != "watchkeeper" else []
    return section("\n".join(lines))


def _exactly(action: Action) -> str:
    """`lambda checkout (123456789012 · us-east-1) {"memory_mb": 512}`."""
    target = action.target
    where = " · ".join(part for part in (target.account, target.region) if part)
    exact = json.dumps(action.parameters, ensure_ascii=False, sort_keys=True) if action.parameters else ""
    return " ".join(part for part in (target.service, target.id, f"({where})" if where else "", exact) if part)


def _way_back(action: Action) -> str:
    if action.rolls_back:
        return "this undoes what was done before"
    return "can be undone" if action.reversible else "⚠️ cannot be undone"


def _fact(name: str, text: str) -> str:
    return f"*{name}* {escape(cut(text, TEXT_CHARS))}"


def _differences(preview: Preview) -> Block:
    rows = tuple((each.field, each.before, each.after) for each in preview.differences)
    return table_block(Table(title="Changes", columns=("What", "Before", "After"), rows=rows))


def _sources(card: Card) -> str:
    by_id = {piece.id: piece for piece in card.evidence}
    cited = [by_id[i] for i in dict.fromkeys(card.step.action.evidence) if i in by_id]
    return " · ".join(link(piece.console_url, piece.tool.replace("_", " ")) for piece in cited[:MAX_EVIDENCE])


def _consent(card: Card) -> list[str]:
    """Who may say yes, who did, and until when."""
    approval, step, day = card.approval, card.step, card.remediation.created_at
    if approval is None:
        rule = f" (“{escape(step.rule)}”)" if step.rule else ""
        return [f"The action policy lets this run by itself{rule}"] if step.by_policy else []
    gave = ", ".join(f"{who(mark.by)} at {moment(mark.at, day)}" for mark in approval.approved_by)
    if approval.decision == "approved":
        glass = f" · the glass was broken: {escape(cut(approval.reason, TEXT_CHARS))}" if approval.break_glass else ""
        return [f"Approved by {gave}{glass}"]
    if approval.decision == "rejected":
        if is_withdrawn(approval):
            return [escape(cut(approval.reason, TEXT_CHARS))]
        why = f": {escape(cut(approval.reason, TEXT_CHARS))}" if approval.reason else ""
        return [f"Rejected by {who(approval.decided_by)}{why}"]
    if approval.decision != "pending":
        return [f"Nobody decided before {moment(approval.expires_at, day)}"] if approval.decision == "expired" else []
    may = ", ".join(map(who, approval.approvers)) or "nobody"
    several = f", {approval.needed} of them are needed" if approval.needed > 1 else ""
    pairs = ", not by whoever asked for it" if approval.two_pairs else ""
    lines = [f"*May be approved by* {may}{several}{pairs} · expires at {moment(approval.expires_at, day)}"]
    return [*lines, f"Approved so far by {gave}"] if gave else lines


def _outcome(step: Step) -> str:
    """What was done, and what was seen since."""
    parts = [step.result.message if step.result else "", step.verification.seen if step.status in DONE else ""]
    if step.status in (StepStatus.failed, StepStatus.refused):
        parts = [step.note] if parts[0] in step.note else [*parts, step.note]
    return escape(cut(" · ".join(dict.fromkeys(part for part in parts if part)), 2 * TEXT_CHARS))


def _tried(card: Card) -> str:
    """The steps before the one that the card is about."""
    before = [step for step in card.remediation.steps if step.action.id != card.step.action.id]
    lines = [
        f"• {escape(cut(card.titles.get(step.action.id, step.action.type), TEXT_CHARS))}: {_became(step)}"
        for step in before[-MAX_TRIED:]
    ]
    return "\n".join(lines)


def _became(step: Step) -> str:
    heading = HEADINGS.get(step.status, "proposed").partition(" ")[2] or "proposed"
    said = step.note or (step.verification.seen if step.status in DONE else "")
    return heading.lower() + (f" ({escape(cut(said, TEXT_CHARS))})" if said else "")


def _buttons(card: Card) -> Block:
    assert card.approval is not None
    value = card.approval.id
    approve = {**_button(APPROVE, "Approve", value), "style": "primary"}
    if card.step.action.risk is Risk.high:
        approve["confirm"] = {
            "title": _plain("High risk"),
            "text": _plain(cut(f"{card.title}?", TEXT_CHARS)),
            "confirm": _plain("Approve"),
            "deny": _plain("Not yet"),
        }
    elements = [approve, {**_button(REJECT, "Reject…", value), "style": "danger"}]
    elements += [_button(EDIT, "Edit…", value)] if card.editable else []
    elements.append(_button(DRY_RUN, "Dry run", value))
    elements += [_button(BREAK_GLASS, "Break the glass…", value)] if card.breakable else []
    return {"type": "actions", "block_id": f"approval:{value}", "elements": elements}


def _button(action_id: str, text: str, value: str) -> Block:
    return {"type": "button", "action_id": action_id, "text": _plain(text), "value": value}


def _plain(text: str) -> Block:
    return {"type": "plain_text", "text": text, "emoji": False}
