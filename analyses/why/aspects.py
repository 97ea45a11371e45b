"""The one list of aspects of "why", in the order in which the page Why shows them."""

from __future__ import annotations

from analyses.why.aspect import Aspect
from analyses.why.axioms import AXIOMS_ASPECT
from analyses.why.k1 import K1
from analyses.why.known_truth import KNOWN_TRUTH
from analyses.why.ladder.ladder import LADDER
from analyses.why.match import MATCH
from analyses.why.pairs import PAIRS
from analyses.why.scoring import SCORING

_IN_ORDER: tuple[Aspect, ...] = (LADDER, SCORING, K1, MATCH, PAIRS, AXIOMS_ASPECT, KNOWN_TRUTH)
ASPECTS: dict[str, Aspect] = {aspect.name: aspect for aspect in _IN_ORDER}
