"""What models cost, by a dated table: `PriceTable.read().usd("bedrock:us.amazon.nova-lite-v1:0", tokens)`."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from agent.budgets import Tokens
from agent.errors import SettingsError
from agent.settings import PROVIDERS

ON_BOARD = Path(__file__).with_name("prices.yaml")
MILLION = 1_000_000
FREE = ("vllm", "offline")
"""Whoever runs a model of their own pays for the machine, not by the token."""

_PROFILE = re.compile(r"^(us|us-gov|eu|apac|jp|au|ca|in|sa|me|af|global)\.(?=[a-z0-9]+\.)")
_VERSION = re.compile(r"(-\d{8}|-\d{4}-\d\d-\d\d|-\d{3})?(-v\d+(:\d+)*)?$")


class Price(BaseModel):
    """US dollars per million tokens; what they mean stands in `prices.yaml`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    input: float = Field(ge=0)
    output: float = Field(ge=0)
    cached: float | None = Field(default=None, ge=0)
    written: float | None = Field(default=None, ge=0)
    regional: float = Field(default=1.0, gt=0)

    def usd(self, tokens: Tokens) -> float:
        fresh = max(tokens.input - tokens.cached - tokens.written, 0)
        cached = self.input if self.cached is None else self.cached
        written = self.input if self.written is None else self.written
        total = fresh * self.input + tokens.cached * cached + tokens.written * written + tokens.output * self.output
        return total / MILLION


class PriceTable(BaseModel):
    """Prices by the models' short names, and the day they were written down."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    as_of: date
    models: dict[str, Price]

    @classmethod
    def read(cls, path: Path | None = None) -> PriceTable:
        """The table on board, or another of the same form; SettingsError says what is wrong with that."""
        try:
            content: Any = yaml.safe_load((path or ON_BOARD).read_text(encoding="utf-8"))
            return cls.model_validate(content)
        except (OSError, yaml.YAMLError, ValidationError) as error:
            raise SettingsError(
                f"WATCHKEEPER_LLM_PRICES: {path} is no price table ({type(error).__name__}); "
                "write it as tools/llm/prices.yaml is written."
            ) from None

    def of(self, model: str) -> Price | None:
        """The price of `provider:model`, or of a model as its provider names it; None when it is not known."""
        provider, _, name = model.partition(":")
        if provider in FREE:
            return Price(input=0, output=0)
        if provider not in PROVIDERS:
            name = model
        name = name.rpartition("/")[2]  # of an ARN
        profile = _PROFILE.match(name)
        price = self.models.get(_VERSION.sub("", _PROFILE.sub("", name)))
        if price is None or price.regional == 1 or (profile and profile[1] == "global"):
            return price
        dearer = {
            kind: value * price.regional for kind, value in price.model_dump(exclude={"regional"}).items() if value
        }
        return price.model_copy(update={**dearer, "regional": 1.0})

    def usd(self, model: str, tokens: Tokens) -> float | None:
        """What a reply costs; None when the model has no price here."""
        price = self.of(model)
        return price.usd(tokens) if price else None
