"""What the documentation site adds to docs/: pages made from the project itself, so that nothing is written twice.

index.md, contributing.md, changelog.md, security.md    the files of that name at the top level
commands.md                                              every verb's own help
numbers.md                                               the glossary of the app's tooltips
notebooks/*.md                                           the notebooks, without running them
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files

TOP = Path(__file__).resolve().parent.parent
PAGES = {name: f"{name.lower()}.md" for name in ("CONTRIBUTING", "CHANGELOG", "SECURITY")} | {
    "README": "index.md"
}
LINK = re.compile(r"\[([^\]]*)\]\(([^)#:]+)(#[^)]*)?\)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the made pages."""
    from mkdocs.structure.files import File

    for address, text in made_pages():
        files.append(File.generated(config, address, content=text))
    return files


def on_page_markdown(markdown: str, page: Any, config: MkDocsConfig, files: Files) -> str:
    """Links to files outside docs/ lead to their pages here, or are the file's name where there is none."""
    return within_site(markdown, Path(page.file.src_uri).parent)


def made_pages() -> Iterator[tuple[str, str]]:
    """Address and Markdown of every page that is made."""
    for name, address in PAGES.items():
        text = (TOP / f"{name}.md").read_text(encoding="utf-8")
        yield address, LINK.sub(_from_the_top, text)
    yield "commands.md", "\n\n".join(commands())
    yield "numbers.md", "\n\n".join(numbers())
    for notebook in sorted((TOP / "docs" / "notebooks").glob("*.ipynb")):
        yield f"notebooks/{notebook.stem}.md", "\n\n".join(cells(notebook))


def commands() -> Iterator[str]:
    """The help of every verb, as `workbench VERB --help` has it."""
    import typer
    from typer.main import get_command

    from workbench.verbs.registry import VERBS

    yield "# Commands\n\nEvery verb's own help. `workbench VERB --help` prints the same."
    for verb in VERBS:
        app = typer.Typer(add_completion=False)
        app.command(verb.name)(verb.run)
        command = get_command(app)
        yield f"## {verb.name}"
        yield _dedented(command.help or "")
        rows = [_option(one) for one in command.params if one.name != "help"]
        yield "| | |\n| --- | --- |\n" + "\n".join(rows) if rows else ""


def numbers() -> Iterator[str]:
    """The glossary, section by section."""
    from workbench.markup.glossary import SECTIONS

    yield "# How to read every number\n\nThe same lines are the tooltips of the app."
    for section, entries in SECTIONS.items():
        yield f"## {section}"
        for entry in entries:
            formula = f"\n:   `{entry.formula}`" if entry.formula else ""
            yield f"**{_cell(entry.name)}**\n:   {_cell(entry.meaning)}{formula}"


def cells(notebook: Path) -> Iterator[str]:
    """A notebook's text and code."""
    for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]:
        source = "".join(cell["source"]).rstrip()
        yield source if cell["cell_type"] == "markdown" else f"```python\n{source}\n```"
    yield f"The notebook itself is `docs/notebooks/{notebook.name}`; a test runs every cell of it."


def within_site(markdown: str, folder: Path) -> str:
    """`on_page_markdown` for a page in `folder` of docs/."""

    def moved(match: re.Match[str]) -> str:
        label, target, anchor = match[1], match[2], match[3] or ""
        path = (TOP / "docs" / folder / target).resolve()
        if path.is_relative_to(TOP / "docs") or not path.exists():
            return match[0]
        page = PAGES.get(path.stem) if path.parent == TOP and path.suffix == ".md" else None
        up = "../" * len(folder.parts)
        return f"[{label}]({up}{page}{anchor})" if page else f"{label} (`{path.relative_to(TOP)}`)"

    return LINK.sub(moved, markdown)


def _from_the_top(match: re.Match[str]) -> str:
    """A link of a file at the top level, as it is from docs/."""
    label, target, anchor = match[1], match[2], match[3] or ""
    path = TOP / target
    if path.is_dir():
        return f"{label} (`{target}`)"
    return (
        f"[{label}]({target.removeprefix('docs/')}{anchor})"
        if target.startswith("docs/")
        else (f"[{label}]({PAGES[path.stem]}{anchor})" if path.stem in PAGES else f"{label} (`{target}`)")
    )


def _option(option: Any) -> str:
    names = ", ".join(f"`{name}`" for name in (*option.opts, *option.secondary_opts))
    if option.param_type_name == "argument":
        names = f"`{(option.metavar or option.name).upper()}`"
    needed = " Required." if option.required else ""
    default = option.default
    shown = default is not None and not callable(default) and default not in (False, "", ())
    usual = f" Default: `{default}`." if shown else ""
    return f"| {names} | {_cell(getattr(option, 'help', None) or '')}{needed}{usual} |"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")


def _dedented(text: str) -> str:
    return re.sub(r"(?m)^ +", "", text)
