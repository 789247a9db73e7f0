"""The lab's server: the pages and their requests on the loopback, for whoever holds the token."""

from __future__ import annotations

import json
import socket
from base64 import b64encode
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from fastapi import Body, FastAPI, HTTPException, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, Response, StreamingResponse

from mho.lab.answers import Answers
from mho.lab.jobs import KINDS, Jobs
from mho.lab.page import HOME, pages
from mho.lab.work import check
from mho.loopback import Guard, listen

__all__ = ["create_app", "listen", "serve"]

_FAULTS = (ValueError, TypeError, RuntimeError, ArithmeticError, np.linalg.LinAlgError, MemoryError, RecursionError)
"""What bad numbers raise: a sentence for the page."""

_METHODS = ("program", "settle", "solve", "cost")


def create_app(folder: Path, token: str, port: int) -> Any:
    """Return the server as an ASGI application.

    Parameters
    ----------
    folder : Path
        Of the jobs; nobody else may be in it, see `mho.data.lock_folder`.
    token : str
        What every request for an answer carries.
    port : int
        At which it is reached.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.jobs = Jobs(folder)
        yield
        await app.state.jobs.close()

    app = FastAPI(title="mho lab", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url="/api/openapi.json")
    for name, page in pages().items():
        _add_page(app, name, page.decode())
    _add_answers(app)
    _add_jobs(app)
    return Guard(app, token, port, ": open the address that mho lab has printed")


def _add_page(app: FastAPI, name: str, page: str) -> None:
    begin = page.index(">", page.index("<script")) + 1
    script = page[begin : page.index("</script>", begin)]
    policy = (
        f"default-src 'none'; script-src 'sha256-{b64encode(sha256(script.encode()).digest()).decode()}' "
        "'wasm-unsafe-eval'; worker-src blob:; style-src 'unsafe-inline'; img-src data: blob:; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    headers = {
        "Content-Security-Policy": policy,
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
    }

    def shown() -> HTMLResponse:
        return HTMLResponse(page, headers=headers)

    for place in (f"/{name}", *(["/"] if name == HOME else [])):
        app.get(place, response_class=HTMLResponse, include_in_schema=False)(shown)


async def _answered(work: Callable[[], Any]) -> Response:
    """Return the answer of `work` as JSON, made in a thread; its complaint as a sentence."""
    try:
        text = await run_in_threadpool(lambda: json.dumps(work(), allow_nan=False))
    except KeyError as error:
        raise HTTPException(404, str(error.args[0])) from error
    except _FAULTS as error:
        raise HTTPException(422, " ".join(str(error).split()) or type(error).__name__) from error
    return Response(text, media_type="application/json")


_REFUSED: dict[int | str, dict[str, Any]] = {422: {"description": "A bad request, in one sentence"}}
_UNKNOWN: dict[int | str, dict[str, Any]] = {**_REFUSED, 404: {"description": "No such run"}}


def _add_answers(app: FastAPI) -> None:
    answers = Answers()

    def add(method: str) -> None:
        async def asked(request: Annotated[dict[str, Any], Body()]) -> Response:
            return await _answered(lambda: getattr(answers, method)(request))

        app.post(f"/api/{method}", operation_id=method, responses=_REFUSED)(asked)

    for method in _METHODS:
        add(method)


def _add_jobs(app: FastAPI) -> None:
    def jobs() -> Jobs:
        return app.state.jobs

    @app.get("/api/jobs")
    async def listed() -> list[dict[str, Any]]:
        return [asdict(job) for job in jobs().listed()]

    @app.post("/api/jobs/{kind}", responses=_UNKNOWN)
    async def start(kind: str, request: Annotated[dict[str, Any], Body()]) -> dict[str, Any]:
        if kind not in KINDS:
            raise HTTPException(404, f"there is no run of that kind; there are: {', '.join(KINDS)}")
        try:
            title, total = await run_in_threadpool(check, kind, request)
            return asdict(jobs().start(kind, request, title, total))
        except _FAULTS as error:
            raise HTTPException(422, " ".join(str(error).split()) or type(error).__name__) from error

    def act(name: str, path: str, method: str) -> None:
        async def acted(number: str) -> dict[str, Any] | None:
            try:
                job = getattr(jobs(), name)(number)
            except KeyError as error:
                raise HTTPException(404, str(error.args[0])) from error
            except ValueError as error:
                raise HTTPException(422, str(error)) from error
            return None if job is None else asdict(job)

        app.api_route(path, methods=[method], operation_id=name, responses=_UNKNOWN)(acted)

    act("get", "/api/jobs/{number}", "GET")
    act("forget", "/api/jobs/{number}", "DELETE")
    act("cancel", "/api/jobs/{number}/cancel", "POST")
    act("resume", "/api/jobs/{number}/resume", "POST")
    _add_results(app, jobs)


def _add_results(app: FastAPI, jobs: Callable[[], Jobs]) -> None:
    @app.get("/api/jobs/{number}/result", responses=_UNKNOWN)
    async def result(number: str) -> Response:
        try:
            return Response(await run_in_threadpool(jobs().result, number), media_type="application/json")
        except KeyError as error:
            raise HTTPException(404, str(error.args[0])) from error
        except (ValueError, OSError) as error:
            raise HTTPException(422, str(error)) from error

    @app.get("/api/jobs/{number}/events", responses=_UNKNOWN)
    async def events(number: str, request: Request) -> StreamingResponse:
        """Server-sent events: how the run stands, whenever that changes, to its end."""
        try:
            jobs().get(number)
        except KeyError as error:
            raise HTTPException(404, str(error.args[0])) from error

        async def stream() -> AsyncIterator[str]:
            async for event in jobs().events(number):
                if await request.is_disconnected():
                    return
                yield f"data: {json.dumps(event)}\n\n"

        return StreamingResponse(stream(), media_type="text/event-stream", headers={"Cache-Control": "no-store"})


def serve(bound: socket.socket, folder: Path, token: str) -> None:
    """Serve until interrupted.

    Parameters
    ----------
    bound : socket
        From `listen`.
    folder : Path
        Of the jobs.
    token : str
        See `create_app`.
    """
    import uvicorn

    app = create_app(folder, token, bound.getsockname()[1])
    config = uvicorn.Config(app, log_level="warning", access_log=False, timeout_graceful_shutdown=2)
    uvicorn.Server(config).run(sockets=[bound])
