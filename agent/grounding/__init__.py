"""Whether the figures in a sentence stand in the evidence: in their unit, to the precision that the sentence gives.

figures = known_figures([piece], "Europe/Berlin")
figures.strange("Errors rose to 1,900 a minute at 15:18.")    # [] when it says 1904, and 14:18 UTC
figures.strange("It cost $1,904.")                            # ["$1,904"]: 1904 was a number of errors
figures.with_text("is 512 MB enough?").strange("0.5 GB is enough.")    # []
"""

from agent.grounding.evidence import known_figures
from agent.grounding.figures import Figures

__all__ = ["Figures", "known_figures"]
