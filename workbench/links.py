"""Addresses inside the app: a page and its selection, in one URL that can be shared."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode, urlsplit

# Group -> address of a page -> its title, in the order of the sidebar.
GROUPS = {
    "Study": {"overview": "Overview", "train": "Train", "saes": "SAEs"},
    "Ranking": {
        "search": "Search", "above": "A above B", "interventions": "Interventions", "carriers": "Carriers",
        "steer": "Steering", "systems": "Systems", "failures": "Failures", "limit": "LIMIT",
    },
    "Vocabulary": {
        "vocabulary": "Vocabulary", "latent": "Latent", "word": "Word", "text": "Your text", "types": "Types",
        "map": "Map", "laws": "Laws", "growth": "Growth", "head": "Head and tail",
        "length": "Length and repetition", "meaning": "Meaning", "shift": "Shift",
    },
    "Paper": {"figures": "Figures"},
    "Guide": {"method": "Method", "numbers": "How to read"},
}  # fmt: skip
PAGES = tuple(page for pages in GROUPS.values() for page in pages)


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
