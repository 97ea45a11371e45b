"""The credit of each token of a text for a score, by three methods, which need not agree.

    proportional     credit_t = sum_j c_j z_tj / sum_t' z_t'j        in proportion to activation
    leave-one-out    credit_t = score - score without t's activations
    occlusion        credit_u = score with a mask that hides nothing - score with word u masked, each encoded again

Leave-one-out is exact: every latent's count without the token's activation (or, with max pooling, the largest that
is left), |d| summed again, the score computed again. idf and avg|d| stay the collection's: the question is what the
document would score in the collection, not what the collection would be without the token. Credit is below 0 where
a token's latents are not in the query and only lengthen the document. The text is not encoded again, so the states
of the other tokens, which attended to the token, stay.

Occlusion encodes again: the other tokens change too, and the mask, which is rare in a retriever's training,
disturbs them wherever it stands. So each word is compared with a mask that hides nothing, the mean over
N_IDLE positions between words. The unit is the word, all wordpieces at once; without a mask token the word is
removed, and compared with the text itself. Only proportional credits sum to the score, and that by
convention.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd

from analyses.attribution.rescoring import Floats, Rescored, word_spans
from analyses.attribution.rescoring import Side as Side
from analyses.attribution.rescoring import rescored as rescored
from analyses.attribution.score_breakdown import explain, token_credit
from analyses.text.token_words import readable_wordpiece
from data.errors import UserError
from data.progress import StepProgress
from retrieval.bm25 import Bm25Parameters
from retrieval.queries import EncodedText
from retrieval.study import Study

Method = Literal["proportional", "leave-one-out", "occlusion"]
METHODS: tuple[Method, ...] = get_args(Method)
N_IDLE = 8  # masks that hide nothing


@dataclass(frozen=True)
class Credits:
    """Credit of each token of one side's text by one method.

    score: of the whole text, in float64. tokens, one row per token in text order: position, token, start, end, word
    (-1 for special tokens), credit. A word's credit by occlusion is divided evenly over its wordpieces; special
    tokens, which no mask can replace, have NaN. mask_costs: score lost to each mask that hides nothing, (N_IDLE,);
    empty for other methods and where the tokenizer has no mask.
    """

    method: Method
    side: Side
    score: float
    tokens: pd.DataFrame
    mask_costs: tuple[float, ...] = ()

    @property
    def of_words(self) -> Floats:
        """Credit of each word, the sum over its tokens, float64 (n_words,)."""
        inside = self.tokens[self.tokens["word"] >= 0]
        return np.bincount(inside["word"], weights=inside["credit"]).astype(np.float64)

    @property
    def special(self) -> float:
        """Credit of special tokens together."""
        return float(self.tokens.loc[self.tokens["word"] < 0, "credit"].sum())

    def to_dict(self) -> dict[str, Any]:
        """The credits as JSON can hold them; null where a token can have none."""
        credit = self.tokens["credit"].astype(object).where(self.tokens["credit"].notna(), None)
        return {
            "method": self.method,
            "side": self.side,
            "score": self.score,
            "mask_costs": list(self.mask_costs),
            "tokens": self.tokens.assign(credit=credit).to_dict("records"),
        }


def credits(
    study: Study,
    query: EncodedText,
    doc_id: str,
    method: Method,
    side: Side = "document",
    parameters: Bm25Parameters | None = None,
    progress: StepProgress | None = None,
) -> Credits:
    """Credit of each token of the document or the query; an unknown method or document is a `UserError`.

    progress: tokens encoded, of all.
    """
    if method not in METHODS:
        raise UserError(f'there is no credit "{method}": choose one of {", ".join(METHODS)}')
    text = rescored(study, query, doc_id, side, parameters)
    tokens, score = text.tokens, text.score
    costs: tuple[float, ...] = ()
    if method == "proportional":
        explained = explain(study, query, doc_id, parameters)
        shares = token_credit(explained.document_tokens if side == "document" else explained.query_tokens)
        credit = np.zeros(len(tokens.word))
        credit[shares["position"]] = shares["credit"]
    elif method == "leave-one-out":
        credit = score - text.scores(~np.eye(len(tokens.word), dtype=bool))
    else:
        of_words, costs = occlusion(study, text, progress)
        size = np.bincount(tokens.word[tokens.word >= 0], minlength=tokens.n_words)
        credit = np.append(of_words / size, np.nan)[tokens.word]
    table = pd.DataFrame(
        {
            "position": np.arange(len(tokens.word)),
            "token": [readable_wordpiece(study.wordpieces[int(i)]) for i in tokens.token_ids],
            "start": tokens.spans[:, 0],
            "end": tokens.spans[:, 1],
            "word": tokens.word,
            "credit": credit,
        }
    )
    return Credits(method, side, score, table, costs)


def occlusion(
    study: Study, text: Rescored, progress: StepProgress | None = None
) -> tuple[Floats, tuple[float, ...]]:
    """Credit of each word, float64 (n_words,), and the cost of each mask that hides nothing.

    The text is cut where the encoder cut it, so that a shorter word lets no further text in; all variants of the
    text are encoded in one batch.
    """
    from sae.latents import pool, token_latents

    starts, ends = word_spans(text.tokens)
    read = text.tokens.text[: int(ends.max(initial=0))]
    mask = study.encoder.mask_token or ""
    masked = [read[:start] + mask + read[end:] for start, end in zip(starts, ends, strict=True)]
    places = np.linspace(0, len(starts) - 1, min(N_IDLE, len(starts)) if mask else 0).astype(int)
    idle = [f"{read[: starts[place]]}{mask} {read[starts[place] :]}" for place in places]
    states = study.encoder.encode([read, *masked, *idle], text.side, progress)
    counts = pool(token_latents(study.sae, states.states), study.n_latents, study.pooling)
    scores = text.scores_of_texts(counts)
    costs = scores[0] - scores[1 + len(masked) :]
    base = scores[0] - (costs.mean() if len(costs) else 0.0)
    return base - scores[1 : 1 + len(masked)], tuple(costs.tolist())
