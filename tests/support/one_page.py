"""One page of the app by itself, run by Streamlit's own harness without a browser."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest


def opened(page: str, **address: str) -> AppTest:
    """The page of that slug at this address, run once without an error."""

    def script(page: str) -> None:
        from workbench.page import links, selection
        from workbench.page.shell import whole_page

        selection.arrive(page)
        whole_page.show(links.PAGES[page], whole_page.opened())

    app = AppTest.from_function(script, default_timeout=120, kwargs={"page": page})
    for key, value in address.items():
        app.query_params[key] = value
    app.run()
    assert not app.exception
    assert "This page failed" not in html_of(app)
    return app


def html_of(app: AppTest) -> str:
    """All that the page puts out as HTML."""
    return " ".join(element.proto.body for element in app.get("html"))


def buttons(app: AppTest) -> list[str]:
    """The names of the page's own buttons; every page can be pinned."""
    return [button.label for button in app.button if button.key != "pin"]
