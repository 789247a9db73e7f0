"""`mho lab`: the page where the chip is run and watched."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from mho.cli.settings import WholeNumber

__all__ = ["lab"]

_MOST_BYTES = 64 * 2**20
_PORTS = 2**16


def lab(
    *,
    port: WholeNumber = 0,
    folder: Path | None = None,
    browser: Annotated[bool, Parameter(negative="--no-browser")] = True,
    export: Path | None = None,
    answer: Path | None = None,
) -> None:
    """Run and watch the chip in a browser: bench, device, factorization, cost, pictures.

    The page computes by itself; served from here, on this machine alone, it also runs ngspice and long factorizations
    as jobs. It ends with Ctrl-C.

    Parameters
    ----------
    port
        Of the server; by default one that is free.
    folder
        For the list of jobs and their results; by default mho/lab among the user's own state files.
    browser
        Open the page in the browser.
    export
        Folder to write the pages to instead: index.html, and pictures.html, which opens .mho files and cleans photos
        up; both compute by themselves and fetch nothing.
    answer
        JSON file that a view of the page has exported: its requests, answered by the library, are printed as JSON
        instead.
    """
    if export is not None and answer is not None:
        raise ValueError("--export writes the page and --answer prints an answer: give one of them")
    if export is not None:
        from mho.lab import export_page

        print(f"{export_page(export)}: open it in a browser")
    elif answer is not None:
        print(json.dumps(_answered(answer), indent=1))
    else:
        _serve(port, _state_folder() if folder is None else folder, browser)


def _serve(port: int, folder: Path, browser: bool) -> None:
    import secrets
    import webbrowser

    from mho import checks
    from mho.data import lock_folder

    if checks.nonnegative_int(port, "--port") >= _PORTS:
        raise ValueError(f"--port must be below {_PORTS}, got {port}")
    try:
        from mho.lab.server import listen, serve
    except ImportError as error:
        raise ImportError(
            f"the lab's server needs FastAPI and uvicorn ({error.name} is missing): pip install 'mho[lab]'; without "
            "them mho lab --export FOLDER writes the page"
        ) from error
    token = secrets.token_urlsafe(24)
    folder.mkdir(parents=True, exist_ok=True)
    with lock_folder(folder), listen(port) as bound:
        address = f"http://127.0.0.1:{bound.getsockname()[1]}/?token={token}"
        print(f"mho lab: {address}\njobs in {folder}; Ctrl-C ends it", flush=True)
        if browser:
            webbrowser.open(address)
        serve(bound, folder, token)


def _state_folder() -> Path:
    """Return the folder of the user's own state files for the lab, as each system has it."""
    if sys.platform == "win32":
        home = os.environ.get("LOCALAPPDATA") or str(Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        home = str(Path.home() / "Library" / "Application Support")
    else:
        home = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(home) / "mho" / "lab"


def _answered(path: Path) -> dict[str, Any]:
    """Answer the requests of a view."""
    from mho.data import DataError
    from mho.lab import Answers
    from mho.lab.views import answer_view

    if path.stat().st_size > _MOST_BYTES:
        raise DataError(f"{path}: must be at most {_MOST_BYTES:,} bytes")
    try:
        view = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path}: is not JSON: {error}") from error
    return answer_view(Answers(), view)
