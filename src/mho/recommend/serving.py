"""A recommender behind HTTP on the loopback: lists, likeness and reasons, metrics, reloaded when its file changes."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Annotated, Any

from fastapi import Body, FastAPI, HTTPException, Query
from fastapi.responses import PlainTextResponse, Response

from mho.data import DataError
from mho.kernels.blas import one_blas_thread
from mho.loopback import Guard
from mho.recommend.recommender import Recommender
from mho.recommend.top import Top
from mho.recommend.top_index import TopIndex

__all__ = ["Shelf", "create_app", "serve"]

_MOST_USERS, _MOST_ITEMS = 1000, 1000
_LOOK_SECONDS = 1.0
_BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0)
_FAULTS = (ValueError, TypeError, KeyError)


class Shelf:
    """A recommender that is read again when its file is another; a damaged one is told, and the old one goes on.

    Parameters
    ----------
    path : Path
        Of `mho.Recommender.save`.

    Attributes
    ----------
    held : tuple of (Recommender, TopIndex)
        The recommender and its index, which are exchanged together: the file is looked at in another thread.
    reloads, refusals : int
        How often it was read again, and how often that failed.
    told : str
        Why it failed the last time; empty if it did not.
    """

    def __init__(self, path: Path) -> None:
        self.path, self.reloads, self.refusals, self.told = path, 0, 0, ""
        self._mark = _mark(path)
        self.held = _read(path)

    @property
    def recommender(self) -> Recommender:
        """The recommender as it is now."""
        return self.held[0]

    def look(self) -> None:
        """Read the file if it has changed since it was looked at."""
        try:
            mark = _mark(self.path)
        except OSError as error:
            mark, fault = (), f"{self.path}: {error.strerror}"
        else:
            fault = ""
        if mark == self._mark:
            return
        self._mark = mark
        try:
            if fault:
                raise DataError(fault)
            self.held = _read(self.path)
        except Exception as error:  # whatever it is, the next file may be sound, and is looked for
            self.refusals, self.told = self.refusals + 1, str(error) or type(error).__name__
        else:
            self.reloads, self.told = self.reloads + 1, ""


def _mark(path: Path) -> tuple[int, ...]:
    found = path.stat()
    return found.st_mtime_ns, found.st_size, found.st_ino


def _read(path: Path) -> tuple[Recommender, TopIndex]:
    recommender = Recommender.load(path)
    return recommender, TopIndex(recommender.fitted)


class _Metrics:
    """Counts and durations of requests, in the text format of Prometheus."""

    def __init__(self) -> None:
        self.counts: dict[tuple[str, int], int] = {}
        self.buckets, self.total, self.number = [0] * len(_BOUNDS), 0.0, 0

    def add(self, path: str, status: int, seconds: float) -> None:
        self.counts[path, status] = self.counts.get((path, status), 0) + 1
        self.total, self.number = self.total + seconds, self.number + 1
        for place, bound in enumerate(_BOUNDS):
            self.buckets[place] += seconds <= bound

    def text(self, shelf: Shelf) -> str:
        lines = ["# TYPE mho_requests_total counter"]
        lines += [
            f'mho_requests_total{{path="{path}",status="{status}"}} {count}'
            for (path, status), count in sorted(self.counts.items())
        ]
        lines.append("# TYPE mho_request_seconds histogram")
        pairs = zip(_BOUNDS, self.buckets, strict=True)
        lines += [f'mho_request_seconds_bucket{{le="{bound:g}"}} {count}' for bound, count in pairs]
        lines += [
            f'mho_request_seconds_bucket{{le="+Inf"}} {self.number}',
            f"mho_request_seconds_sum {self.total:.6f}",
            f"mho_request_seconds_count {self.number}",
            "# TYPE mho_reloads_total counter",
            f"mho_reloads_total {shelf.reloads}",
            "# TYPE mho_refused_reloads_total counter",
            f"mho_refused_reloads_total {shelf.refusals}",
        ]
        return "\n".join(lines) + "\n"


class _Timed:
    """Tells the metrics of every answer."""

    def __init__(self, app: Any, metrics: _Metrics) -> None:
        self.app, self.metrics = app, metrics

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        begun, status = time.perf_counter(), 500

        async def told(message: Any) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, told)
        finally:
            route = getattr(scope.get("route"), "path", "other")
            self.metrics.add(route, status, time.perf_counter() - begun)


def create_app(shelf: Shelf, token: str, port: int) -> Any:
    """Return the server as an ASGI application.

    Parameters
    ----------
    shelf : Shelf
        The recommender.
    token : str
        What every request below /api/ carries; "" for none.
    port : int
        At which it is reached.
    """
    metrics = _Metrics()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        looking = asyncio.create_task(_looking(shelf))
        yield
        looking.cancel()
        with suppress(asyncio.CancelledError):
            await looking

    app = FastAPI(title="mho recommend", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url="/openapi.json")
    _add_lists(app, shelf)
    _add_state(app, shelf, metrics)
    return Guard(_Timed(app, metrics), token, port, ": it is what mho recommend serve has printed")


async def _looking(shelf: Shelf) -> None:
    while True:
        await asyncio.sleep(_LOOK_SECONDS)
        await asyncio.to_thread(shelf.look)


def _answered(work: Callable[[], Any]) -> Response:
    """Return the answer of `work` as JSON; its complaint as a sentence."""
    try:
        return Response(json.dumps(work(), allow_nan=False), media_type="application/json")
    except _FAULTS as error:
        raise HTTPException(422, " ".join(str(error).split()) or type(error).__name__) from error


_REFUSED: dict[int | str, dict[str, Any]] = {422: {"description": "A bad request, in one sentence"}}
Wanted = Annotated[int, Body(ge=1, le=_MOST_ITEMS)]
Number = Annotated[int, Query(ge=1, le=_MOST_ITEMS)]
Ids = list[int | str]


def _add_lists(app: FastAPI, shelf: Shelf) -> None:
    @app.post("/api/recommend", responses=_REFUSED)
    async def recommend(users: Annotated[Ids, Body(min_length=1, max_length=_MOST_USERS)], n: Wanted = 10) -> Response:
        """Best items of known users that they do not have."""
        return _answered(lambda: {"lists": [_list_of(shelf, user, n) for user in users]})

    @app.post("/api/recommend_for", responses=_REFUSED)
    async def recommend_for(
        items: Annotated[Ids, Body(max_length=_MOST_ITEMS)],
        ratings: Annotated[list[float] | None, Body()] = None,
        n: Wanted = 10,
    ) -> Response:
        """Best items of a visitor, who is not kept."""
        asked = shelf.recommender
        return _answered(lambda: _told(asked.recommend_for(_like(items, asked.item_ids_), ratings, n)))

    @app.get("/api/similar_items", responses=_REFUSED)
    async def similar_items(item: str, n: Number = 10) -> Response:
        """Items that are most like one."""
        asked = shelf.recommender
        return _answered(lambda: _told(asked.similar_items(_like([item], asked.item_ids_)[0], n)))

    @app.get("/api/similar_users", responses=_REFUSED)
    async def similar_users(user: str, n: Number = 10) -> Response:
        """Users who are most like one."""
        asked = shelf.recommender

        def work() -> dict[str, Any]:
            ids, scores = asked.similar_users(_like([user], asked.user_ids_)[0], n)
            return {"users": ids.tolist(), "scores": scores.tolist()}

        return _answered(work)

    @app.get("/api/explain", responses=_REFUSED)
    async def explain(user: str, item: str) -> Response:
        """Parts of a score, and the user's own items that speak for it."""
        asked = shelf.recommender

        def work() -> dict[str, Any]:
            found = asked.explain(_like([user], asked.user_ids_)[0], _like([item], asked.item_ids_)[0])
            because = [{"item": name, "part": part} for name, part in found.because]
            return {"score": found.score, "parts": found.parts, "because": because}

        return _answered(work)


