"""A map of a study's latents: decoder directions laid out in two dimensions.

    PCA   u_j = W_dec_j / |W_dec_j|,  xy_j = (u_j - mean u) V_2      V_2: the two leading eigenvectors of cov(u)
    UMAP  McInnes, Healy & Melville 2018 on cosine distances, started from the PCA map, seeded

PCA is exact and fast, and shows two of some hundreds of axes. UMAP keeps a part of the neighbourhoods, has no
meaningful distances between far latents, and takes a minute: `write_map` makes the map once and keeps it in
the study as map.npy, float32 (n_latents, 2), and map.json: method, parameters, seed, versions, its SAE, and
its quality.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.metadata import version
from types import ModuleType
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from analyses.latents.map_quality import map_quality
from analyses.latents.neighbours import decoder_directions
from data.arrays import map_array
from data.files import new_file, read_json_object, write_json
from data.progress import Progress
from retrieval.study import Study

ARRAY, CARD = "map.npy", "map.json"
N_NEIGHBOURS = 15  # UMAP's own choice; with 30, a quarter fewer neighbours were kept on the demo
MIN_DIST = 0.0  # with UMAP's 0.1, a quarter fewer too
PACKAGES = ("umap-learn", "pynndescent", "numba", "numpy", "scikit-learn")


@dataclass(frozen=True)
class LatentMap:
    """xy: float32 (n_latents, 2), without a unit. parameters: of the method, with its seed and versions.

    quality: rows of `map_quality`, measured when the map was made; empty for PCA, which is computed on demand.
    """

    xy: NDArray[np.float32]
    method: Literal["umap", "pca"]
    parameters: Mapping[str, Any] = field(default_factory=dict)
    quality: tuple[Mapping[str, Any], ...] = ()


def latent_map(study: Study) -> LatentMap:
    """The study's kept UMAP if it is of the same SAE, else the PCA of the decoder directions."""
    return kept_map(study) or LatentMap(pca_map(decoder_directions(study)), "pca")


def kept_map(study: Study) -> LatentMap | None:
    """The map in the study's folder; None if missing or of another SAE."""
    path = study.path / CARD
    if not path.is_file():
        return None
    card = read_json_object(path)
    if card.get("sae") != study.manifest["sae"]["fingerprint"]:
        return None
    xy = map_array(study.path / ARRAY, ("<f4", "<f8"), (study.n_latents, 2))
    parameters = {**card["parameters"], "seed": card["seed"], "versions": card["versions"]}
    return LatentMap(xy, card["method"], parameters, tuple(card["quality"]))


def write_map(study: Study, seed: int = 0, progress: Progress | None = None) -> LatentMap:
    """Compute the UMAP of a study's latents and its quality, and keep both in the study; about a minute."""
    report = progress or (lambda stage, done, total: None)
    directions = decoder_directions(study)
    report("Lay the latents out", 0, 1)
    pca = pca_map(directions)
    xy = umap_map(directions, pca, seed)
    report("Lay the latents out", 1, 1)
    report("Judge the map", 0, 1)
    quality = map_quality(directions, {"umap": xy, "pca": pca}, seed)
    (study.path / CARD).unlink(missing_ok=True)  # the card comes last: no card, no map
    with new_file(study.path / ARRAY) as temporary, temporary.open("wb") as file:
        np.save(file, xy, allow_pickle=False)
    write_json(
        study.path / CARD,
        {
            "method": "umap",
            "parameters": {
                "metric": "cosine",
                "n_neighbors": min(N_NEIGHBOURS, len(xy) - 1),
                "min_dist": MIN_DIST,
                "init": "pca",
            },
            "seed": seed,
            "versions": {package: version(package) for package in PACKAGES},
            "sae": study.manifest["sae"]["fingerprint"],
            "quality": quality.to_dict("records"),
        },
    )
    report("Judge the map", 1, 1)
    kept = kept_map(study)
    assert kept is not None
    return kept


def pca_map(directions: NDArray[np.float32]) -> NDArray[np.float32]:
    """The rows' first two principal components, float32 (n_latents, 2); an axis points to its largest weight."""
    centred = directions - directions.mean(axis=0, dtype=np.float64).astype(np.float32)
    _, vectors = np.linalg.eigh((centred.T @ centred).astype(np.float64))
    axes = vectors[:, :-3:-1]
    signs = np.sign(np.take_along_axis(axes, np.abs(axes).argmax(axis=0)[None], axis=0))
    return np.asarray(centred @ (axes * signs), np.float32)


def umap_map(directions: NDArray[np.float32], start: NDArray[np.float32], seed: int) -> NDArray[np.float32]:
    """UMAP of the rows by cosine, from the positions `start` (n_latents, 2); float32 (n_latents, 2).

    On one thread the same seed gives the same map; across machines and versions maps may differ.
    """
    from umap import UMAP, layouts, umap_, utils  # twenty seconds to import the first time

    _keep_compiled(layouts, umap_, utils)
    layout = UMAP(
        n_neighbors=min(N_NEIGHBOURS, len(directions) - 1),
        min_dist=MIN_DIST,
        metric="cosine",
        init=start,
        random_state=seed,
        n_jobs=1,
    )
    return np.asarray(layout.fit_transform(directions), np.float32)


def _keep_compiled(*modules: ModuleType) -> None:
    """Have numba keep the functions of modules on disk; umap-learn would compile these anew in every process."""
    from numba.core.dispatcher import Dispatcher

    for function in (member for module in modules for member in vars(module).values()):
        if isinstance(function, Dispatcher):
            with suppress(RuntimeError):  # no folder for them can be written
                function.enable_caching()
