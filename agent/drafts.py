"""What a model is asked to fill in. The line under each field is also the model's instruction."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from agent.models import AnswerKind


class Draft(BaseModel):
    """Base of structured replies: forgiving about extra fields, because models add them."""

    model_config = ConfigDict(extra="ignore")


class DraftClaim(Draft):
    """One statement and what it rests on."""

    text: str = Field(description="One sentence")
    evidence: list[str] = Field(description="Ids of the evidence it rests on, such as ev_1a2b3c4d")


class FollowUp(Draft):
    """One more question to one specialist."""

    specialist: str = Field(description="Name of the specialist")
    question: str = Field(description="A question that stands alone")


class Route(Draft):
    """Who looks into a question."""

    kind: AnswerKind = Field(description="What is being asked for")
    assignments: list[FollowUp] = Field(default_factory=list[FollowUp], description="The specialists to ask, and what")
    clarification: str = Field(
        default="", description="Only for `clarify`: the one question back without which no useful look is possible"
    )
    choices: list[str] = Field(default_factory=list[str], description="Only for `clarify`: likely answers, at most 4")


class DiagnosisDraft(Draft):
    """The explanation of an alert."""

    summary: str = Field(description="What is going on, one or two sentences with names and figures")
    root_cause: str = Field(default="", description="The most likely cause, or empty when the evidence carries none")
    nothing_wrong: bool = Field(default=False, description="True when the alert needs no action")
    runbook: str = Field(default="", description="Name of the runbook that fits, or empty")
    claims: list[DraftClaim] = Field(description="Statements with their evidence; empty only if there is none")
    contributing: list[str] = Field(default_factory=list[str], description="Factors that made it worse")
    ruled_out: list[str] = Field(default_factory=list[str], description="What it is not, and why")
    next_steps: list[str] = Field(default_factory=list[str], description="What to do, most useful first")
    follow_ups: list[FollowUp] = Field(
        default_factory=list[FollowUp], description="Only if it would change the diagnosis"
    )


class AnswerDraft(Draft):
    """The answer to a question."""

    headline: str = Field(description="One or two sentences that stand alone and answer the question")
    runbook: str = Field(default="", description="Name of the runbook that fits, or empty")
    plain: bool = Field(
        default=False, description="True for facts, such as a list of changes or an amount, where no cause was weighed"
    )
    claims: list[DraftClaim] = Field(description="Statements with their evidence; empty only if there is none")
    next_steps: list[str] = Field(default_factory=list[str], description="At most three, or none")
    disagreements: list[DraftClaim] = Field(
        default_factory=list[DraftClaim], description="Where pieces of evidence contradict each other, or none"
    )
    unanswered: list[str] = Field(
        default_factory=list[str], description="Parts of the question that the evidence does not answer, or none"
    )
    follow_ups: list[FollowUp] = Field(default_factory=list[FollowUp], description="Only if it would change the answer")
    note: str = Field(default="", description="Leave empty")
