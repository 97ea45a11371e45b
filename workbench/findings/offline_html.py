"""All findings as one HTML file that opens offline and asks the network for nothing.

Pictures are inside as SVG images, and no script runs. Where no picture could be drawn, the file holds plotly's own
program, which draws the chart when the file is opened.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from retrieval.study import Study
from workbench import ASSETS
from workbench.findings.pictures import figure_of
from workbench.findings.printed import Printed
from workbench.markup.templates import Markup, render

STILL = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'"
LIVE = f"{STILL}; script-src 'unsafe-inline'; font-src data:"
ROWS, SHORT = 200, 12  # of a table; rows of one that is shown at once
DRAW = """for (const place of document.querySelectorAll("script[type='application/json']")) {
  const chart = JSON.parse(place.textContent);
  Plotly.newPlot(place.previousElementSibling, chart.data, chart.layout, {displayModeBar: false, responsive: true});
}"""


def offline_html(study: Study, some: Sequence[Printed]) -> str:
    """The file's text."""
    charts = {one.number: _script(one) for one in some if one.finding.chart and not one.finding.picture}
    return render(
        "findings",
        study=study.name,
        findings=some,
        charts=charts,
        plotly=Markup(_plotly()) if charts else "",
        draw=Markup(DRAW),
        style=Markup((ASSETS / "report.css").read_text(encoding="utf-8")),
        policy=Markup(LIVE if charts else STILL),
        rows=ROWS,
        short=SHORT,
    )


def _script(one: Printed) -> Markup:
    """The chart as JSON in which nothing ends a script."""
    text = json.dumps(json.loads(str(figure_of(one.finding.chart).to_json())))
    return Markup(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))


def _plotly() -> str:
    from plotly.offline import get_plotlyjs

    return str(get_plotlyjs()).replace("</script", "<\\/script")
