"""A corpus that means harm: through index, verbs that read, pages in a real browser, report, cards, exports.

Scripts, formulas, escape sequences, overrides of direction, markup of terminals and of mathematics, a line of many
megabytes, ids that are paths or hold white space, and many tiny documents.
"""

from __future__ import annotations

import csv
import json
import random
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import forked
import ground
from trial import INTERNAL, Trial, copied

TRAP = "window.__trapped = true"
TEXTS = (
    f"<script>{TRAP}</script> <img src=x onerror='{TRAP}'> harmless latents",
    '=HYPERLINK("http://evil.example","open") +1 @SUM(A1) latents',
    "\x1b]0;title\x07\x1b[2J\x1b[31mred\x1b[0m \x9b31m documents",
    "\u202egnp.exe\u202c \u2066isolated\u2069 \u200bzero width ranking",
    "[bold red]markup[/] [link=http://evil.example]x[/link] $\\href{javascript:" + TRAP + "}{x}$",
    f"[x](javascript:{TRAP}) ![x](http://127.0.0.1:9/pixel.png) <iframe src='http://127.0.0.1:9/'></iframe>",
    "{{7*7}} {% raw %} ${7*7} %s %n %(x)s {0} documents",
    "\ufeff\ufffe\x00\x0b\x1c control",
)
IDS = ("../../x", "a b\tc", "=1+1", "\x1b[31mid", "<b>id</b>", "\u202edi", "%2e%2e", "x" * 500)
LONG_LINE = 10_000_000
UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
FORMULA = re.compile(r"^[=+@\t\r].|^-(?!\d|\.).", re.DOTALL)  # a sign alone calculates nothing

READS = (
    "search {study} {query}",
    "search {study} {query} --json",
    "explain {study} {query} {first}",
    "explain {study} {query} {first} --pairs --json",
    "compare-documents {study} {query} {first} {second_document}",
    "latent {study} {latent}",
    "latents {study} --where latents",
    "latent-table {study} --out out/latents.csv",
    "length {study} --csv out/length.csv",
    "polysemy {study} --csv out/polysemy.csv",
    "latent {study} {latent} --html out/latent.html",
    "evaluate {study} --runs out/runs",
    "failures {study}",
    "laws {study}",
    "notes {study} --set {latent} --label {script} --json",
    "notes {study}",
    "collection {collection}",
)


