"""The offline analyst: a chat model without a language model."""

from tools.llm.offline.model import OfflineAnalyst

__all__ = ["OfflineAnalyst"]
