"""What `explain` shows beside the score breakdown by latents: credit of tokens and of pairs, cosine, words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from data.terminal import say
from workbench.verbs.printing import print_table

if TYPE_CHECKING:
    import pandas as pd

    from analyses.attribution.cosine_breakdown import CosineExplanation
    from analyses.attribution.faithfulness import Faithfulness
    from analyses.attribution.score_breakdown import Explanation
    from analyses.attribution.token_credit import Credits
    from analyses.attribution.word_breakdown import LexicalExplanation
    from analyses.why.token_pairs import TokenPairs
    from retrieval.bm25 import Bm25Parameters
    from retrieval.queries import EncodedText
    from retrieval.study import Study


@dataclass(frozen=True)
class Further:
    """The further explanations that were chosen; None for those that were not.

    credits: of the document, then of the query. beside_bm25: the cosine's latents in both breakdowns.
    """

    credits: tuple[Credits, Credits] | None
    faithfulness: Faithfulness | None
    cosine: CosineExplanation | None
    beside_bm25: pd.DataFrame | None
    words: LexicalExplanation | None
    pairs: TokenPairs | None = None

    def to_dict(self) -> dict[str, Any]:
        record: dict[str, Any] = {}
        if self.credits:
            record["credits"] = {credits.side: credits.to_dict() for credits in self.credits}
        for name in ("faithfulness", "cosine", "words"):
            if (value := getattr(self, name)) is not None:
                record[name] = value.to_dict()
        if self.beside_bm25 is not None:
            record["cosine"]["beside_bm25"] = self.beside_bm25.to_dict("records")
        if self.pairs:
            record["pairs"] = self.pairs.to_records()
        return record

    def show(self) -> None:
        """Print it for people."""
        for credits in self.credits or ():
            say(f"\n{credits.side}, tokens by {credits.method} credit, of {credits.score:.4f}")
            table = credits.tokens.dropna(subset=["credit"])[["position", "token", "credit"]]
            print_table(table.sort_values("credit", ascending=False, kind="stable").head(12))
        if self.faithfulness:
            say(f"\nareas of the document's words, beside {self.faithfulness.n_orders} random orders")
            print_table(self.faithfulness.areas)
        if cosine := self.cosine:
            say(
                f"\ncosine {cosine.cosine:.5f} = latents {cosine.of_latents:+.5f}, bias {cosine.bias:+.5f}, "
                f"not reconstructed {cosine.unreconstructed:+.5f}, special tokens {cosine.special:+.5f}, "
                f"rounding {cosine.residual:+.1e}"
            )
            print_table(cosine.breakdown.head(20))
        if self.words:
            say(f"\nlexical BM25 {self.words.score:.4f}, of {len(self.words.breakdown)} shared words")
            print_table(self.words.breakdown)
        if self.pairs:
            import pandas as pd

            say("\npairs of tokens, the strongest first; contributions shared in proportion to activation")
            pairs = pd.DataFrame(self.pairs.to_records())
            if len(pairs):
                pairs = pairs.sort_values("credit", ascending=False, kind="stable").head(20)
            print_table(pairs)


def further(
    study: Study,
    query: EncodedText,
    explained: Explanation,
    parameters: Bm25Parameters,
    credit: str,
    cosine: bool,
    words: bool,
    pairs: bool = False,
) -> Further:
    """Compute what was chosen; credit: a method of `analyses.attribution.token_credit`, or ""."""
    from analyses.attribution.cosine_breakdown import beside_bm25, explain_cosine
    from analyses.attribution.faithfulness import faithfulness
    from analyses.attribution.token_credit import credits, rescored
    from analyses.attribution.word_breakdown import explain_words
    from analyses.why.token_pairs import token_pairs

    doc_id, both, tested = explained.doc_id, None, None
    by_cosine = explain_cosine(study, query, doc_id) if cosine else None
    if credit:
        document, of_query = (
            credits(study, query, doc_id, credit, side, parameters)  # type: ignore[arg-type]  # refuses any other
            for side in ("document", "query")
        )
        both = document, of_query
        if document.score > 0 and len(document.of_words) > 1:
            tested = faithfulness(rescored(study, query, doc_id, "document", parameters), [document])
    return Further(
        both,
        tested,
        by_cosine,
        beside_bm25(by_cosine, explained) if by_cosine else None,
        explain_words(study, query.text, doc_id) if words else None,
        token_pairs(study, query, doc_id, "latent", parameters) if pairs else None,
    )
