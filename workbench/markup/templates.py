"""HTML from templates: `assets/*.html.j2`, in which Jinja2 escapes every value but `Markup`."""

from __future__ import annotations

import html
from functools import cache
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from data.visible import visible
from workbench import ASSETS
from workbench.markup import glossary

__all__ = ["Markup", "escape", "render", "visible"]


def escape(text: str) -> str:
    """A text as HTML that shows it, control characters as their pictures."""
    return html.escape(visible(text))


_ENVIRONMENT = Environment(
    loader=FileSystemLoader(ASSETS),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_ENVIRONMENT.filters |= {"visible": visible, "tooltip": glossary.tooltip}


@cache
def _template(name: str) -> Template:
    return _ENVIRONMENT.get_template(f"{name}.html.j2")


def render(name: str, **values: Any) -> str:
    """The HTML of a template; `Markup` marks a value as HTML."""
    return _template(name).render(**values)
