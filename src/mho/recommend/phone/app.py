"""The folder: a page, its program and its worker, the catalogue."""

from __future__ import annotations

import hashlib
import html
import json
import os
from importlib.resources import files
from pathlib import Path
from string import Template

from mho.data import replacing
from mho.recommend.phone.catalogue import Catalogue

__all__ = ["write_app"]

_AS_THEY_ARE = (
    "app.js",
    "catalogue.js",
    "icon.svg",
    "items.js",
    "memory.js",
    "nnls.js",
    "style.css",
    "text.js",
    "visitor.js",
)


def write_app(folder: str | os.PathLike[str], catalogue: Catalogue, *, name: str = "Recommendations") -> int:
    """Write a web app that needs no server but one for static files, and after the first visit none.

    Parameters
    ----------
    folder : path
        Made if it is not there; files of an earlier app in it are replaced.
    catalogue : Catalogue
        What is recommended.
    name : str
        Heading of the page and name on the home screen.

    Returns
    -------
    int
        Bytes of all files together.

    Raises
    ------
    ValueError, OSError
        The folder cannot be written to.
    """
    name = " ".join(name.split())
    if not name:
        raise ValueError("name must not be empty")
    contents = {file: _asset(file) for file in _AS_THEY_ARE}
    contents["index.html"] = Template(_asset("index.html").decode()).substitute(name=html.escape(name)).encode()
    contents["manifest.webmanifest"] = _manifest(name)
    contents["catalogue.bin"] = catalogue.packed()
    contents["worker.js"] = _worker(contents)  # last: an app is new when its worker is

    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    for file, content in contents.items():
        with replacing(target / file) as temporary:
            temporary.write_bytes(content)
    return sum(map(len, contents.values()))


def _asset(file: str) -> bytes:
    return files("mho.recommend.phone").joinpath("assets", file).read_bytes()


def _worker(contents: dict[str, bytes]) -> bytes:
    """Return the service worker; a changed file changes the version in it, which makes browsers fetch all anew."""
    version = hashlib.sha256(b"".join(contents[file] for file in sorted(contents))).hexdigest()[:16]
    cached = json.dumps(["./", *sorted(contents)])
    return Template(_asset("worker.js").decode()).substitute(version=version, files=cached).encode()


def _manifest(name: str) -> bytes:
    return json.dumps(
        {
            "name": name,
            "start_url": "./",
            "scope": "./",
            "display": "standalone",
            "background_color": "#faf9f7",
            "theme_color": "#faf9f7",
            "icons": [{"src": "icon.svg", "sizes": "any", "type": "image/svg+xml", "purpose": "any maskable"}],
        }
    ).encode()
