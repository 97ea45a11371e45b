"""Addresses inside the app: a page and its selection, in one URL that can be shared."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode, urlsplit

PAGES = (
    "overview",
    "train",
    "saes",
    "search",
    "above",
    "interventions",
    "carriers",
    "steer",
    "systems",
    "failures",
    "limit",
    "latent",
    "vocabulary",
    "word",
    "text",
    "types",
    "map",
    "laws",
    "growth",
    "head",
    "length",
    "meaning",
    "shift",
    "method",
    "numbers",
)


def href(page: str, **selection: object) -> str:
    """The address of a page with a selection; values that are None are left out."""
    chosen = {key: str(value) for key, value in selection.items() if value is not None}
    return f"{page}?{urlencode(chosen)}"


def parse(address: str) -> tuple[str, dict[str, str]] | None:
    """Page and selection of an address that `href` made; None for any other text."""
    parts = urlsplit(address)
    if parts.scheme or parts.netloc or parts.path not in PAGES:
        return None
    return parts.path, dict(parse_qsl(parts.query))
