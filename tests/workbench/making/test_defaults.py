"""Whoever trains takes what is not said from one table."""

from __future__ import annotations

import inspect
from dataclasses import MISSING, fields
from typing import Any

import pytest

from data.encoder_config import EncoderConfig
from data.pretraining_config import PretrainConfig
from sae.train_config import TrainConfig
from workbench.making.defaults import DEFAULTS, DEMO, SWEEP, TrainingDefaults
from workbench.making.demo import DemoRecipe
from workbench.making.parsing import parse_count, parse_layer
from workbench.making.recipe import Recipe
from workbench.paper.config import SaeRecipe
from workbench.verbs.make import import_sae, index, make, pretrain, sweep_layers, train

NAMES = {  # of the table's fields, where an option or a recipe has another name
    "latents": "n_latents",
    "batch": "batch_size",
    "learning_rate": "peak_learning_rate",
    "collection": "text",
}


def defaults_of(verb: Any) -> dict[str, Any]:
    parameters = inspect.signature(verb.run).parameters.values()
    return {each.name: each.default for each in parameters if each.default is not each.empty}


def check(defaults: dict[str, Any], table: TrainingDefaults) -> None:
    """Every default that the table has a field for is the table's."""
    for name, value in defaults.items():
        field = NAMES.get(name, name)
        if value is not None and hasattr(table, field):
            assert value == getattr(table, field), name


@pytest.mark.parametrize(
    ("verb", "table"),
    [(train, DEFAULTS), (make, DEFAULTS), (sweep_layers, SWEEP), (index, DEFAULTS), (import_sae, DEFAULTS)],
)
def test_verbs_take_the_tables_defaults(verb: Any, table: TrainingDefaults) -> None:
    check(defaults_of(verb), table)


def test_recipes_take_the_tables_defaults() -> None:
    for kind, table in ((Recipe, DEFAULTS), (SaeRecipe, DEFAULTS)):
        optional = [field for field in fields(kind) if field.default not in (MISSING, "")]
        check({field.name: field.default for field in optional}, table)
    demo = DemoRecipe()
    assert demo.tokens == DEMO.n_tokens
    check({name: value for name, value in vars(demo).items() if name not in ("tokens", "queries")}, DEMO)


def test_the_table_is_the_configurations_own_defaults() -> None:
    config = TrainConfig(DEFAULTS.n_tokens)
    for name, value in vars(config).items():
        if hasattr(DEFAULTS, name):
            assert value == getattr(DEFAULTS, name), name
    encoder = EncoderConfig()
    assert (encoder.model, encoder.max_length) == (DEFAULTS.encoder, DEFAULTS.max_length)
    assert encoder.layer == parse_layer(DEFAULTS.layer)
    assert Recipe().train_config == config
    assert SaeRecipe("name", "text", 1, DEFAULTS.n_tokens).train_config(DEFAULTS.seed) == config


def test_the_tables_are_what_they_were() -> None:
    """A kept SAE and a demo are found again only while these stand."""
    assert (DEFAULTS.tokens, DEFAULTS.epochs, SWEEP.tokens) == ("6M", 3, "3M")
    assert vars(DemoRecipe()) == {
        "collection": "docstrings",
        "encoder": "minilm",
        "architecture": "topk",
        "n_latents": 8192,
        "k": 16,
        "max_length": 192,
        "tokens": 3_000_000,
        "epochs": 2,
        "seed": 0,
        "queries": 2000,
    }


def test_pretraining_has_one_table_too() -> None:
    defaults = defaults_of(pretrain)
    assert parse_count(defaults["tokens"]) == PretrainConfig.tokens
    assert defaults["batch"] == PretrainConfig.batch_size
    for name in ("max_length", "learning_rate", "seed"):
        assert defaults[name] == getattr(PretrainConfig, name)
