"""What an analysis or an answer says, and the evidence that it rests on."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from agent.models.base import Model, UtcTime


class Claim(Model):
    """One sentence of an answer and the evidence it rests on."""

    text: str
    evidence: tuple[str, ...]


class Gap(Model):
    """What could not be read, and why."""

    tool: str
    reason: str


class Confidence(Model):
    """A value from 0 to 1, and the parts it was computed from."""

    value: float = Field(ge=0, le=1)
    parts: dict[str, float] = Field(default={})

    @property
    def word(self) -> str:
        return "high" if self.value >= 0.85 else "medium" if self.value >= 0.5 else "low"


class Provenance(Model):
    """Which prompt and model wrote an analysis, and what it took."""

    model: str = ""
    degraded: str = Field(default="", description="Why a lesser model answered; empty when none did")
    prompt_name: str = ""
    prompt_version: str = ""
    prompt_hash: str = ""
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = Field(default=0, description="Of the input tokens, those read from the provider's cache")
    model_calls: int = 0
    tool_calls: int = 0
    usd: float = Field(default=0.0, description="What the models cost, by the price table")
    unpriced: tuple[str, ...] = Field(default=(), description="Models that answered and have no price in that table")
    seconds: float = 0.0
    run_id: str = Field(default="", description="Correlation id, as in every log line and span of the run")

    @property
    def audited(self) -> dict[str, Any]:
        """What the audit trail keeps of it: who answered, and what that took."""
        return {
            "model": self.model,
            "degraded": self.degraded,
            "model_calls": self.model_calls,
            "tokens": self.input_tokens + self.output_tokens,
            "usd": self.usd,
            "run_id": self.run_id,
        }


class Diagnosis(Model):
    """The outcome of an analysis. `root_cause` is empty when the evidence does not carry one."""

    summary: str
    root_cause: str = ""
    nothing_wrong: bool = False
    runbook: str = ""
    claims: tuple[Claim, ...] = ()
    contributing: tuple[str, ...] = ()
    ruled_out: tuple[str, ...] = ()
    gaps: tuple[Gap, ...] = ()
    next_steps: tuple[str, ...] = ()
    confidence: Confidence = Confidence(value=0)
    dropped_claims: int = 0
    provenance: Provenance = Provenance()


class Clarification(Model):
    """One question back, and the answers that are likely."""

    question: str
    choices: tuple[str, ...] = ()


AnswerKind = Literal["question", "follow_up", "small_talk", "help", "write", "out_of_scope", "clarify"]


class Answer(Model):
    """The outcome of a question. `headline` stands alone; `claims` carry the detail."""

    kind: AnswerKind = "question"
    headline: str
    assumptions: tuple[str, ...] = Field(default=(), description="What a time or a name was taken to mean")
    disagreements: tuple[Claim, ...] = Field(default=(), description="Where pieces of evidence contradict each other")
    clarification: Clarification | None = None
    reused_from: UtcTime | None = Field(default=None, description="When an equal question got this answer")
    note: str = Field(default="", description="What the reader must know about how it was answered; stands last")
    claims: tuple[Claim, ...] = ()
    gaps: tuple[Gap, ...] = ()
    next_steps: tuple[str, ...] = ()
    specialists: tuple[str, ...] = ()
    confidence: Confidence = Confidence(value=0)
    dropped_claims: int = 0
    provenance: Provenance = Provenance()
