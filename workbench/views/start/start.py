"""Start: what is this, and what should one ask first? One example on the study at hand, with its numbers."""

from __future__ import annotations

import streamlit as st

from analyses.attribution.worked_example import WorkedExample
from retrieval.study import Study
from workbench import ASSETS
from workbench.caches import cache
from workbench.caches import ranking as cached_ranking
from workbench.jobs.artifacts import artifacts
from workbench.making.defaults import DEMO
from workbench.markup import highlight
from workbench.markup.formats import count, percent
from workbench.markup.shell import example as example_html
from workbench.markup.shell.road import RoadNumbers, road_svg
from workbench.page import frame
from workbench.page.sharing import offers
from workbench.page.work import offer as job_offer

PICTURE = st.components.v2.component(
    "road",
    html="<figure></figure>",
    css=(ASSETS / "road.css").read_text(encoding="utf-8"),
    js=(ASSETS / "road.js").read_text(encoding="utf-8"),
)
SENTENCES = (
    "A dense retriever turns a text into token states, which nobody can read. A sparse autoencoder (SAE) describes "
    "each state by a few of many latents, and a text's latents, counted like words, can be ranked by plain BM25. "
    "This workbench shows what each latent encodes, which latents give a document its rank, and how far that "
    "holds: every effect stands beside its control."
)
NO_STUDY = "Bring documents of your own, or have one made of the docstrings of the installed Python packages."
N_CHIPS, N_BARS, LONGEST = 8, 8, 80


def page() -> None:
    frame.heading(
        "Latent terms", "The vocabulary inside a dense retriever: what is it, and what should one ask first?"
    )
    st.html(highlight.lead(SENTENCES))
    if not frame.studies():
        st.html(highlight.calm("No study yet", NO_STUDY if offers.may("start jobs") else ""))
        show_doors(None)
        offer_demo()
        return
    key, study = frame.opened()
    example = cached_ranking.worked_example(key)
    show_road(key, example)
    if example is None:
        st.html(
            highlight.calm(
                "No example yet", f"No query tried finds two documents of {study.name}. Ask one of your own."
            )
        )
    else:
        show_example(key, study, example)
    show_doors(study)


def offer_demo() -> None:
    """The job that makes the demo's study, where there is none."""
    study, table = artifacts().resolve() / "studies" / DEMO.text, DEMO
    job_offer.offer(
        [
            *("make", table.text, "--out", str(study), "--max-length", str(table.max_length)),
            *("--tokens", table.tokens, "--epochs", str(table.epochs), "--queries", "500"),
        ],
        f"Make {DEMO.text}",
        "Make the demo",
        "The demo: docstrings, a small encoder, an SAE trained on them, and the study of it.",
        seconds=600,
    )


def show_road(key: cache.Key, example: WorkedExample | None) -> None:
    """The picture of the road, with the numbers of one document."""
    road = cached_ranking.road(key)
    if road is None:
        return
    scores = () if example is None else example.pair.scores
    numbers = RoadNumbers(
        road.n_tokens,
        road.d_model,
        road.per_token,
        road.n_latents,
        road.n_active,
        road.length,
        road.weights,
        scores,
    )
    PICTURE(key="road", data={"svg": road_svg(numbers)})


