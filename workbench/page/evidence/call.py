"""How the numbers of a view are had without the app: as Python, and as a command where a verb gives them.

    call(study, "analyses.attribution.score_breakdown.explain", query(text), "doc 7", Bm25Parameters(idf="lucene"),
         then=".breakdown", command=verb("explain", study, text, "doc 7", idf="lucene"))

spells a script that opens the study and leaves the DataFrame `table`. Functions are named, so that a page that says
its call imports nothing for it; a test runs every one.
"""

from __future__ import annotations

import shlex
from dataclasses import MISSING, dataclass, fields, is_dataclass
from typing import Any

from data.permissions import may
from retrieval.study import Study


@dataclass(frozen=True)
class Call:
    """python: a script that leaves `table`. command: a line for a shell, "" where no verb gives these numbers."""

    python: str
    command: str = ""


@dataclass(frozen=True)
class Written:
    """An argument as code, and the names it needs: (module, name)."""

    code: str
    needs: frozenset[tuple[str, str]] = frozenset()


def call(
    study: Study, function: str | Written, *arguments: Any, then: str = "", command: str = "", **named: Any
) -> Call:
    """The call of a function, or an expression; then: what is taken of its result, such as `.latents`.

    study: the one that the script opens; it is also the first argument.
    """
    whole = function if isinstance(function, Written) else inner(function, study, *arguments, **named)
    needs = sorted(whole.needs | {("retrieval.study", "Study")})
    by_module: dict[str, list[str]] = {}
    for module, name in needs:
        by_module.setdefault(module, []).append(name)
    imports = [f"from {module} import {', '.join(names)}" for module, names in by_module.items()]
    lines = [*imports, "", f"study = Study.open({where(study)!r})", f"table = {whole.code}{then}"]
    return Call("\n".join(lines) + "\n", command)


def inner(function: str, *arguments: Any, then: str = "", **named: Any) -> Written:
    """A call as an argument of another call; function: its module and name, with dots."""
    module, _, name = function.rpartition(".")
    written = [*map(spelled, arguments)]
    by_name = {name: spelled(value) for name, value in named.items()}
    code = ", ".join(
        [*(one.code for one in written), *(f"{name}={one.code}" for name, one in by_name.items())]
    )
    needs = frozenset({(module, name)}).union(*(one.needs for one in (*written, *by_name.values())))
    return Written(f"{name}({code}){then}", needs)


def query(text: str, kind: str = "query") -> Written:
    """A text that the study encodes."""
    return Written(f"study.encode({text!r}{'' if kind == 'query' else f', {kind!r}'})")


def spelled(value: Any) -> Written:
    """A value as code: a study by its name, plain values and dataclasses of them in full."""
    if isinstance(value, Written):
        return value
    if isinstance(value, Study):
        return Written("study")
    if isinstance(value, list | tuple):
        parts = [spelled(one) for one in value]
        opening, closing = "[]" if isinstance(value, list) else ("(", ",)" if len(parts) == 1 else ")")
        needs = frozenset[tuple[str, str]]().union(*(part.needs for part in parts))
        return Written(f"{opening}{', '.join(part.code for part in parts)}{closing}", needs)
    if is_dataclass(value) and not isinstance(value, type):
        kind = type(value)
        given = [one for one in fields(value) if _differs(getattr(value, one.name), one)]
        named = {one.name: getattr(value, one.name) for one in given}
        return inner(f"{kind.__module__}.{kind.__qualname__}", **named)
    if value is None or isinstance(value, str | int | float | bool):
        return Written(repr(value))
    raise TypeError(f"expected a study, a plain value or a dataclass, got {type(value).__name__}")


def verb(name: str, study: Study, *arguments: object, json: bool = True, **options: object) -> str:
    """A line for a shell. options: name -> value; True is a bare option, None and False are left out."""
    words = ["workbench", name, where(study)]
    late = [str(argument) for argument in arguments]
    after = ["--", *late] if any(word.startswith("-") for word in late) else []
    words += [] if after else late
    for option, value in ({"json": True} | options if json else options).items():
        flag = f"--{option.replace('_', '-')}"
        if value is True:
            words.append(flag)
        elif value is not None and value is not False:
            text = f"{value:g}" if isinstance(value, float) else str(value)
            words += [f"{flag}={text}"] if text.startswith("-") else [flag, text]
    return shlex.join(words + after)


def where(study: Study) -> str:
    """The study's path as the app was given it; its name alone where the app is shared with readers."""
    return str(study.path) if may("open paths") else study.path.name


def _differs(value: Any, one: Any) -> bool:
    if one.default is not MISSING:
        return bool(value != one.default)
    return True
