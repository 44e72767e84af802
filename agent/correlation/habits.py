"""What is learned of a system while its alerts go by: its pace, what tells its incidents apart, what fails together.

Nobody labels alerts, but two situations are clear enough to learn from: alerts in quick succession mostly belong to one
incident, an alert after a long silence mostly to another. How often each kind of kinship is seen in the one and in the
other says how telling it is here. Where one cause hits strangers, being a stranger says nothing; where incidents keep
to one service each, it says nearly everything.
"""

from __future__ import annotations

import math
from collections import Counter, OrderedDict
from collections.abc import Collection, Iterable

from agent.correlation.kinship import FIXED, USUAL, Kinship
from agent.correlation.pauses import Pauses

QUICK_SECONDS, LONG_SECONDS = 8.0, 240.0
PRIOR = 10.0
"""So many alerts' weight have the usual shares, against what was seen."""
LEAST, MOST = 0.4, 1.0
"""What is guessed may shorten the gap, not for nearly all of it, and never lengthen it: the next incident often hits
the same service again."""
MAX_COUNT, MAX_THINGS, MAX_OTHERS, MAX_WORDS = 200.0, 1024, 64, 2048
TOGETHER = 0.6
"""Two things are companions when in so large a share of the rarer one's incidents the other was there too."""
MANY = 16
"""What has so many things in it tells nothing of any two of them."""


class Habits:
    """Of one system. Bounded: what was seen longest ago, or least, is forgotten first."""

    def __init__(self) -> None:
        self.pauses = Pauses()
        self._quick = {kin: shares[0] * PRIOR for kin, shares in USUAL.items()}
        self._long = {kin: shares[1] * PRIOR for kin, shares in USUAL.items()}
        self._factors = {**FIXED, **self._guessed()}
        self._together: OrderedDict[str, Counter[str]] = OrderedDict()
        self._words: Counter[str] = Counter()
        self._titles = 0

    def factor(self, kin: Kinship) -> float:
        """By how much an incident's gap is lengthened for such an alert."""
        return self._factors[kin]

    def came(self, kin: Kinship, pause: float) -> None:
        """An alert that the latest incident did not have yet came so many seconds after its last."""
        seen = self._quick if pause <= QUICK_SECONDS else self._long
        if kin in seen:
            seen[kin] += 1
            if sum(seen.values()) > MAX_COUNT:
                for each in seen:
                    seen[each] /= 2
            self._factors.update(self._guessed())

    def tells(self, pause: float) -> bool:
        """Whether so long a pause is clear enough to learn from."""
        return pause <= QUICK_SECONDS or pause >= LONG_SECONDS

    def met(self, thing: str, others: Collection[str]) -> None:
        """A thing came up in an incident that has these others in it. Under its own name stands how often it did."""
        self._of(thing)[thing] += 1
        if len(others) < MANY:
            for other in others:
                self._of(thing)[other] += 1
                self._of(other)[thing] += 1

    def companions(self, thing: str, others: Collection[str]) -> bool:
        """Whether it mostly fails together with one of these."""
        known = self._together.get(thing)
        return known is not None and any(
            other in known and known[other] >= TOGETHER * min(known[thing], self._together[other][other])
            for other in others
            if other in self._together
        )

    def read(self, words: Iterable[str]) -> None:
        """An incident has a title that it did not have yet."""
        self._titles += 1
        self._words.update(words)
        if len(self._words) > 2 * MAX_WORDS:
            self._words = Counter(dict(self._words.most_common(MAX_WORDS)))

    def weights(self, words: Iterable[str]) -> dict[str, float]:
        """Inverse document frequency: a word that every title has weighs next to nothing."""
        return {word: math.log((self._titles + 3) / (self._words[word] + 1.5)) + 0.1 for word in words}

    def _guessed(self) -> dict[Kinship, float]:
        quick, long = sum(self._quick.values()), sum(self._long.values())
        ratios = {kin: (self._quick[kin] / quick) / (self._long[kin] / long) for kin in USUAL}
        return {kin: min(max(ratio, LEAST), MOST) for kin, ratio in ratios.items()}

    def _of(self, thing: str) -> Counter[str]:
        known = self._together.get(thing, Counter())
        if len(known) > 2 * MAX_OTHERS:
            known = Counter(dict(known.most_common(MAX_OTHERS)))
        self._together[thing] = known
        self._together.move_to_end(thing)
        if len(self._together) > MAX_THINGS:
            self._together.popitem(last=False)
        return known
