"""The quality card: its numbers are those of other roads, its controls are controls, and it is whole or absent."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.stats import kendalltau, spearmanr

from analyses.saes._card_measures import measure_columns
from analyses.saes._cosine_survival import decoder_similarities, rank_correlations, ranking_kept
from analyses.saes._reconstruction import pool_states, pooling_head, read
from analyses.saes.card import QualityCard, choose_held_out, quality_card
from analyses.saes.card_record import Number, Variant, card_path, describe_measure
from data.corpus import Collection, Corpus, Queries
from data.encoders import Encoder, EncoderConfig, TokenStates
from data.errors import UserError
from data.progress import Progress
from data.ragged import Ragged
from retrieval.cosine import cosine_search, unit_rows
from retrieval.pipeline import build_study
from retrieval.study import Study
from sae.control_dictionaries import random_directions
from sae.metrics import dead_latents, fraction_of_variance_unexplained, l0, mean_cosine
from sae.model import SparseAutoencoder


@pytest.fixture(scope="module")
def documents(tiny_study: Study, encoder: Encoder) -> TokenStates:
    return encoder.encode(list(tiny_study.corpus.texts))


@pytest.fixture(scope="module")
def twin() -> Encoder:
    return Encoder.load(EncoderConfig(model="random:minilm", max_length=64, device="cpu"))


@pytest.fixture(scope="module")
def card(tiny_card: Path) -> QualityCard:
    return QualityCard.open(tiny_card)


@pytest.fixture(scope="module")
def small_study(
    tiny_collection: Collection,
    tiny_sae: SparseAutoencoder,
    encoder: Encoder,
    tmp_path_factory: pytest.TempPathFactory,
) -> Study:
    """A study of forty documents and their queries, for what is measured more than once."""
    rows = range(0, len(tiny_collection.corpus), 5)
    corpus = Corpus(*([column[row] for row in rows] for column in vars(tiny_collection.corpus).values()))
    queries, qrels = tiny_collection.queries, tiny_collection.qrels
    kept = [row for row, query in enumerate(queries.ids) if set(qrels[query]) & set(corpus.ids)]
    queries = Queries([queries.ids[row] for row in kept], [queries.texts[row] for row in kept])
    small = Collection("small", corpus, queries, {query: qrels[query] for query in queries.ids})
    return build_study(small, encoder, tiny_sae, tmp_path_factory.mktemp("small") / "small")


@pytest.fixture(scope="module")
def perfect_sae(tiny_sae: SparseAutoencoder) -> SparseAutoencoder:
    """Latents relu(h_i) and relu(-h_i), with directions e_i and -e_i: every state is reconstructed to the bit."""
    both = torch.cat([torch.eye(tiny_sae.d_model), -torch.eye(tiny_sae.d_model)])
    zeros = torch.zeros(len(both))
    return SparseAutoencoder(both, zeros, both, zeros[: tiny_sae.d_model], len(both), threshold=zeros)


def test_text_numbers_are_those_of_the_metrics_on_all_tokens_at_once(
    card: QualityCard, tiny_sae: SparseAutoencoder, documents: TokenStates
) -> None:
    states = torch.from_numpy(documents.states.values).float()
    activations, indices = tiny_sae.encode(states)
    reconstructed = tiny_sae.decode(activations, indices)
    fvu = fraction_of_variance_unexplained(states, reconstructed)
    assert card.value("fvu", "documents") == pytest.approx(fvu, rel=1e-9)
    assert card.value("state_cosine", "documents") == pytest.approx(
        mean_cosine(states, reconstructed), abs=1e-6
    )
    assert card.value("l0", "documents") == pytest.approx(l0(activations))
    assert card.value("dead", "documents") == len(dead_latents(activations, indices, tiny_sae.n_latents))


def test_latents_are_counted_as_the_study_counts_them(card: QualityCard, tiny_study: Study) -> None:
    frequency = tiny_study.index.document_frequency
    assert card.value("dead", "documents") == (frequency == 0).sum()
    assert card.value("dense", "documents") == (frequency > len(tiny_study.corpus) / 2).sum()
    table = card.density_table()
    assert table[table["variant"] == "sae"]["latents"].sum() == (frequency > 0).sum()
    firings = np.diff(tiny_study.contexts.ptr) / card.texts["documents"]["n_tokens"]
    for low, high, latents in table[table["variant"] == "sae"][["low", "high", "latents"]].itertuples(
        index=False
    ):
        assert latents == ((firings >= low) & (firings < high)).sum()


@pytest.mark.parametrize("cuts", [[1], [30, 31, 60]])
def test_blocks_change_nothing(
    documents: TokenStates, perfect_sae: SparseAutoencoder, tiny_sae: SparseAutoencoder, cuts: list[int]
) -> None:
    edges = [0, *cuts, 80]
    whole = read([_block(documents, 0, 80)], [tiny_sae, perfect_sae], "sum", "mean")
    blocks = [_block(documents, start, stop) for start, stop in pairwise(edges)]
    for one, other in zip(whole, read(blocks, [tiny_sae, perfect_sae], "sum", "mean"), strict=True):
        assert one.reconstructed is not None
        assert other.reconstructed is not None
        assert one.sums.fvu == pytest.approx(other.sums.fvu, rel=1e-12)
        assert one.sums.cosine == pytest.approx(other.sums.cosine, rel=1e-12)
        for name in ("n_texts", "n_tokens", "tokens_by_l0", "firings", "document_frequency"):
            np.testing.assert_array_equal(getattr(one.sums, name), getattr(other.sums, name))
        np.testing.assert_array_equal(one.reconstructed, other.reconstructed)


def test_percentiles_of_l0_are_numpys(documents: TokenStates, perfect_sae: SparseAutoencoder) -> None:
    strict = replace(perfect_sae, threshold=torch.full((perfect_sae.n_latents,), 0.5))
    sums = read([_block(documents, 0, 20)], [strict], "sum", None)[0].sums
    fires = (np.abs(documents.states.values[: documents.states.offsets[20]]) > 0.5).sum(1)
    assert len(set(fires.tolist())) > 10
    for percent in (1, 5, 50, 95, 100):
        assert sums.l0_percentile(percent) == np.percentile(fires, percent, method="inverted_cdf")


def test_a_perfect_reconstruction_keeps_everything(
    small_study: Study, encoder: Encoder, perfect_sae: SparseAutoencoder, tmp_path: Path
) -> None:
    (column,) = measure_columns(small_study, encoder, {"sae": perfect_sae}, None, tmp_path)
    values = {(number.measure, number.text): number.value for number in column.numbers}
    assert values["fvu", "documents"] == 0
    for measure in ("kendall_tau", "spearman_rho", "overlap@10"):
        assert values[measure, "queries"] == pytest.approx(1, abs=1e-12)
    for measure in ("nDCG@10", "R@100"):
        assert (
            values[f"reconstructed_cosine {measure}", "queries"] == values[f"cosine {measure}", "queries"] > 0
        )
    assert not list(tmp_path.iterdir())


def test_rankings_are_worth_what_the_study_says(card: QualityCard, tiny_study: Study) -> None:
    for system in ("latent", "latent_lucene_idf"):
        for measure in ("nDCG@10", "R@100"):
            expected = tiny_study.evaluation[system][measure]
            assert card.value(f"{system} {measure}", "queries") == pytest.approx(expected, abs=1e-12)
    cosine = tiny_study.evaluation["cosine"]["nDCG@10"]  # of float32 states, the card's of float16
    assert card.value("cosine nDCG@10", "queries") == pytest.approx(cosine, abs=0.005)
    words = {number.measure: number.value for number in card.baselines}
    assert words["bm25 nDCG@10"] == pytest.approx(tiny_study.evaluation["bm25"]["nDCG@10"], abs=1e-12)


def test_controls_are_controls(card: QualityCard) -> None:
    assert [variant.name for variant in card.variants] == ["sae", "random_directions", "random_encoder"]
    for text in ("held_out", "documents"):
        ours, directions = (card.value("fvu", text, v) for v in ("sae", "random_directions"))
        assert ours is not None
        assert directions is not None
        assert ours < directions
    assert card.value("l0", "documents", "random_directions") == card.value("l0", "documents")
    cosines = {
        variant.name: card.value("cosine nDCG@10", "queries", variant.name) for variant in card.variants
    }
    assert cosines["sae"] == cosines["random_directions"] != cosines["random_encoder"]
    decoders = {variant.name: variant.similarities for variant in card.variants}
    assert decoders["sae"] == decoders["random_encoder"] != decoders["random_directions"]


def test_random_directions_are_of_unit_length_and_as_sparse_as_an_sae_with_a_threshold(
    perfect_sae: SparseAutoencoder, documents: TokenStates
) -> None:
    sample = documents.states.values[:500]
    control = random_directions(perfect_sae, sample, seed=3)
    assert control.k == round(l0(perfect_sae.encode(sample)[0]))
    assert torch.allclose(control.W_dec.norm(dim=1), torch.ones(perfect_sae.n_latents))
    assert torch.equal(control.W_enc, control.W_dec)
    assert control.fingerprint == random_directions(perfect_sae, sample, seed=3).fingerprint
    assert control.fingerprint != random_directions(perfect_sae, sample, seed=4).fingerprint


def test_a_card_is_kept_and_opens_as_it_was(card: QualityCard, tmp_path: Path) -> None:
    path = tmp_path / "cards" / "card.json"
    card.save(path)
    assert QualityCard.open(path) == card
    json.dumps(card.to_dict(), allow_nan=False)
    table = card.summary_table()
    assert not table.duplicated(["measure", "variant", "text"]).any()
    assert all(describe_measure(measure).meaning for measure in table["measure"])
    path.write_text(path.read_text().replace('"format": 1', '"format": 0'))
    with pytest.raises(UserError, match="not a quality card"):
        QualityCard.open(path)


@pytest.mark.slow
def test_an_interrupted_card_goes_on_with_the_encoder_that_was_not_finished(
    small_study: Study, tiny_sae: SparseAutoencoder, encoder: Encoder, twin: Encoder, tmp_path: Path
) -> None:
    path, stages = tmp_path / "card.json", []

    def interrupt(stage: str, done: int, total: int) -> None:
        if stage == "Random encoder: documents":
            raise KeyboardInterrupt

    def make(progress: Progress | None = None) -> QualityCard:
        return quality_card(tiny_sae, small_study, encoder=encoder, twin=twin, path=path, progress=progress)

    card = make()
    path.unlink()

    with pytest.raises(KeyboardInterrupt):
        make(interrupt)
    assert not path.exists()
    again = make(lambda stage, done, total: stages.append(stage))
    assert again == card
    assert set(stages) == {"Random encoder: queries", "Random encoder: documents"}
    stages.clear()
    assert make(lambda stage, done, total: stages.append(stage)) == card
    assert not stages
    assert [file.name for file in tmp_path.iterdir()] == ["card.json"]


def test_the_card_of_an_sae_is_kept_in_the_study(tiny_study: Study) -> None:
    assert card_path(tiny_study, "abc") == tiny_study.path / "cards" / "abc.json"


def test_what_is_held_out_is_what_the_sae_has_not_read(
    card: QualityCard, tiny_sae: SparseAutoencoder, tiny_study: Study
) -> None:
    def kind(**trained_on: object) -> str | None:
        other = replace(tiny_sae, trained_on={**tiny_sae.trained_on, **trained_on})
        chosen = choose_held_out(other, tiny_study, None, "")
        return chosen.kind if chosen else None

    assert kind() == card.texts["held_out"]["kind"] == "queries"
    assert card.texts["held_out"]["n_texts"] == len(tiny_study.queries)
    assert kind(text={"name": "books", "fingerprint": "f" * 16}) == "documents"
    assert kind(text=None) == "documents"
    given = choose_held_out(tiny_sae, tiny_study, ["one text"], "mine")
    assert given is not None
    assert (given.kind, given.name) == ("given", "mine")
    with pytest.raises(UserError, match="empty"):
        choose_held_out(tiny_sae, tiny_study, [], "mine")


def test_given_text_is_read_as_documents(
    small_study: Study, tiny_sae: SparseAutoencoder, encoder: Encoder, tmp_path: Path
) -> None:
    texts = tuple(small_study.corpus.texts)
    held_out = choose_held_out(tiny_sae, small_study, texts, "the documents again")
    (column,) = measure_columns(small_study, encoder, {"sae": tiny_sae}, held_out, tmp_path)
    assert column.densities["held_out"] == column.densities["documents"]
    numbers = {(number.measure, number.text): number.value for number in column.numbers}
    assert numbers["fvu", "held_out"] == pytest.approx(numbers["fvu", "documents"], rel=1e-12)


def test_numbers_are_finite_or_refused() -> None:
    for value in (float("nan"), float("inf")):
        with pytest.raises(UserError, match="finite"):
            Number("fvu", "documents", value, 10)
        with pytest.raises(UserError, match="finite"):
            Number("l0", "documents", 1.0, 10, low=value)
    record = {"name": "sae", "numbers": [{"measure": "fvu", "text": "", "value": float("nan"), "n": 1}]}
    with pytest.raises(UserError, match="finite"):
        Variant.from_dict({**record, "densities": {}, "similarities": []})


def test_an_sae_of_nan_and_text_without_variance_are_refused(
    documents: TokenStates, tiny_sae: SparseAutoencoder
) -> None:
    broken = replace(tiny_sae, W_dec=tiny_sae.W_dec * torch.nan)
    with pytest.raises(UserError):
        Number("fvu", "documents", read([documents], [broken], "sum", None)[0].sums.fvu, 1)
    one_state = Ragged(documents.states.values[:1].repeat(5, 0), np.array([0, 5]))
    with pytest.raises(UserError, match="all alike"):
        _ = read([replace(documents, states=one_state)], [tiny_sae], "sum", "mean")[0].sums.fvu


def test_pooled_states_point_where_the_encoders_own_vector_does(documents: TokenStates) -> None:
    states = torch.from_numpy(documents.states.values).float()
    pooled = unit_rows(pool_states(states, documents.states.offsets, "mean"))
    np.testing.assert_allclose((pooled * documents.pooled).sum(1), 1, atol=1e-5)
    first = pool_states(states, documents.states.offsets, "cls")
    np.testing.assert_array_equal(first, states[documents.states.offsets[:-1]].numpy())
    no_tokens = pool_states(states[:0], np.array([0, 0]), "mean")
    assert (no_tokens == 0).all()


def test_the_cosine_is_reconstructed_only_where_it_can_be(encoder: Encoder) -> None:
    assert pooling_head(encoder) == ("mean", "")
    head, why = pooling_head(encoder.at_layer(2))
    assert head is None
    assert "layer 2" in why
    without = Encoder.load(replace(encoder.config, special_tokens=False))
    head, why = pooling_head(without)
    assert head == "mean"
    assert "Special tokens are dropped" in why


def test_what_is_kept_of_a_ranking_is_what_scipy_says_of_its_cosines() -> None:
    random = np.random.default_rng(0)
    documents, queries = (random.standard_normal((n, 6)).astype(np.float32) for n in (300, 5))
    noise, other_noise = (random.standard_normal((n, 6)).astype(np.float32) / 4 for n in (300, 5))
    vectors, replaced = (documents, queries), (documents + noise, queries + other_noise)
    ids = [f"q{i}" for i in range(5)], [f"d{i}" for i in range(300)]
    runs = [cosine_search(*pair, 100, *ids) for pair in (vectors, replaced)]
    kept = ranking_kept(vectors, replaced, *runs)
    before, after = (
        unit_rows(q).astype(np.float64) @ unit_rows(d).T.astype(np.float64) for d, q in (vectors, replaced)
    )
    for query in range(5):
        best = np.argsort(-before[query])[:100]
        one, other = before[query, best], after[query, best]
        shared = set(best[:10].tolist()) & set(np.argsort(-after[query])[:10].tolist())
        tau, rho, overlap = kept.to_numpy()[query]
        assert tau == pytest.approx(kendalltau(one, other).statistic)
        assert rho == pytest.approx(spearmanr(one, other).statistic)
        assert overlap == len(shared) / 10
        assert 0 < rho < 1


def test_correlations_at_their_ends() -> None:
    scores = np.linspace(0, 1, 20, dtype=np.float32)
    assert rank_correlations(scores, scores**3) == pytest.approx((1, 1))
    assert rank_correlations(scores, -scores) == pytest.approx((-1, -1))
    assert rank_correlations(scores, np.ones_like(scores)) == (0, 0)
    assert rank_correlations(scores[:1], scores[:1]) == (0, 0)


def test_nearest_directions_are_those_of_the_whole_product() -> None:
    W_dec = torch.randn(1300, 16, generator=torch.Generator().manual_seed(0))
    W_dec[7] = 3 * W_dec[1200]
    rows = (W_dec / W_dec.norm(dim=1, keepdim=True)).double().numpy()
    cosines = rows @ rows.T
    np.fill_diagonal(cosines, -2)
    found = decoder_similarities(W_dec)
    np.testing.assert_allclose(found, cosines.max(1), atol=1e-6)
    assert found[7] == found[1200] == pytest.approx(1)
    assert decoder_similarities(W_dec[:1]).tolist() == [0]


def _block(states: TokenStates, start: int, stop: int) -> TokenStates:
    offsets = states.states.offsets
    values = states.states.values[offsets[start] : offsets[stop]]
    return replace(
        states,
        states=Ragged(values, offsets[start : stop + 1] - offsets[start]),
        pooled=states.pooled[start:stop],
    )
