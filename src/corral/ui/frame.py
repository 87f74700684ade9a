"""NiceGUI set up as a guest: no server, no storage, no files, no remote address."""

from __future__ import annotations

from pathlib import Path

from fastapi import FastAPI
from nicegui import ui

from corral.api.auth import Keys, ordinary_keys
from corral.api.servings import Servings
from corral.ui.key_form import KeyForm
from corral.ui.page import Page

STATIC = Path(__file__).parent / "static"
# How long a page whose connection broke is kept for its return, before it has to be loaded anew.
RECONNECT_S = 30.0
ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32" fill="none" stroke="#b4642d" '
    'stroke-width="3" stroke-linecap="round"><path d="M7 5v23M16 5v23M25 5v23M3 12h26M3 21h26"/></svg>'
)
# Vue compiles its templates in the browser, hence the two 'unsafe'. What matters here is that the browser
# refuses every address but this server's, and that links leave the chat where it is.
HEAD = """
<meta http-equiv="Content-Security-Policy" content="default-src 'self' 'unsafe-inline' 'unsafe-eval' data:;
object-src 'none'; form-action 'none'">
<meta name="referrer" content="no-referrer">
<base target="_blank">
"""


def make_frame(servings: Servings) -> FastAPI:
    """Return the application around NiceGUI, with the page at `/`. Its lifespan is the caller's to run."""
    keys, admins = ordinary_keys(servings.settings.server), Keys(servings.settings.server.admin_keys)

    def enter(key: str) -> None:
        caller = keys.caller(key) or ""
        Page(servings.seen_by(caller), admins, caller=caller, is_admin=admins.caller(key) is not None)

    def build() -> None:
        if keys:
            KeyForm(keys, enter)
        else:
            Page(servings, admins)

    ui.add_head_html(HEAD, shared=True)
    ui.add_css(STATIC / "page.css", shared=True)
    ui.page("/")(build)
    frame = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    ui.run_with(
        frame,
        title="Corral",
        favicon=ICON,
        dark=None,
        language="en-US",
        binding_refresh_interval=None,
        reconnect_timeout=RECONNECT_S,
        tailwind=False,
        show_welcome_message=False,
    )
    return frame
