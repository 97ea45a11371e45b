"""The clock of the benchmarks that drive the app: from an act in the browser to a page at rest.

At rest is the moment of the last change to the page's content, drawing included, after which nothing on the page is
stale, pending or changing. Changes inside a canvas do not count: a table's grid describes itself there for screen
readers, a while after its rows are drawn.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from workbench.page.browser import STILL, settle

QUIET_MS = 400
# The clock runs in the page: from the act to the last change of the page's content before a quiet while.
CLOCK = f"""([act, still, handle]) => new Promise(resolve => {{
  let last = null;
  const start = performance.now();
  const seen = change => !(change.target.closest ? change.target : change.target.parentElement)?.closest('canvas');
  const watch = new MutationObserver(changes => {{ if (changes.some(seen)) last = performance.now(); }});
  watch.observe(document.querySelector('[data-testid=stMain]'),
                {{subtree: true, childList: true, characterData: true, attributes: true}});
  eval(act);
  const look = () => {{
    const now = performance.now();
    const quiet = last !== null && now - last > {QUIET_MS} && eval(still);
    if (!quiet && now - start < 20000) return setTimeout(look, 20);
    watch.disconnect();
    resolve(quiet ? last - start : NaN);
  }};
  look();
}})"""


def until_rest(page: Any, act: str, handle: Any = None) -> float:
    """Milliseconds from `act` to a page at rest; NaN if the page is not at rest within 20 seconds.

    act: JavaScript, in which the variable `handle` is the element of the argument `handle`.
    """
    return float(page.evaluate(CLOCK, [act, STILL, handle]))


def click(selector: str) -> str:
    """The act of clicking the first element of a selector."""
    return f"document.querySelector({selector!r}).click()"


def follow(address: str) -> str:
    """The act of following a link inside the app."""
    return (
        "const link = document.createElement('a'); link.href = " + repr(address) + ";"
        " document.querySelector('[data-testid=stMain]').append(link); link.click(); link.remove()"
    )


def come_to_rest(page: Any) -> None:
    page.wait_for_timeout(500)  # the click has reached Python
    settle(page)


def visit(name: str) -> str:
    """The act of going to a page as the sidebar and the tabs do."""
    return follow(f"{name}?")


def summary(times: Mapping[str, Sequence[float]]) -> dict[str, dict[str, int]]:
    """action -> its median, fastest and slowest, in milliseconds."""
    return {
        action: {
            "median_ms": round(statistics.median(values)),
            "fastest_ms": round(min(values)),
            "slowest_ms": round(max(values)),
        }
        for action, values in times.items()
    }


def as_table(times: Mapping[str, Sequence[float]], heading: str) -> str:
    """A Markdown table of `summary`."""
    lines = [f"| {heading} | median, ms | fastest, ms | slowest, ms |", "| --- | ---: | ---: | ---: |"]
    for action, row in summary(times).items():
        lines.append(f"| {action} | {row['median_ms']} | {row['fastest_ms']} | {row['slowest_ms']} |")
    return "\n".join(lines)
