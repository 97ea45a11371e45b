"""A map of a study's latents: decoder directions laid out in two dimensions.

    PCA   u_j = W_dec_j / |W_dec_j|,  xy_j = (u_j - mean u) V_2      V_2: the two leading eigenvectors of cov(u)
    UMAP  McInnes, Healy & Melville 2018 on cosine distances, started from the PCA map, seeded

PCA is exact and there at once, and shows little: two axes of some hundreds. UMAP keeps some near latents near, says
nothing of distances between far ones, and takes a minute: `write_map` makes it once and keeps it in the study as
map.npy, float32 (n_latents, 2), and map.json: method, parameters, seed, versions, its SAE, and its quality.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from analyses.map_quality import map_quality
from analyses.neighbours import decoder_directions
from data.files import new_file, read_json, write_json
from retrieval.study import Study

Progress = Callable[[str, int, int], None]
ARRAY, CARD = "map.npy", "map.json"
N_NEIGHBOURS = 15  # UMAP's own choice; with 30, a quarter fewer neighbours were kept on the demo
MIN_DIST = 0.0  # with UMAP's 0.1, a quarter fewer too
PACKAGES = ("umap-learn", "pynndescent", "numba", "numpy", "scikit-learn")


@dataclass(frozen=True)
class LatentMap:
    """xy: float32 (n_latents, 2), without a unit. parameters: what it was made with, and its seed.

    quality: rows of `map_quality`, measured when the map was made; empty for PCA, which is made when asked.
    """

    xy: NDArray[np.float32]
    method: Literal["umap", "pca"]
    parameters: Mapping[str, Any] = field(default_factory=dict)
    quality: tuple[Mapping[str, Any], ...] = ()


def latent_map(study: Study) -> LatentMap:
    """The UMAP that is kept in the study where it is of this very SAE, else the PCA of its decoder directions."""
    return kept_map(study) or LatentMap(pca_map(decoder_directions(study)), "pca")


def kept_map(study: Study) -> LatentMap | None:
    """The map in the study's folder; None where there is none, or one of another SAE."""
    path = study.path / CARD
    if not path.is_file():
        return None
    card = read_json(path)
    if card.get("sae") != study.manifest["sae"]["fingerprint"]:
        return None
    xy = np.load(study.path / ARRAY, allow_pickle=False)
    parameters = {**card["parameters"], "seed": card["seed"], "versions": card["versions"]}
    return LatentMap(xy, card["method"], parameters, tuple(card["quality"]))


def write_map(study: Study, seed: int = 0, progress: Progress | None = None) -> LatentMap:
    """Make the UMAP of a study's latents and its quality, and keep both in its folder; about a minute."""
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
    """UMAP of the rows by cosine, from the positions `start` (n_latents, 2); the same seed gives the same map here.

    One thread, since several make it another map each time; across machines and versions it may differ.
    """
    from umap import UMAP  # twenty seconds to import

    layout = UMAP(
        n_neighbors=min(N_NEIGHBOURS, len(directions) - 1),
        min_dist=MIN_DIST,
        metric="cosine",
        init=start,
        random_state=seed,
        n_jobs=1,
    )
    return np.asarray(layout.fit_transform(directions), np.float32)