def write_corpus(folder: Path, chance: random.Random, n_tiny: int) -> None:
    """A collection in BEIR's layout with every text under every id, one very long line, and tiny documents."""
    words = [f"word{number}" for number in range(300)]

    def prose() -> str:
        return " ".join(chance.choices(words, k=30))

    documents = [
        {
            "_id": f"{identifier}{number}",
            "title": TEXTS[(number + 3) % len(TEXTS)],
            "text": f"{text} {prose()}",
        }
        for number, text in enumerate(TEXTS)
        for identifier in IDS
    ]
    documents.append({"_id": "long", "title": "y" * 100_000, "text": "latents " + "z" * LONG_LINE})
    documents += [
        {"_id": f"t{number}", "title": "", "text": chance.choice(words)} for number in range(n_tiny)
    ]
    folder.mkdir()
    lines = (json.dumps(document) for document in documents)
    (folder / "corpus.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    queries = [{"_id": f"q{number} {IDS[number]}", "text": text} for number, text in enumerate(TEXTS)]
    (folder / "queries.jsonl").write_text("\n".join(map(json.dumps, queries)) + "\n", encoding="utf-8")
    judged = [f"{query['_id']}\t{documents[number]['_id']}\t1" for number, query in enumerate(queries)]
    (folder / "qrels").mkdir()
    rows = "\n".join(row for row in judged if row.count("\t") == 2)
    (folder / "qrels" / "test.tsv").write_text(f"query-id\tcorpus-id\tscore\n{rows}\n", encoding="utf-8")


def trials(sound: Path, chance: random.Random) -> Iterator[Callable[[], Trial]]:
    """Index the corpus, then each verb that reads; then every page of the app, if there is a browser."""
    made: dict[str, Any] = {}
    yield lambda: _indexed(sound, chance, made)
    for line in READS:
        yield lambda line=line: _read(line, made)
    yield lambda: _paged(made)


def _indexed(sound: Path, chance: random.Random, made: dict[str, Any]) -> Trial:
    folder = sound / "hostile"
    folder.mkdir()
    write_corpus(folder / "collection", chance, 2000)
    line = ["index", "--sae", str(sound / "sae"), "--collection", "collection", "--out", "study", "--quick"]
    ended = forked.run(line, folder, environment=ground.environment(sound))
    if ended.status != 0:
        return Trial("index", _kind(ended), ended.err[-300:])
    (folder / "out").mkdir()
    made["folder"] = folder
    values = {"query": TEXTS[0], "first": f"{IDS[0]}0", "second_document": f"{IDS[3]}0", "latent": "22"}
    made["values"] = {
        **values,
        "study": "study",
        "collection": "collection",
        "script": f"<script>{TRAP}</script>",
    }
    return Trial("index", "fault" if UNPRINTABLE.search(ended.out + ended.err) else "same", "index")


def _read(line: str, made: dict[str, Any]) -> Trial:
    """The verb does it or says one sentence; nothing that a terminal or a sheet would obey comes out."""
    if "folder" not in made:
        return Trial(line, "fault", "there is no study")
    argv = [word.format(**made["values"]) for word in line.split(" ")]
    folder = made["folder"]
    ended = forked.run(argv, folder, environment=ground.environment(folder.parent))
    if (kind := _kind(ended)) not in ("same", "clear"):
        return Trial(line, kind, ended.err[-300:])
    if found := UNPRINTABLE.search(ended.out + re.sub(r"\r", "", ended.err)):
        return Trial(line, "fault", f"{found.group()!r} reaches the terminal")
    for path in (folder / "out").glob("*.csv"):
        with path.open(encoding="utf-8-sig", newline="") as file:
            cells = [cell for row in csv.reader(file) for cell in row]
        if found_cells := [cell for cell in cells if FORMULA.match(cell)]:
            return Trial(line, "fault", f"{path.name} holds {found_cells[0][:40]!r}")
    for path in (folder / "out").glob("*.html"):
        if f"<script>{TRAP}" in path.read_text(encoding="utf-8"):
            return Trial(line, "fault", f"{path.name} holds a script of the corpus")
    return Trial(line, kind)


def _paged(made: dict[str, Any]) -> Trial:
    """No page runs, loads or fails on what the corpus says."""
    from workbench.contents import CONTENTS
    from workbench.page.browser import chromium, headless, running_app

    if chromium() is None:
        return Trial("pages", "clear", "no browser")
    folder, values = made["folder"], made["values"]
    failed = []
    with copied(folder) as place, running_app([place / "study"]) as address, headless() as context:
        asked: list[str] = []
        context.on("request", lambda request: asked.append(request.url))
        for entry in CONTENTS:
            if not entry.title:
                continue
            page = context.new_page()
            query = f"query={values['query']}&doc={values['first']}&latent=22"
            page.goto(f"{address}/{entry.slug}?study=study&{query}")
            page.wait_for_timeout(4000)
            if page.evaluate("window.__trapped === true") or "This page failed" in page.content():
                failed.append(entry.slug)
            page.close()
        outside = [url for url in asked if not url.startswith((address, "data:", "blob:"))]
    if failed or outside:
        return Trial("pages", "fault", f"pages {failed}, requests {outside[:3]}")
    return Trial("pages", "same")


def _kind(ended: forked.Ended) -> str:
    if ended.status is None or ended.status < 0:
        return "hang" if ended.status is None else "crash"
    if any(word in ended.err for word in INTERNAL):
        return "fault"
    return "clear" if ended.status else "same"
