"""The lab's server: the page and its requests on the loopback, for whoever holds the token."""

from __future__ import annotations

import json
import secrets
import socket
from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Callable
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
from mho.lab.page import PAGE
from mho.lab.work import check

__all__ = ["create_app", "listen", "serve"]

_MOST_BYTES = 64 * 2**20
_FAULTS = (ValueError, TypeError, RuntimeError, ArithmeticError, np.linalg.LinAlgError, MemoryError, RecursionError)
"""What bad numbers raise: a sentence for the page."""

_METHODS = ("program", "settle", "solve", "cost")

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]


class _Guard:
    """Whom the server answers: the page on its own address, with the token, in messages of bearable size."""

    def __init__(self, app: Any, token: str, port: int) -> None:
        self.app, self.token = app, token
        self.hosts = {f"{name}:{port}" for name in ("127.0.0.1", "localhost")}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        refusal = self._refusal(scope, headers)
        if refusal is None:
            await self.app(scope, _capped(receive), send)
        else:
            status, detail = refusal
            await Response(json.dumps({"detail": detail}), status, media_type="application/json")(scope, receive, send)

    def _refusal(self, scope: Scope, headers: dict[str, str]) -> tuple[int, str] | None:
        origin = headers.get("origin")
        if headers.get("host") not in self.hosts:
            return 403, "this server answers on its own address alone"
        if origin is not None and origin.removeprefix("http://") not in self.hosts:
            return 403, "this server answers its own page alone"
        if scope["path"].startswith("/api/"):
            given = headers.get("authorization", "").encode("latin-1", "replace")
            if not secrets.compare_digest(given, f"Bearer {self.token}".encode()):
                return 401, "the token is missing or wrong: open the address that mho lab has printed"
        length = headers.get("content-length", "0")
        if not length.isdigit() or int(length) > _MOST_BYTES:
            return 413, f"a request must be at most {_MOST_BYTES:,} bytes"
        return None


def _capped(receive: Receive) -> Receive:
    """Stop reading where a request without a stated length grows too long."""
    read = 0

    async def capped() -> Any:
        nonlocal read
        message = await receive()
        read += len(message.get("body", b""))
        if read > _MOST_BYTES:
            raise HTTPException(413, f"a request must be at most {_MOST_BYTES:,} bytes")
        return message

    return capped


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
    _add_page(app)
    _add_answers(app)
    _add_jobs(app)
    return _Guard(app, token, port)


def _add_page(app: FastAPI) -> None:
    page = PAGE.read_text(encoding="utf-8")
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

    @app.get("/", response_class=HTMLResponse, include_in_schema=False)
    def shown() -> HTMLResponse:
        return HTMLResponse(page, headers=headers)


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


def listen(port: int) -> socket.socket:
    """Return a socket on the loopback.

    Parameters
    ----------
    port : int
        0: any that is free.

    Raises
    ------
    OSError
        The port is in use.
    """
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind(("127.0.0.1", port))
        bound.listen()  # a browser that comes before the server waits
    except OSError:
        bound.close()
        raise
    return bound


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
