"""What `explain` says beside the ledger of latents: credit of tokens, the cosine, the words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workbench.printing import print_table

if TYPE_CHECKING:
    from analyses.cosine_ledger import CosineExplanation
    from analyses.faithfulness import Faithfulness
    from analyses.lexical_ledger import LexicalExplanation
    from analyses.token_credit import Credits
    from retrieval.bm25 import Bm25Parameters
    from retrieval.study import EncodedText, Study


@dataclass(frozen=True)
class Further:
    """What was asked for; None where it was not. credits: of the document, then of the query."""

    credits: tuple[Credits, Credits] | None
    faithfulness: Faithfulness | None
    cosine: CosineExplanation | None
    words: LexicalExplanation | None

    def to_dict(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        if self.credits:
            found["credits"] = {credits.side: credits.to_dict() for credits in self.credits}
        for name in ("faithfulness", "cosine", "words"):
            if (value := getattr(self, name)) is not None:
                found[name] = value.to_dict()
        return found

    def show(self) -> None:
        """Print it for people."""
        for credits in self.credits or ():
            print(f"\n{credits.side}, tokens by {credits.method} credit, of {credits.score:.4f}")
            table = credits.tokens.dropna(subset=["credit"])[["position", "token", "credit"]]
            print_table(table.sort_values("credit", ascending=False, kind="stable").head(12))
        if self.faithfulness:
            print(f"\nareas of the document's words, beside {self.faithfulness.n_orders} random orders")
            print_table(self.faithfulness.areas)
        if self.cosine:
            found = self.cosine
            print(
                f"\ncosine {found.cosine:.5f} = latents {found.of_latents:+.5f}, bias {found.bias:+.5f}, "
                f"not reconstructed {found.unreconstructed:+.5f}, special tokens {found.special:+.5f}, "
                f"rounding {found.residual:+.1e}"
            )
            print_table(found.ledger.head(20))
        if self.words:
            print(f"\nlexical BM25 {self.words.score:.4f}, of {len(self.words.ledger)} shared words")
            print_table(self.words.ledger)


def further(
    study: Study,
    query: EncodedText,
    doc_id: str,
    parameters: Bm25Parameters,
    credit: str,
    cosine: bool,
    words: bool,
) -> Further:
    """Compute what was asked for; credit: a method of `analyses.token_credit`, or ""."""
    from analyses.cosine_ledger import explain_cosine
    from analyses.faithfulness import faithfulness
    from analyses.lexical_ledger import explain_words
    from analyses.token_credit import credits, rescored

    given = tested = None
    if credit:
        document, asked = (
            credits(study, query, doc_id, credit, side, parameters)  # type: ignore[arg-type]  # refuses any other
            for side in ("document", "query")
        )
        given = document, asked
        if document.score > 0 and len(document.of_words) > 1:
            tested = faithfulness(rescored(study, query, doc_id, "document", parameters), [document])
    return Further(
        given,
        tested,
        explain_cosine(study, query, doc_id) if cosine else None,
        explain_words(study, query.text, doc_id) if words else None,
    )
