"""Studies of unusual inputs: texts without tokens, other scripts, encoders that are elsewhere or differ."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from data.corpus import Collection, Corpus, Queries
from data.encoder_match import difference
from data.encoders import Encoder, EncoderConfig
from data.errors import UserError
from data.reading import ENCODERS
from retrieval.pipeline import build_study, check_encoder
from retrieval.study import Study
from sae.checkpoint import save_autoencoder
from sae.model import SparseAutoencoder
from sae.train import TrainConfig
from single_vector_folder import model_folder
from workbench.jobs.progress import StageProgress
from workbench.making.stages import read_autoencoder
from workbench.making.training import train_autoencoder

pytestmark = pytest.mark.slow
Made = tuple[Path, Encoder, SparseAutoencoder]
TEXTS = [
    "cells repair dna",
    "the signal of an array",
    "read text from a file",
    "compute the value of a matrix",
]


def collection(texts: Sequence[str], queries: Sequence[str] = ("cells", "file")) -> Collection:
    ids = [f"d{number}" for number in range(len(texts))]
    names = [f"q{number}" for number in range(len(queries))]
    grades = {name: {ids[0]: 1} for name in names}
    return Collection("small", Corpus(ids, texts, [""] * len(ids)), Queries(names, queries), grades)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """A folder `models` with an encoder that adds no special tokens, and an SAE of it."""
    folder = tmp_path_factory.mktemp("real")
    model = model_folder(folder / "models" / "words")
    known = {word: index for index, word in enumerate(["[UNK]", *dict.fromkeys(" ".join(TEXTS).split())])}
    tokenizer = Tokenizer(models.WordLevel(known, "[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, unk_token="[UNK]").save_pretrained(model)
    encoder = Encoder.load(EncoderConfig(str(model), device="cpu"))
    with pytest.MonkeyPatch.context() as patch, StageProgress() as progress:
        patch.setenv("WORKBENCH_ARTIFACTS", str(folder / "artifacts"))
        config = TrainConfig(n_latents=32, k=4, n_tokens=1000, batch_size=128)
        sae = train_autoencoder(collection(TEXTS * 20), encoder, config, 4, folder / "sae", progress)
    return folder, encoder, sae


@pytest.fixture(scope="module")
def study(made: Made) -> Study:
    folder, encoder, sae = made
    return build_study(collection(TEXTS), encoder, sae, folder / "studies" / "plain")


def test_texts_without_a_token_are_counted_and_break_nothing(made: Made, tmp_path: Path) -> None:
    _, encoder, sae = made
    texts = ["", " ", *TEXTS]
    built = build_study(collection(texts, ("cells", "")), encoder, sae, tmp_path / "study")
    assert built.manifest["collection"]["problems"] == {
        "document without a token": 2,
        "query without a latent": 1,
    }
    assert built.search("cells repair")["doc_id"].tolist()[0] == "d2"
    assert len(built.search("")) == 0
    silent = build_study(
        collection(["", ""] * 600 + TEXTS), encoder, sae, tmp_path / "silent"
    )  # a block of nothing
    assert silent.search("cells repair")["doc_id"].tolist()[0] == "d1200"


def test_an_empty_baseline_and_the_language_are_said(made: Made, study: Study, tmp_path: Path) -> None:
    _, encoder, sae = made
    assert (study.manifest["warnings"], study.manifest["language"]) == ([], "english")
    marks = build_study(
        collection([*TEXTS[:1], "? !", "a = b", "→"], ("?",)), encoder, sae, tmp_path / "marks"
    )
    assert [warning.partition(" have no")[0] for warning in marks.manifest["warnings"]] == [
        "the lexical baseline is nearly empty: 3 of 4 documents",
        "the lexical baseline is nearly empty: 1 of 1 queries",
    ]
    german = build_study(
        collection(["die Häuser", "ein Haus"], ("Haus",)),
        encoder,
        sae,
        tmp_path / "german",
        language="german",
    )
    assert german.stems.terms.labels == ("die", "ein", "haus")
    assert len(german.search("häuser", system="bm25")) == 2
    assert german.manifest["fingerprint"] != study.manifest["fingerprint"]
    with pytest.raises(UserError, match="no stemmer for 'klingon'"):
        build_study(collection(TEXTS), encoder, sae, tmp_path / "klingon", language="klingon")


def test_a_study_that_moved_with_its_encoder_opens(made: Made, study: Study, tmp_path: Path) -> None:
    folder, _, _ = made
    expected = study.search("cells repair")
    shutil.copytree(folder / "studies", tmp_path / "new" / "studies")
    shutil.move(folder / "models", tmp_path / "new" / "models")
    try:
        moved = Study.open(tmp_path / "new" / "studies" / "plain")
        assert moved.search("cells repair").equals(expected)
        shutil.copytree(tmp_path / "new" / "studies", tmp_path / "alone")
        alone = Study.open(tmp_path / "alone" / "plain")
        with pytest.raises(
            UserError, match=r"was the folder .*/models/words, which is not there: .*WORKBENCH_ENCODERS"
        ):
            alone.search("cells repair")
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv(ENCODERS, str(tmp_path / "new" / "models"))
            assert alone.search("cells repair").equals(expected)
    finally:
        shutil.move(tmp_path / "new" / "models", folder / "models")


def test_a_relative_record_of_before_is_found_from_any_folder(
    made: Made, study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, _, _ = made
    monkeypatch.chdir(tmp_path)
    encoder = {
        **study.manifest["encoder"],
        "config": {**study.manifest["encoder"]["config"], "model": "models/words"},
    }
    older = Study(study.path, {**study.manifest, "encoder": encoder})
    assert older.encoder.config.model == str(folder / "models" / "words")


@pytest.mark.parametrize(
    ("changes", "fields", "message"),
    [
        ({"precision": "bfloat16"}, {"fingerprint": "0"}, "with precision 'bfloat16', got 'float32'"),
        ({"query_prefix": "query: "}, {}, "with query_prefix 'query: ', got '': set it by --query-prefix"),
        ({"layer": 3}, {"d_model": 16}, "with layer 3, got None: set it by --layer"),
        ({}, {"d_model": 16}, "on states of width 16, got 32"),
        (
            {},
            {"fingerprint": "0", "rules": {"lower_case": True}},
            "on texts in lower case, got .* as they stand",
        ),
        (
            {"model": "other"},
            {"fingerprint": "0"},
            "on other with weights 0, got .*models/words with weights",
        ),
    ],
)
def test_a_refusal_says_what_differs(
    made: Made, changes: dict[str, Any], fields: dict[str, Any], message: str
) -> None:
    _, encoder, sae = made
    described = encoder.describe()
    trained = {**described, **fields, "config": {**described["config"], **changes}}
    assert difference(described, described) is None
    with pytest.raises(UserError, match=f"was trained {message}"):
        check_encoder(replace(sae, trained_on={"encoder": trained}), encoder)


def test_a_study_that_nobody_may_write_opens_and_ranks(made: Made, study: Study, tmp_path: Path) -> None:
    shutil.copytree(study.path, tmp_path / "kept")
    places = [tmp_path / "kept", *(tmp_path / "kept").rglob("*")]
    for place in places:
        place.chmod(0o555 if place.is_dir() else 0o444)
    try:
        opened = Study.open(tmp_path / "kept")
        assert opened.search("cells repair").equals(study.search("cells repair"))
        assert opened.search("cells", system="bm25").equals(study.search("cells", system="bm25"))
    finally:
        for place in places:
            place.chmod(0o755)


def test_an_encoder_that_is_given_reads_as_the_sae_records(made: Made, tmp_path: Path) -> None:
    _, encoder, sae = made
    described = encoder.describe()
    config = {**described["config"], "query_prefix": "signal ", "max_length": 9}
    save_autoencoder(replace(sae, trained_on={"encoder": {**described, "config": config}}), tmp_path / "sae")
    given = EncoderConfig(encoder.config.model, device="cpu")
    _, reader = read_autoencoder(tmp_path / "sae", given)
    assert (reader.config.query_prefix, reader.config.max_length) == ("signal ", 9)
    with pytest.raises(
        UserError, match="says itself that it was trained with query_prefix 'signal ', got 'text '"
    ):
        read_autoencoder(tmp_path / "sae", replace(given, query_prefix="text "))
