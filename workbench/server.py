"""The app behind its front door, as `workbench app` starts it: `streamlit run workbench/server.py -- STUDY ...`.

Streamlit finds `app` here and serves it; `server.allowedHosts` names the hosts that it answers.
"""

from __future__ import annotations

from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware

from data.permissions import may
from workbench.page.sharing.gate import Gate
from workbench.page.shell.history import History

app = st.App(
    Path(__file__).with_name("app.py"),
    middleware=[
        Middleware(Gate, hosts=st.get_option("server.allowedHosts"), uploads=may("open paths")),
        Middleware(History),
    ],
)
