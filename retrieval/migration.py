"""Migrate studies of format 1 to format 2 by renaming files; nothing is encoded or computed again.

Format 1 has each vocabulary in a place of its own; format 2 has all in vocabularies/<name>/. Every step can be
repeated, and the manifest is written last: an interrupted migration continues at the next opening. A file that
format 1 does not know stays where it is.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from data.errors import UserError
from data.files import write_json
from data.permissions import require_writable
from retrieval.vocabularies import CONTROLS, LATENTS, LEARNED_SPARSE, STEMS, WORDPIECES, WORDS

OLD_FORMAT, FORMAT = 1, 2
LEXICAL_TERMS = "vocabulary.json"  # of format 1, in lexical/


def migrate(study: Path, manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Migrate the study at `study` to FORMAT; returns its new manifest. A read-only folder raises a `UserError`."""
    try:
        require_writable(study)
        for old, new in _renamed(study):
            if os.path.lexists(old):
                new.parent.mkdir(parents=True, exist_ok=True)
                os.replace(old, new)
        for emptied in (study / "lexical", study / "learned_sparse" / "index", study / "learned_sparse"):
            if emptied.is_dir() and not any(emptied.iterdir()):
                emptied.rmdir()
        migrated = {**manifest, "format": FORMAT}
        write_json(study / "study.json", migrated)
    except OSError as error:
        raise UserError(
            f"{study} is of study format {manifest['format']} and has to be brought to format {FORMAT} once, but "
            f"its folder cannot be written ({error.strerror or error}): make the folder writable, or copy it"
        ) from None
    return migrated


def _renamed(study: Path) -> Iterator[tuple[Path, Path]]:
    """(path in format 1, path in format 2) of each file that moves."""
    latents, stems = LATENTS.folder(study), STEMS.folder(study)
    for name in ("indptr.npy", "documents.npy", "document_lengths.npy", "index.json"):
        yield study / "index" / name, latents / "index" / name
        yield study / "lexical" / name, stems / "index" / name
    yield study / "index" / "mass.npy", latents / "index" / "counts.npy"
    yield study / "lexical" / "mass.npy", stems / "index" / "counts.npy"
    yield study / "lexical" / LEXICAL_TERMS, stems / "terms.json"
    yield study / "query_counts.npz", latents / "queries.npz"
    learned = LEARNED_SPARSE.folder(study)
    for name in ("indptr.npy", "documents.npy", "document_lengths.npy", "index.json"):
        yield study / "learned_sparse" / "index" / name, learned / "index" / name
    yield study / "learned_sparse" / "index" / "mass.npy", learned / "index" / "counts.npy"
    for name in ("queries.npz", "terms.json", "model.json"):
        yield study / "learned_sparse" / name, learned / name
    for control in CONTROLS:
        yield study / f"counted_{control.name}.parquet", control.folder(study) / "documents.parquet"
        yield study / f"counted_queries_{control.name}.parquet", control.folder(study) / "queries.parquet"
    for kind in (LATENTS, WORDS, WORDPIECES):
        yield study / f"counted_queries_{kind.name}.parquet", kind.folder(study) / "queries.parquet"