def show_example(key: cache.Key, study: Study, example: WorkedExample) -> None:
    """Why is A above B? Four steps, each with a link to the page that shows more."""
    pair, names = example.pair, cache.labels(key)
    first, second = (_title(study, doc_id) for doc_id in (pair.first, pair.second))
    chosen = {"q": pair.query, "doc": pair.first, "other": pair.second}
    asked = "a query of this collection" if example.is_own else "the first sentence of a document, as a query"
    st.html(highlight.subheading("One example: why is A above B?"))
    st.html(example_html.example(pair.query, asked, (first, second)))
    strongest = example.latents.head(N_CHIPS)
    largest = float(strongest["strength"].max()) or 1.0
    chips = "".join(
        highlight.chip(
            names.get(row["latent"], ""),
            row["latent"],
            frame.address("latent", latent=row["latent"]),
            row["strength"] / largest,
            f"query term frequency × idf {row['strength']:.2f}",
        )
        for row in strongest.to_dict("records")
    )
    bars = [
        (
            names.get(row["latent"], ""),
            row["latent"],
            frame.address("latent", latent=row["latent"]),
            row["difference"],
        )
        for row in pair.breakdown.head(N_BARS).to_dict("records")
    ]
    rest = float(pair.breakdown["difference"].iloc[N_BARS:].sum())
    steps = (
        (
            "The query becomes latents",
            f"{count(len(example.latents))} latents; these can change a score most:",
            f'<div class="lt-chips">{chips}</div>',
            ("All results of this query", frame.address("search", q=pair.query)),
        ),
        (
            "Each document gets a score",
            _scores(example),
            "",
            ("The rankings of every system", frame.address("systems", q=pair.query)),
        ),
        (
            "The difference is a sum over latents",
            f"{pair.scores[0] - pair.scores[1]:+.2f} in all: the largest parts, and {rest:+.2f} from "
            f"{count(max(len(pair.breakdown) - N_BARS, 0))} others.",
            example_html.differences(bars),
            ("Both documents side by side", frame.address("compare-documents", **chosen)),
        ),
        ("Is it these latents? Remove some", _swap(example), "", _ablation(example)),
    )
    st.html(example_html.steps(steps))


def _scores(example: WorkedExample) -> str:
    """Scores and ranks by latents, and by the cosine where it is known."""
    pair = example.pair
    text = (
        f"By latent terms A scores {pair.scores[0]:.2f} (rank {pair.ranks[0]}) and B {pair.scores[1]:.2f} "
        f"(rank {pair.ranks[1]})."
    )
    if example.cosine_ranks:
        a, b = example.cosine_ranks
        text += (
            f" By the cosine of the encoder's own vectors A is at rank {count(a)} and B at rank {count(b)}."
        )
    if example.relevant and any(example.relevant):
        which = {(True, True): "Both are", (True, False): "A is", (False, True): "B is"}[example.relevant]
        text += f" {which} judged relevant."
    return text


def _swap(example: WorkedExample) -> str:
    """The smallest set that swaps the two, beside random sets."""
    swap, control = example.pair.swap, example.pair.control
    if swap is None or control is None:
        return "No set of latents does it: none favours B, so A stays ahead whichever are removed."
    n = len(swap.latents)
    return (
        f"Without {count(n)} of the {count(control.n_latents)} latents that either document has, B ranks above A. "
        f"Control: {percent(control.turned / control.n_draws)} of {count(control.n_draws)} random sets of as many "
        "latents do the same."
    )


def _ablation(example: WorkedExample) -> tuple[str, str]:
    """The link that removes the decisive latents, or the query's strongest."""
    swap = example.pair.swap
    latents = ",".join(map(str, swap.latents)) if swap else None
    preset = "chosen" if swap else None
    address = frame.address("ablation", q=example.pair.query, latents=latents, preset=preset)
    return "Remove them, and see the ranks", address


def show_doors(study: Study | None) -> None:
    """Ask, browse, bring your own; without a study, only the last."""
    own = (
        ("Bring your own", "Upload documents, and have an SAE trained and a study made of them.", "make")
        if offers.may("start jobs")
        else ("Bring a text", "Read any text of yours, token by token.", "your-text")
    )
    doors = [own]
    if study is not None:
        n_docs, n_latents = count(len(study.corpus)), count(study.n_latents)
        doors = [
            ("Ask", f"Type a query: which of {n_docs} documents do the latents find, and why?", "search"),
            ("Browse", f"{n_latents} latents as a table and as a map; open any of them.", "latents"),
            own,
        ]
    st.html(example_html.doors([(title, text, frame.address(page)) for title, text, page in doors]))


def _title(study: Study, doc_id: str) -> str:
    title = study.corpus.titles[study.position[doc_id]] or doc_id
    return title if len(title) <= LONGEST else title[: LONGEST - 1] + "…"
