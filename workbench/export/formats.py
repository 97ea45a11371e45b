"""The one list of formats that a study can be exported to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from data.errors import UserError
from data.files import new_folder, write_json
from data.progress import Progress
from retrieval.bm25 import Bm25Parameters
from retrieval.study import Study
from workbench.export.ciff import write_ciff
from workbench.export.impacts import Impacts, cost_of_integers, impacts_of
from workbench.export.jsonl import write_jsonl
from workbench.export.neuronpedia import write_neuronpedia
from workbench.export.parquet import write_parquet


@dataclass(frozen=True)
class Format:
    """name: as it is typed. what: reads it. write(study, impacts, folder, progress): its files.

    bits: of its integers where none are asked for, 0 for floats; needs_integers: whether it holds nothing else.
    """

    name: str
    what: str
    write: Callable[[Study, Impacts, Path, Progress | None], None]
    bits: int = 0
    needs_integers: bool = False


FORMATS = {
    one.name: one
    for one in (
        Format("jsonl", "Pyserini, Anserini, Seismic, scripts", write_jsonl),
        Format("parquet", "DuckDB, Polars, Spark, pandas", write_parquet),
        Format("neuronpedia", "Neuronpedia, SAEDashboard", write_neuronpedia),
        Format("ciff", "PISA, Lucene, Terrier", write_ciff, bits=8, needs_integers=True),
    )
}
RECORD = "export.json"


def export(
    study: Study,
    to: str,
    out: Path,
    parameters: Bm25Parameters | None = None,
    bits: int | None = None,
    progress: Progress | None = None,
) -> dict[str, object]:
    """Write a study into the folder `out`, whole or not at all; returns the record that it writes beside.

    The record says of which study, under which parameters, and what integers cost (`cost_of_integers`). An unknown
    format, bits that it cannot hold, or a folder with other files is a `UserError`.
    """
    form = FORMATS.get(to)
    if form is None:
        raise UserError(f'there is no export format "{to}": choose one of {", ".join(FORMATS)}')
    bits = form.bits if bits is None else bits
    if form.needs_integers and not bits:
        raise UserError(f"{to} holds integers alone: choose --bits 8 or --bits 16")
    if out.exists() and any(out.iterdir()) and not (out / RECORD).is_file():
        raise UserError(f"{out} holds files that are no export: choose another folder")
    impacts = impacts_of(study, parameters, bits)
    record = {
        "to": to,
        "study": study.name,
        "fingerprint": study.manifest["fingerprint"],
        "sae": study.manifest["sae"]["fingerprint"],
        "parameters": asdict(impacts.parameters),
        "bits": bits,
        "scale": impacts.scale,
        "n_docs": len(study.corpus),
        "n_latents": study.n_latents,
        **cost_of_integers(study, impacts),
    }
    with new_folder(out) as folder:
        form.write(study, impacts, folder, progress)
        write_json(folder / RECORD, record)
    return record
