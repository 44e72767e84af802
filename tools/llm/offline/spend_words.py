"""How people ask for a sum of money, apart from `how much`: noun phrases, months side by side, the largest of a list.

What asks why, or for what rose, asks for a cause instead.
"""

from __future__ import annotations

_SUM = r"(?:bills?|invoice|spend|spending|costs?|expenses?|expenditures?|run ?rate|burn ?rate)"
_MONTH = (
    r"(?:january|february|march|april|may|june|july|august|september|october|november|december"
    r"|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)(?: 20\d\d)?"
)
_UNIT = r"(?:day|week|month|quarter|year)"
_PERIOD = rf"(?:(?:this|last|previous|the|past|current) {_UNIT}(?:['’]s)?|yesterday|today|{_MONTH})"
_TIME = rf"(?:{_PERIOD}|(?:last|past) \d+ {_UNIT}s|so far|to date|month[- ]to[- ]date|year[- ]to[- ]date|mtd|ytd)"
_TOTAL = r"(?:total|overall|entire|whole|monthly|daily|weekly|average|mean|aws|cloud|mtd|ytd|current)"
_LARGEST = r"(?:top(?: \w+)?|largest|biggest|highest|priciest|most expensive|costliest)"
_PARTS = r"(?:services?|accounts?|regions?|teams?|items?|lines?|line items|things|spenders?|cost drivers?)"
_CAUSE = (
    r"\b(?:why|driv(?:e|es|ing)|behind|blame|caus\w*|spik\w*|jump\w*|increas\w*|ris(?:e|es|ing)|rose|went|goes|going"
    r"|gone|highe?r?|up|grew|grow\w*|roof|shot|soar\w*|surg\w*|skyrocket\w*|balloon\w*|burst\w*|doubl\w*|trip\w*"
    r"|explod\w*|insane|weird|wrong|crazy|shock|usual|unusual\w*|normal|expected|anomal\w*|alerts?|alarms?"
    r"|explain\w*|happen\w*|looks?|savings?|reduc\w*|lower|cut|forecast\w*|will)\b"
)
_NO_CAUSE = rf"^(?!.*{_CAUSE})"
_VERB = (
    r"\b(?:is|are|was|were|be|did|does|do|has|have|had|can|could|should|who|which|what|when|fail\w*|broke\w*"
    r"|errors?|slow|down|stop\w*)\b"
)

SPEND: tuple[str, ...] = (
    # what is our total AWS bill this month, what was the cost of October
    rf"{_NO_CAUSE}.*\bwhat(?:['’]?s|['’]re| is| was| are| were) (?:our|the|my)?\s*"
    rf"(?:(?:{_TOTAL}|{_PERIOD}(?:['’]s)?)\s+)*"
    rf"{_SUM}\b(?! of (?:the|this|that|it)\b)",
    # spend in October, show me last month's bill, cost of S3 last month
    rf"{_NO_CAUSE}(?!.*{_VERB})(?=.*\b{_SUM}\b)(?=.*\b(?:{_TIME}|{_TOTAL} (?:\w+ )?{_SUM})\b).{{0,70}}$",
    # what do we pay for Redshift, what did we spend, what are we spending money on, where does our money go
    rf"{_NO_CAUSE}.*\bwhat (?:do|did|are|were|have) (?:we|i|you)(?: all)? (?:pay|paid|spend|spent|paying|spending)\b",
    rf"\bwhere (?:does|do|did|is|has) (?:all )?(?:our|the|my) (?:money|{_SUM}) (?:go|going|gone|went)\b",
    rf"{_NO_CAUSE}.*\bhow (?:expensive|costly|pricey) (?:is|are|was|were)\b",
    rf"{_NO_CAUSE}.*\bhow (?:big|large|high) (?:is|was) .*\b{_SUM}\b",
    # top 5 services by cost, which services cost the most, our most expensive services
    rf"{_NO_CAUSE}.*\b{_LARGEST}\b.*\b{_SUM}\b|{_NO_CAUSE}.*\b{_SUM} the most\b",
    rf"{_NO_CAUSE}.*\b(?:most expensive|priciest|costliest) (?:aws |cloud )?{_PARTS}\b",
    # October vs September; compare this month's spend with last month; was October more expensive than September
    rf"^\W*(?:(?:compare|and|so|please|what about)\W+)*(?:in )?{_PERIOD}(?:['’]s)?\s*(?:{_SUM}\s*)?"
    rf"(?:vs\.?|versus|against|compared? (?:to|with)|to|and|with)\s*(?:in )?{_PERIOD}(?:['’]s)?(?: {_SUM})?\W*$",
    rf"{_NO_CAUSE}.*\bcompare\b.*\b{_SUM}\b",
    rf"^(?!.*\bwhy\b).*\b(?:expensive|cheaper|pricier|dearer|costlier)\b.*\bthan (?:in )?(?:the )?{_PERIOD}\b",
    r"\bhow much (?:money )?(?:did|do|have|are) (?:we|i) (?:burn(?:t|ed|ing)?|blow|blown)\b(?!.*\bbudgets?\b)",
    # the run rate by itself
    r"\b(?:our|daily|monthly|aws|cloud) (?:(?:daily|monthly|aws|cloud) )?(?:run|burn) ?rate\b",
)
"""One of them suffices; upper and lower case alike."""
