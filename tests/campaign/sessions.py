"""Many readers at once, and many pages one after another: no page fails, and the server's memory stays flat."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import ground
import psutil
from trial import Trial, copied

TABS, SECONDS = 20, 120
RUNS, ROUNDS = 500, 3  # page loads; rounds over every page that come before, which load code and fill caches
MOST_GROWTH = 1.10  # of memory, beyond the most of these rounds


def trials(sound: Path, chance: random.Random) -> Iterator[Callable[[], Trial]]:
    """Tabs that read for two minutes; then page after page."""
    yield lambda: _visited(sound, chance, TABS, SECONDS, 10**9)
    yield lambda: _visited(sound, chance, 1, 3600, RUNS)


def _visited(sound: Path, chance: random.Random, n_tabs: int, seconds: float, n_loads: int) -> Trial:
    from workbench.contents import CONTENTS
    from workbench.page.browser import chromium, headless, running_app, settle

    what = f"{n_tabs} tabs for {seconds} s" if n_tabs > 1 else f"{n_loads} pages"
    if chromium() is None:
        return Trial(what, "clear", "no browser")
    slugs = [entry.slug for entry in CONTENTS if entry.title and entry.slug not in ("train",)]
    facts = ground.facts(sound)
    failed: list[str] = []
    memory: list[int] = []
    with copied(sound) as place, running_app([place / "study"]) as address, headless() as context:
        server = _server_of(address)
        tabs = [context.new_page() for _ in range(n_tabs)]

        def load(tab: Any, slug: str) -> None:
            latent = chance.randrange(100)
            query = chance.choice(("documents", "latents carry", facts["query"]))
            tab.goto(f"{address}/{slug}?study=study&q={query}&latent={latent}")

        for slug in slugs * ROUNDS:
            load(tabs[0], slug)
            settle(tabs[0])
            memory.append(server.memory_info().rss)
        until, loads = time.monotonic() + seconds, 0
        while time.monotonic() < until and loads < n_loads:
            tab, slug = tabs[loads % n_tabs], chance.choice(slugs)
            load(tab, slug)
            tab.wait_for_timeout(20 if n_tabs > 1 else 400)
            if "This page failed" in tab.content():
                failed.append(slug)
            loads += 1
            memory.append(server.memory_info().rss)
    warm = max(memory[: len(slugs) * ROUNDS])
    growth = memory[-1] / warm
    said = f"{loads} loads, {memory[0] >> 20} MB, {warm >> 20} MB when warm, {memory[-1] >> 20} MB at the end"
    if failed:
        return Trial(what, "fault", f"{sorted(set(failed))} failed; {said}")
    return Trial(what, "same" if growth <= MOST_GROWTH else "fault", said)


def _server_of(address: str) -> psutil.Process:
    port = int(address.rpartition(":")[2])
    listening = (each for each in psutil.net_connections("tcp") if each.status == "LISTEN" and each.laddr)
    pids = [each.pid for each in listening if each.laddr.port == port]
    return psutil.Process(pids[0])
