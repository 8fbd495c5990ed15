"""A voice as a service: the page, the APIs that other software already speaks, and Wyoming.

    from tacotron.serve import Settings, create_app, serve

    serve(Settings(voices=("heart",), port=9000))  # what `tacotron serve` does
    app = create_app(Settings())                   # or an ASGI application for a server of yours

Needs the extra ``[serve]``. Names are loaded when they are first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tacotron.serve.app import create_app
    from tacotron.serve.server import serve
    from tacotron.serve.settings import Settings

__all__ = ["Settings", "create_app", "serve"]

_MODULES = {"Settings": "settings", "create_app": "app", "serve": "server"}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
