"""The sections of the page Why on what systems read: a picture, a table whose statistics explain themselves."""

from __future__ import annotations

import re
import shutil
from html import unescape

import pytest
from streamlit.testing.v1 import AppTest

from analyses.why import axioms, k1, known_truth, pairs
from analyses.why.reading.synthetic import Setting
from one_page import html_of
from retrieval.study import Study
from workbench.markup import glossary

THINGS = {"edit", "system", "documents", "axiom", "measure", "of", "n"}


def section(name: str, study: Study, answer: object) -> AppTest:
    """The section drawn by Streamlit's own harness."""

    def script(name: str, study, answer) -> None:  # type: ignore[no-untyped-def]  # runs by itself
        from importlib import import_module

        import_module(f"workbench.views.why.{name}").show(study, answer)

    app = AppTest.from_function(
        script, default_timeout=60, kwargs={"name": name, "study": study, "answer": answer}
    )
    app.run()
    assert not app.exception
    return app


@pytest.fixture(scope="module")
def answers(tiny_study: Study, tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    copied = tmp_path_factory.mktemp("copied") / "tiny"
    shutil.copytree(tiny_study.path, copied)
    study = Study.open(copied)
    pairs.write_pairs(study, n_documents=6)
    small = Setting(n_directions=40, d_model=32, n_documents=100, n_tokens=30, n_queries=20)
    return {
        "pairs": pairs.read_pairs(study),
        "k1": k1.k1_curve_of(study),
        "axioms": axioms.axiom_agreement(study, n_queries=20),
        "known_truth": known_truth.known_truth(small),
    }


@pytest.mark.parametrize("name", ["k1", "pairs", "axioms", "known_truth"])
def test_a_section_draws_its_picture_and_explains_its_statistics(
    tiny_study: Study, answers: dict[str, object], name: str
) -> None:
    app = section(name, tiny_study, answers[name])
    assert len(app.get("plotly_chart")) == 1
    headings = [unescape(one) for one in re.findall(r"<th(?: [^>]*)?>(.*?)</th>", html_of(app))]
    assert headings
    assert [one for one in headings if glossary.entry(one) is None and one not in THINGS] == []
    assert "nan" not in re.sub(r"<[^>]*>", " ", html_of(app)).lower().split()
