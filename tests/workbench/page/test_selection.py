"""The selection: the URL wins, the rest travels, and what lost its meaning is dropped."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from workbench.markup.formats import count, duration, number, percent
from workbench.page.links import FORMER, PAGES, href, parse
from workbench.page.selection import CONTEXT, KEYS, OF_EVERY_PAGE, arrived, changed, merged, written


@given(
    st.sampled_from(sorted(PAGES)),
    st.dictionaries(st.sampled_from(["q", "doc", "latent"]), st.text(min_size=1)),
)
def test_an_address_is_read_back(page: str, chosen: dict[str, str]) -> None:
    assert parse(href(page, **chosen)) == (page, chosen)


def test_an_old_address_is_the_page_that_it_leads_to() -> None:
    for former, page in FORMER.items():
        assert former not in PAGES
        assert parse(href(former, q="a b", latent=3)) == (page, {"q": "a b", "latent": "3"})


def test_only_inside_addresses_are_followed() -> None:
    for address in (
        "https://example.org/search?q=1",
        "//example.org/search?q=1",
        "javascript:alert(1)",
        "other?q=1",
    ):
        assert parse(address) is None


def test_the_url_wins_and_the_rest_travels() -> None:
    assert merged({"q": "old", "latent": "3"}, {"latent": "5"}) == {"q": "old", "latent": "5"}


def test_a_new_query_drops_the_old_document() -> None:
    assert merged({"q": "old", "doc": "d"}, {"q": "new"}) == {"q": "new"}
    assert merged({"q": "old", "doc": "d"}, {"q": "new", "doc": "e"}) == {"q": "new", "doc": "e"}
    assert merged({"q": "same", "doc": "d"}, {"q": "same"}) == {"q": "same", "doc": "d"}


def test_another_study_drops_what_belonged_to_the_last() -> None:
    assert merged({"study": "a", "q": "x", "latent": "3"}, {"study": "b"}) == {"study": "b"}


def test_unknown_keys_are_not_taken_up() -> None:
    assert merged({}, {"embed": "true", "q": "x"}) == {"q": "x"}


def test_removing_a_query_removes_its_document() -> None:
    assert changed({"q": "x", "doc": "d", "idf": "lucene"}, {"q": ""}) == {"idf": "lucene"}
    assert changed({"idf": "lucene", "q": "x"}, {"idf": None}) == {"q": "x"}


def test_back_to_an_address_without_a_choice_takes_the_choice_away() -> None:
    kept = {"study": "s", "q": "x", "doc": "d", "other": "e", "find": "a"}
    assert arrived(kept, {"study": "s"}, "search") == {"study": "s", "find": "a"}
    assert arrived(kept, {"study": "s", "q": "x"}, "search") == {
        "study": "s",
        "q": "x",
        "other": "e",
        "find": "a",
    }
    assert arrived(kept, {"study": "s", "q": "x"}, "latents") == {"study": "s", "q": "x", "other": "e"}


@given(
    st.sampled_from(sorted(PAGES)),
    st.dictionaries(st.sampled_from(KEYS), st.text(min_size=1)),
    st.dictionaries(st.sampled_from(KEYS), st.text(min_size=1)),
)
def test_what_a_page_writes_is_what_it_reads_back(
    page: str, kept: dict[str, str], chosen: dict[str, str]
) -> None:
    """Leaving an address and coming back to it changes nothing that its page shows."""
    address = written(page, chosen)
    assert set(address) <= {*CONTEXT, *OF_EVERY_PAGE, *PAGES[page].keys}
    assert written(page, arrived(chosen, address, page)) == address
    assert written(page, arrived(kept, address, page)) == address


def test_the_address_of_a_page_leaves_out_what_only_others_read() -> None:
    everything = dict.fromkeys(KEYS, "1")
    assert set(written("map", everything)) == {*CONTEXT, *OF_EVERY_PAGE, "colour", "rule"}
    assert list(written("search", {"part": "text", "doc": "d", "q": "x", "study": "s"})) == [
        "study",
        "q",
        "doc",
        "part",
    ]


def test_numbers() -> None:
    assert (count(6975), count(1_050_000)) == ("6,975", "1.05 million")
    assert (percent(0.1234), percent(1.0), percent(0.00012)) == ("12.3%", "100%", "0.012%")
    assert (number(0.01234), number(23.456), number(1234.5)) == ("0.0123", "23.5", "1,234")
    assert (duration(41), duration(250), duration(3900)) == ("41 s", "4 min 10 s", "1 h 05 min")
