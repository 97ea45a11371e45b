"""Response times of the pages on latents and words: in Python alone, on the screen, and right after a start.

    python benchmarks/dictionary.py artifacts/studies/docstrings [--rounds 9] [--only server screen cold] [--json]

server  the page's own code, in this process, once warm: from the selection to the elements that are sent
screen  from an act in the browser to a page at rest (`clock`), once warm; the Method page computes nothing
cold    from the address to a page at rest, in an app just started, without the browser's own start

Latents are drawn with a fixed seed among the active ones, each opened for the first time; texts of 200 words are
made of the study's documents, each read for the first time.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from urllib.parse import urlencode

import numpy as np
from clock import as_table, come_to_rest, follow, summary, until_rest, visit
from page_code import prepare, run_page, wait_for_background

from retrieval.study import Study
from workbench.page.browser import headless, open_page, running_app, settle

N_WORDS = 200
PAGES = ("method", "latents", "latent", "word", "your-text", "types", "map")
Times = dict[str, list[float]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("study", type=Path)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--only", nargs="+", choices=["server", "screen", "cold"])
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    study = Study.open(arguments.study)
    results: dict[str, Times] = {}
    for name, measure in (("server", server_times), ("screen", screen_times), ("cold", cold_times)):
        if name in (arguments.only or (name,)):
            results[name] = measure(study, arguments.rounds)
    if arguments.json:
        size = {"n_docs": len(study.corpus), "n_latents": study.n_latents}
        print(json.dumps({**size, **{name: summary(times) for name, times in results.items()}}, indent=2))
        return
    print(f"{study.name}: {len(study.corpus):,} documents, {study.n_latents:,} latents")
    for name, times in results.items():
        print(f"\n{as_table(times, name)}")


def drawn_latents(study: Study) -> Iterator[int]:
    """Latents that are active in the study, in a seeded order."""
    active = np.flatnonzero(np.diff(study.contexts.ptr) > 0)
    return iter(np.random.default_rng(0).permutation(active).tolist())


def drawn_texts(study: Study) -> Iterator[str]:
    """Texts of N_WORDS words, made of documents in a seeded order."""
    words: list[str] = []
    for document in np.random.default_rng(0).permutation(len(study.corpus)):
        words += study.corpus.texts[int(document)].split()
        while len(words) >= N_WORDS:
            yield " ".join(words[:N_WORDS])
            words = words[N_WORDS:]


def drawn_words(study: Study) -> Iterator[str]:
    """Words that occur ten times or more, in a seeded order."""
    from analyses.text.word_table import word_table

    table = word_table(study)
    frequent = np.flatnonzero(np.diff(table.ptr) >= 10)
    words = (table.words[int(i)] for i in np.random.default_rng(0).permutation(frequent))
    return (word for word in words if word.isalpha())


def server_times(study: Study, rounds: int) -> Times:
    """Milliseconds of each page's code (`page_code`)."""
    prepare(study.path)
    times: Times = {}
    latents, texts, words = drawn_latents(study), drawn_texts(study), drawn_words(study)
    acts: dict[str, Callable[[], float]] = {
        "Method, which computes nothing": lambda: run_page("method"),
        "Latent, one never opened": lambda: run_page("latent", latent=next(latents)),
        "Latents": lambda: run_page("latents"),
        "Latents, labels with “a”": lambda: run_page("latents", find="a"),
        "Word, one never looked up": lambda: run_page("word", word=next(words)),
        f"Your text, {N_WORDS} words never read": lambda: run_page("your-text", text=next(texts)),
        "Types": lambda: run_page("types"),
        "Map": lambda: run_page("map", latent=next(latents)),
    }
    run_page("latent", latent=next(latents))
    wait_for_background()
    for action, act in acts.items():
        act()
        times[action] = [act() for _ in range(rounds)]
    encode: list[float] = []
    for _ in range(rounds):
        text, start = next(texts), time.perf_counter()
        study.encode(text, "document")
        encode.append(1000 * (time.perf_counter() - start))
    times[f"(encoder and SAE alone, {N_WORDS} words)"] = encode
    return times


def screen_times(study: Study, rounds: int) -> Times:
    """Milliseconds from a click, or the last key, to the last change on screen."""
    times: Times = {}
    latents, texts, words = drawn_latents(study), drawn_texts(study), drawn_words(study)
    with running_app([study.path]) as address, headless() as browser:
        page = browser.new_page()
        page.set_default_timeout(120_000)
        for name in PAGES:
            open_page(page, f"{address}/{name}")
            come_to_rest(page)
        open_page(
            page, f"{address}/your-text?{urlencode({'text': next(texts)})}"
        )  # the encoder too is warm now

        def measure(action: str, before: str, act: Callable[[], float]) -> None:
            for turn in range(rounds + 1):
                page.evaluate(visit(before))
                come_to_rest(page)
                rest = act()
                if turn:
                    times.setdefault(action, []).append(rest)

        def enter_text(how: str) -> float:
            box = page.locator("textarea[aria-label=text]").element_handle()
            entered = f"new InputEvent('input', {{inputType: {how!r}}})"
            act = f"handle.value = {json.dumps(next(texts))}; handle.dispatchEvent({entered})"
            return until_rest(page, act, box)

        def find() -> float:
            box = page.get_by_label("Find", exact=True)
            box.fill(next(words)[:3])
            act = "handle.dispatchEvent(new KeyboardEvent('keydown', {key: 'Enter', bubbles: true}))"
            return until_rest(page, act, box.element_handle())

        def to(name: str) -> Callable[[], float]:
            return lambda: until_rest(page, visit(name))

        def to_latent() -> float:
            return until_rest(page, follow(f"latent?latent={next(latents)}"))

        measure("Method, which computes nothing", "how-to-read", to("method"))
        measure("Latent, one never opened, from another", "latent", to_latent)
        measure("Latent, one never opened, from another page", "method", to_latent)
        measure("Latents", "method", to("latents"))
        measure("Latents, find a label", "latents", find)
        measure(
            "Word, one never looked up",
            "method",
            lambda: until_rest(page, follow(f"word?word={next(words)}")),
        )
        for what, how in (("pasted", "insertFromPaste"), ("from the last key", "insertText")):
            measure(f"Your text, {N_WORDS} words, {what}", "your-text", partial(enter_text, how))
        measure("Types", "method", to("types"))
        measure("Map", "method", to("map"))
    return times


def cold_times(study: Study, rounds: int) -> Times:
    """Milliseconds of a page opened as the first one of an app just started; at most three rounds."""
    times: Times = {}
    with headless() as browser:
        for name in PAGES * min(rounds, 3):
            with running_app([study.path]) as address:
                page = browser.new_page()
                page.set_default_timeout(120_000)
                start = time.perf_counter()
                open_page(page, f"{address}/{name}")
                settle(page)
                times.setdefault(name, []).append(1000 * (time.perf_counter() - start))
                page.close()
    return times


if __name__ == "__main__":
    main()