def _add_state(app: FastAPI, shelf: Shelf, metrics: _Metrics) -> None:
    @app.get("/healthz")
    async def healthy() -> dict[str, Any]:
        """Whether it answers, and whether the file on disk is the one that it answers by."""
        asked = shelf.recommender
        size = {"users": len(asked.user_ids_), "items": len(asked.item_ids_)}
        return {"model": type(asked.model_).__name__, **size, "reloads": shelf.reloads, "refused": shelf.told}

    @app.get("/metrics", response_class=PlainTextResponse)
    async def measured() -> str:
        """Metrics in the text format of Prometheus."""
        return metrics.text(shelf)


def _list_of(shelf: Shelf, user: int | str, n: int) -> dict[str, Any]:
    asked, index = shelf.held
    position = index.fitted.table.users.require(_like([user], asked.user_ids_))
    items, scores = index.best(int(position[0]), n)
    return {"user": user, "items": asked.item_ids_[items].tolist(), "scores": scores.tolist()}


def _told(top: Top) -> dict[str, Any]:
    return {"items": top.items.tolist(), "scores": top.scores.tolist()}


def _like(ids: list[Any], known: Any) -> Any:
    """Return ids of a request as the recommender knows them: numbers or text."""
    import numpy as np

    if known.dtype.kind in "US":
        return np.array([str(one) for one in ids])
    try:
        found = np.array([known.dtype.type(one) if isinstance(one, str) else one for one in ids], None if ids else "i8")
        if found.dtype.kind in "iuf":  # in a type of their own: in a narrower one 300 would be 44
            return found
    except (ValueError, OverflowError):
        pass
    raise ValueError(f"ids must be such as {known[0]}, got {str(ids[0])[:40]!r}")


def serve(bound: socket.socket, shelf: Shelf, token: str) -> None:
    """Serve until it is interrupted or told to end; requests that are being answered are finished.

    Parameters
    ----------
    bound : socket
        From `mho.loopback.listen`.
    shelf : Shelf
        The recommender.
    token : str
        See `create_app`.
    """
    import uvicorn

    app = create_app(shelf, token, bound.getsockname()[1])
    config = uvicorn.Config(app, log_level="warning", access_log=False, timeout_graceful_shutdown=5)
    with one_blas_thread():  # an answer is too small to share, and waiting threads would take time from the next one
        uvicorn.Server(config).run(sockets=[bound])
