"""What people mean by "since yesterday 2 pm": the range of time in a question, in the asker's own time zone. Pure.

    phrase = resolve("why is checkout slow since yesterday 2 pm?", now, "Europe/Berlin")
    phrase.range        # 2026-11-20T13:00Z .. now
    phrase.assumption   # “since yesterday 2 pm” means Fri 20 Nov 14:00 to now in Europe/Berlin (13:00 UTC).

A phrase about a deployment has no range before somebody looked up when that was:

    phrase = resolve("what broke after the last deploy?", now, "UTC")
    if phrase and phrase.anchor == "last_deploy":
        phrase = anchored(phrase, deployed_at, now)
"""

from agent.time_phrases.phrase import TimePhrase
from agent.time_phrases.resolve import anchored, resolve

__all__ = ["TimePhrase", "anchored", "resolve"]
