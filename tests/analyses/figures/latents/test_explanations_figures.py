"""Detection, drawn: every measure that there is stands beside its control, with its interval."""

from __future__ import annotations

import pytest

from analyses.figures.latents.explanations import detection_figure
from analyses.labels.explanations import Detection, Explanation


def test_each_measure_stands_where_it_is_beside_its_control() -> None:
    each = Explanation(1, "m", "1", "text", 0.0, 0, 16, Detection(20, 15, 5), 2, "other", Detection(20, 0, 0))
    table = each.measures().set_index(["of", "measure"])
    own, control = detection_figure(each.measures()).data
    assert own.x.tolist() == [0.75, 0.75, 0.75]
    assert control.x.tolist() == [0.0, 0.5]  # nothing was said to fire: no precision
    for trace, name in ((own, "explanation"), (control, "control")):
        ends = zip(trace.x, trace.error_x.arrayminus, trace.error_x.array, trace.customdata, strict=True)
        for x, minus, plus, (measure, *_) in ends:
            assert x - minus == pytest.approx(table.loc[(name, measure), "low"])
            assert x + plus == pytest.approx(table.loc[(name, measure), "high"])
        assert 0 <= min(trace.x - trace.error_x.arrayminus) <= max(trace.x + trace.error_x.array) <= 1 + 1e-12
    rows = {round(y) for y in (*own.y, *control.y)}
    assert rows == {0, 1, 2}
    assert not set(own.y) & set(control.y)
