"""What an address names and a study does not have: said, with choices, instead of another document's evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from retrieval.study import Study
from workbench.caches import cache
from workbench.markup.formats import count
from workbench.page import frame, links, selection
from workbench.page.sharing import offers
from workbench.page.shell import finders

N_CHOICES = 6
WITHOUT_STUDY = ("make", "train", "figures", "method", "how-to-read")
BY_ID = "id:"  # before the id of one of the collection's queries, in place of its text


@dataclass(frozen=True)
class NotFound:
    """title, sentence: what is missing. choices: (text, address) of what there is."""

    title: str
    sentence: str
    choices: tuple[tuple[str, str], ...] = ()


def study(page: links.Page, here: Mapping[str, str]) -> NotFound | None:
    """A study of a name that the app does not know; None where the page tells what is wrong, or needs no study."""
    name, known = here.get("study", ""), list(frame.studies())
    if not known and page.slug not in (*WITHOUT_STUDY, links.HOME):
        rows = (("Bring your own", links.href("make")),) if offers.may("start jobs") else ()
        return NotFound(
            "There is no study yet", "This page reads a study: make one of your own documents first.", rows
        )
    if not name or not known or name in known or page.slug in WITHOUT_STUDY:
        return None
    choices = tuple((f"Open {one}", links.href(page.slug, study=one)) for one in known)
    return NotFound(f'There is no study "{name}"', f"This app was started with {count(len(known))}.", choices)


def of(page: links.Page, key: cache.Key, study: Study, here: Mapping[str, str]) -> NotFound | None:
    """The first thing that the page reads from this selection and the study does not have; None if it has all."""
    if "q" in page.context and here.get("q", "").startswith(BY_ID):
        return query(page, study, here["q"].removeprefix(BY_ID))
    for name in ("doc", "other"):
        if here.get(name) and name in (*page.context, *page.keys) and here[name] not in study.position:
            return document(page, key, study, here, name)
    if "other" in page.keys and here.get("doc") and here.get("doc") == here.get("other"):
        again = "A and B are the same document: choose another for one of them."
        return NotFound("Nothing to compare", again, _instead(page, key, study, here, "other"))
    if here.get("latent") and "latent" in page.context and number_of(here["latent"], study.n_latents) is None:
        return latent(page, key, study, here["latent"])
    return None


def number_of(text: str, n_latents: int) -> int | None:
    """The latent that a text names; None for any other text, and for a number outside the SAE."""
    is_number = text.isascii() and text.isdigit() and len(text) < 10
    return int(text) if is_number and int(text) < n_latents else None


def query(page: links.Page, study: Study, identifier: str) -> NotFound:
    """No query of the collection has this id."""
    return NotFound(
        f'There is no query "{identifier}"',
        f"{study.name} has {count(len(study.queries))} queries of its own, none of this id. Take one of them, or "
        "type a query above.",
        tuple((text, frame.address(page.slug, q=text)) for text in finders.queries(study, "", N_CHOICES)),
    )


def document(page: links.Page, key: cache.Key, study: Study, here: Mapping[str, str], name: str) -> NotFound:
    """No document of the study has this id."""
    return NotFound(
        f'There is no document "{here[name]}"',
        f"None of the {count(len(study.corpus))} documents of {study.name} has this id.",
        _instead(page, key, study, here, name),
    )


def latent(page: links.Page, key: cache.Key, study: Study, text: str) -> NotFound:
    """The SAE has no such latent."""
    is_number = text.isascii() and text.removeprefix("-").isdigit()
    what = f"Latent {text} is outside this SAE" if is_number else f'"{text}" is no latent'
    found = ([] if is_number else finders.latents(key, text, N_CHOICES)) or finders.latents(
        key, "", N_CHOICES
    )
    choices = [(name, frame.address(page.slug, latent=one)) for one, name in found]
    if page.slug == "latent":
        choices.append(("The table of all latents", frame.address("latents", latent="")))
    else:
        choices.append(("Go on without a latent", frame.address(page.slug, latent="")))
    return NotFound(
        what,
        f"The latents of {study.name} have the numbers 0 to {count(study.n_latents - 1)}.",
        tuple(choices),
    )


def _instead(
    page: links.Page, key: cache.Key, study: Study, here: Mapping[str, str], name: str
) -> tuple[tuple[str, str], ...]:
    """Without the document, or another one: whose id or title is like it, or that the query finds."""
    wanted = here[name] if here[name] not in study.position else ""
    rows = finders.documents(key, study, wanted, "", N_CHOICES) if wanted else []
    if not rows:
        rows = finders.documents(key, study, "", here.get("q", ""), N_CHOICES) or finders.some(
            study, N_CHOICES
        )
    taken = {here.get("doc"), here.get("other")}
    choices = [
        (title, frame.address(page.slug, **{name: doc_id})) for doc_id, title in rows if doc_id not in taken
    ]
    return (("Go on without it", frame.address(page.slug, **{name: ""})), *choices)


def resolved(page: links.Page, study: Study) -> None:
    """A query that the address names by its id is that query's text from here on."""
    text = selection.current().get("q", "")
    if "q" not in page.context or not text.startswith(BY_ID):
        return
    identifier = text.removeprefix(BY_ID)
    if identifier in study.queries.ids:
        selection.choose(q=study.queries.texts[list(study.queries.ids).index(identifier)])
