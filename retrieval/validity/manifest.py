"""What a study's manifest has to say, and of which types."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

Count = Annotated[int, Field(ge=0)]


class Record(BaseModel):
    """Fields of exactly these types; others may stand beside them."""

    model_config = ConfigDict(strict=True, extra="allow")


class EncoderRecord(Record):
    config: dict[str, Any]
    fingerprint: str
    d_model: Annotated[int, Field(ge=1)]


class SaeRecord(Record):
    fingerprint: str
    n_latents: Annotated[int, Field(ge=1)]


class CollectionRecord(Record):
    name: str
    n_queries: Count


class Counts(Record):
    n_docs: Annotated[int, Field(ge=1)]
    n_tokens: Count


class Manifest(Record):
    """study.json, as far as the code relies on it."""

    format: int
    fingerprint: str
    encoder: EncoderRecord
    sae: SaeRecord
    collection: CollectionRecord
    counts: Counts
    pooling: Literal["sum", "max"]
    language: str = "english"
    files: dict[str, Annotated[list[str], Field(min_length=1, max_length=2)]] = {}


def manifest_error(manifest: Any) -> str | None:
    """What is wrong with a manifest, as the end of a sentence; None if nothing is."""
    try:
        Manifest.model_validate(manifest)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "the whole"
        return f"{place}: {first['msg'].lower()}, got {str(first['input'])[:60]!r}"
    return None
