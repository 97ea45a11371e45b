"""A login, where one is configured, stands before every page; what cannot be read admits nobody."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from one_page import html_of
from workbench.page.sharing.login import providers

AUTH = {"redirect_uri": "https://lab.example.org/oauth2callback", "cookie_secret": "c" * 32}
ONE = {"client_id": "i", "client_secret": "s", "server_metadata_url": "https://login.example.org/x"}


def page() -> None:
    import streamlit as st

    from workbench.page.sharing import login

    if not login.admitted():
        st.stop()
    st.html("inside")


def run(secrets: dict[str, object]) -> AppTest:
    app = AppTest.from_function(page)
    for name, value in secrets.items():
        app.secrets[name] = value
    return app.run()


def test_without_a_login_everyone_is_in() -> None:
    assert "inside" in html_of(run({}))
    assert "inside" in html_of(run({"database": {"host": "x"}}))


def test_with_a_login_nobody_is_in_who_is_not_logged_in() -> None:
    app = run({"auth": {**AUTH, **ONE}})
    assert [button.label for button in app.button] == ["Log in"]
    assert "inside" not in html_of(app)
    app = run({"auth": {**AUTH, "lab": ONE, "google": ONE}})
    assert [button.label for button in app.button] == ["Log in with lab", "Log in with google"]
    assert "inside" not in html_of(app)


def test_secrets_that_cannot_be_read_admit_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".streamlit").mkdir()
    (tmp_path / ".streamlit" / "secrets.toml").write_text("[auth\nclient_id = ")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("streamlit.config._main_script_path", str(tmp_path / "app.py"))
    app = AppTest.from_function(page).run()
    assert "inside" not in html_of(app)
    assert "cannot be read" in html_of(app)


def test_an_auth_section_without_a_provider_admits_nobody() -> None:
    assert providers(AUTH) == []
    assert "inside" not in html_of(run({"auth": AUTH}))
