"""Requests that are nobody's here, though their words may sound like ours: `what's the master password of stock-db?`

    is_beyond("can you review my PR for the orders dag?")   # True: no look at the account answers that
    is_beyond("are the credentials of stock-db expired?")  # False: a question about the account

English; `agent.languages` puts other languages into it.
"""

from __future__ import annotations

import re

from agent.vocabulary import names_in, service_in

_TELL = (
    r"(?:what(?:['’]?s| is| are)(?! wrong| up| going| happening| broken)|give|dm|slack|forward|show|print|tell|send"
    r"|share|reveal|dump"
    r"|paste|get|fetch|read|(?:i|we) need|do you (?:have|know)|(?:can|could) (?:i|we) (?:get|have|see))"
)
_SECRETS = re.compile(
    rf"\b{_TELL}\s+(?:(?:me|us)\s+)?(?:(?!errors?|logs?|who|why|when|changes?)[\w./-]+\s+){{0,4}}?"
    r"(?:passwords?|passwd|passphrase|credentials?|api[- ]?keys?|access[- ]?keys?|private[- ]?keys?|secrets?"
    r"|auth tokens?|bearer tokens?|ssh keys?|connection strings?)\b"
    r"(?!\s+(?:rotat\w+|expir\w+|errors?|problems?|issues?|fail\w*|chang\w+|was|were|been|usage|is|are|cost\w*))"
    r"|\bpasswords? (?:of|for|to|von|fur|de|del|di|da|do|pour)\b|\byour (?:system )?(?:prompt|instructions|rules"
    r"|guidelines)\b"
    r"|\b(?:reset|forgot|change|unlock) my (?:\w+ )?(?:password|account|login|mfa|2fa)\b",
    re.I,
)
_WORK = re.compile(
    r"\b(?:review|look (?:over|at|through)|approve|merge|check|rebase|proofread|comment on)\s+(?:\w+\s+){0,2}?"
    r"(?:prs?|pull[- ]requests?|merge[- ]requests?|mrs?|code|diff|commits?|patch|rfc|essay|cv|resume|slides)\b"
    r"(?!\s+(?:deploy\w*|path|release|change|version|pipeline))"
    r"|\b(?:open|create|raise|submit|file|make)\s+(?:me\s+)?an?\s+(?:prs?|pull[- ]request|merge[- ]request|mr)\b"
    r"|^\W*(?:\w+\W+){0,4}?(?:write|draft|compose|generate|code)\s+(?:(?:me|us)\s+)?(?:an?|some|the|my)\s+(?:[\w-]+\s+){0,2}?"
    r"(?:scripts?|programs?|poems?|e-?mails?|letters?|essays?|stor(?:y|ies)|modules?|functions?|tests?|blog|posts?"
    r"|songs?|haikus?|docs?|documentation|quer(?:y|ies)|regex(?:es)?|dockerfiles?|code|class(?:es)?|terraform|yaml|speech)\b"
    r"|^\W*(?:(?:please|pls|can you|could you)\W+)*translate\b"
    r"|^\W*(?:(?:please|pls|can you|could you)\W+)*refactor\b",
    re.I,
)
_OTHER_CLOUDS = re.compile(
    r"\b(?:azure|gcp|google cloud|digital ?ocean|hetzner|oracle cloud|alibaba cloud|ovh|heroku|vercel|linode)\b", re.I
)
_AWS = re.compile(r"\b(?:aws|amazon)\b", re.I)
_OFFICE = re.compile(
    r"\b(?:my|the office|the meeting room) ?(?:\w+ )?(?:laptop|macbook|pc|phone|mouse|keyboard|screen|printer|wi-?fi"
    r"|vpn|headset|calendar|salary|vacation|holidays?|birthday)\b|\bcoffee (?:machine|maker)\b|\bprinter\b"
    r"|\bon[- ]?call (?:this|next|tonight|tomorrow|today|now|rota|schedule|roster)\b|\bwho(?:['’]?s| is)? on[- ]?call\b"
    r"|\b(?:take|lose|quit|get) (?:my|a|your) job\b",
    re.I,
)
_FOR_FUN = re.compile(
    r"\b(?:jokes?|poems?|poetry|haikus?|limericks?|sonnets?|ballads?|rap songs?|fairy ?tales?|riddles?|lyrics"
    r"|horoscope)\b",
    re.I,
)
_SMALL_WORLD = re.compile(
    r"\b(?:weather|rain|raining|snow|snowing|recipes?|cook|pizza|restaurants?|football|soccer"
    r"|basketball|world cup|movies?|songs?|capital of|ceo of|founder of|remind me|president|prime minister"
    r"|meaning of life"
    r"|bitcoin|crypto|lottery|dating|homework|stocks? should|meeting room|what time is it|elections?|(?:way|place"
    r"|book|course) to learn|learn (?:sql|python|aws|coding|to code))\b",
    re.I,
)
"""What people chat about; a service may be called so."""


def is_beyond(text: str) -> bool:
    """Whether a text asks for a secret, for work on code or texts, for another cloud, or about the world at large."""
    if _SECRETS.search(text) or _WORK.search(text) or _OFFICE.search(text):
        return True
    if _OTHER_CLOUDS.search(text) and not _AWS.search(text) and not names_in(text):
        return True
    about_us = bool(names_in(text) or service_in(text))
    return bool(_FOR_FUN.search(text) and not names_in(text)) or bool(_SMALL_WORLD.search(text) and not about_us)
