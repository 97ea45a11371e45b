"""More calls behind views, beside `calls`: those of two sides, of a basket, of a card, of LIMIT and of the map."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import Any

from retrieval.bm25 import Bm25Parameters
from retrieval.study import Study
from workbench.page.evidence.call import Call, Written, call, inner, query, verb, where
from workbench.page.evidence.calls import STUDY, Idf


def two_rankings(study: Study, text: str, other: Study, other_text: str, idf: Idf, depth: int) -> Call:
    function, parameters = "analyses.comparison.side_by_side.two_rankings", Bm25Parameters(idf=idf)
    command = verb(
        "side-by-side", study, text, **_right(study, text, other, other_text), depth=depth, idf=idf
    )
    return call(study, function, text, _beside(study, other), other_text, parameters, depth, command=command)


def two_dictionaries(study: Study, word: str, other: Study, other_word: str) -> Call:
    function = "analyses.saes.two_dictionaries.two_dictionaries"
    command = verb("side-by-side", study, word, words=True, **_right(study, word, other, other_word))
    return call(study, function, word, _beside(study, other), other_word, command=command)


def _right(study: Study, text: str, other: Study, other_text: str) -> dict[str, Any]:
    """The options of the verb that say what stands on the right; one of two equal sides has its text said again."""
    same = other.path == study.path
    return {
        "against": None if same else where(other),
        "other_query": other_text if same or other_text != text else None,
    }


def _beside(study: Study, other: Study) -> Written:
    """The study of the right side, as code."""
    return STUDY if other.path == study.path else Written(f"Study.open({where(other)!r})")


def together(study: Study, latents: Sequence[int]) -> Call:
    command = verb(
        "latent-table", study, json=False, latents=numbers_of(latents), pairs=True, out="pairs.csv"
    )
    return call(study, "analyses.dictionary.several_latents.together", list(latents), command=command)


def some_latents(study: Study, latents: Sequence[int]) -> Call:
    """Rows of the table of latents, under the usual rule of types."""
    table = inner("analyses.latents.latent_table.vocabulary_table", STUDY)
    measures = inner("analyses.latents.types.type_measures", STUDY)
    rule = inner("analyses.latents.types.TypeThresholds")
    whole = inner("analyses.latents.lexicon.lexicon", table, measures, rule, len(study.corpus))
    command = verb("latent-table", study, json=False, latents=numbers_of(latents), out="basket.csv")
    return call(
        study, whole, then=f".set_index('latent').loc[{list(latents)!r}].reset_index()", command=command
    )


def numbers_of(latents: Sequence[int]) -> str:
    """As `--latents` takes them."""
    return ",".join(map(str, latents))


def card(study: Study, name: str) -> Call:
    """The numbers of a quality card that the study keeps; name: of its file, the fingerprint of its SAE."""
    needs = frozenset({("analyses.saes.card_record", "QualityCard")})
    path = f"study.path / 'cards' / {f'{name}.json'!r}"
    own, here = name == study.manifest["sae"]["fingerprint"], where(study)
    words = ["workbench", "sae-card", f"{here}/sae", "--study", here, "--csv", "card.csv"]
    command = shlex.join(words) if own else ""  # where another one lies is not known
    return call(study, Written(f"QualityCard.open({path}).summary_table()", needs), command=command)


def attribute(study: Study, text: str, relevant: Sequence[str], idf: Idf) -> Call:
    function, parameters = "analyses.attribution.limit.attribute_latents", Bm25Parameters(idf=idf)
    command = verb("limit", study, text, idf=idf)
    return call(study, function, query(text), list(relevant), parameters, then=".latents", command=command)


def places_on_map(study: Study) -> Call:
    needs = frozenset({("pandas", "DataFrame"), ("analyses.latents.map", "latent_map")})
    command = verb("map", study, json=False, kept=True, csv="map.csv")
    return call(study, Written("DataFrame(latent_map(study).xy, columns=['x', 'y'])", needs), command=command)


def pairs(study: Study, text: str, doc_id: str, idf: Idf) -> Call:
    """The pairs that have a credit under latent terms."""
    function = "analyses.why.token_pairs.token_pairs"
    found = inner(
        function, STUDY, query(text), doc_id, "latent", Bm25Parameters(idf=idf), then=".to_records()"
    )
    command = verb("explain", study, text, doc_id, pairs=True, idf=idf)
    return call(study, inner("pandas.DataFrame", found), command=command)


def credits(study: Study, text: str, doc_id: str, method: str, idf: Idf) -> Call:
    """The credit of each token of the document."""
    function, parameters = "analyses.attribution.token_credit.credits", Bm25Parameters(idf=idf)
    command = verb("explain", study, text, doc_id, credit=method, idf=idf)
    return call(
        study, function, query(text), doc_id, method, "document", parameters, then=".tokens", command=command
    )
