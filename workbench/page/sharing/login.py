"""A login before every page, where Streamlit's own OpenID Connect is configured ([auth] in its secrets.toml).

Who may log in is the provider's to say. Secrets that are there and cannot be read admit nobody.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st
from streamlit.errors import StreamlitSecretNotFoundError

from workbench.markup import highlight

GENERAL = "client_id"  # in [auth] itself where there is one provider without a name


def admitted() -> bool:
    """Whether the visitor may see the app; a page that offers the login is drawn where not."""
    try:
        configured: Any = st.secrets.get("auth")
    except StreamlitSecretNotFoundError as error:
        if error.error_id == "no-secrets-found":
            return True
        st.html(highlight.calm("Nobody is let in", "The secrets.toml of this app cannot be read."))
        return False
    if configured is None:
        return True
    if st.user.get("is_logged_in", False):
        return True
    st.html(highlight.calm("Log in", "This app is for those whom its owner lets in."))
    for provider in providers(configured):
        st.button(f"Log in{f' with {provider}' if provider else ''}", on_click=st.login, args=(provider,))
    return False


def providers(configured: Mapping[str, Any]) -> list[str | None]:
    """Names of the providers of [auth], None for the one without a name."""
    named = [name for name, value in configured.items() if isinstance(value, Mapping) and GENERAL in value]
    return [None, *named] if GENERAL in configured else list(named)


def show_logout() -> None:
    """Who is logged in, and the button to log out; nothing where there is no login."""
    if st.user.get("is_logged_in", False):
        st.caption(f"Logged in as {st.user.get('email') or st.user.get('name') or 'reader'}")
        st.button("Log out", on_click=st.logout)
