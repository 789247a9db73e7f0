"""`mho recommend serve`: a recommender behind HTTP on this machine."""

from __future__ import annotations

from mho.cli.recommend.options import FittedFile
from mho.cli.settings import WholeNumber

__all__ = ["serve"]

_PORTS = 2**16


def serve(
    model: FittedFile,
    /,
    *,
    port: WholeNumber = 0,
    token: str | None = None,
) -> None:
    """Answer programs on this machine: lists, likeness and reasons as JSON; OpenAPI at /openapi.json.

    POST /api/recommend {"users": [17, 203], "n": 10}, POST /api/recommend_for {"items": [17]}, GET /api/similar_items,
    /api/similar_users and /api/explain take the header "Authorization: Bearer TOKEN"; GET /healthz and /metrics none.
    When RECOMMENDER is replaced it is read again; a damaged one is told there, and the old one goes on. It listens on
    127.0.0.1 alone and ends with Ctrl-C or SIGTERM, once what has begun is answered.

    Parameters
    ----------
    model
        What `fit` wrote.
    port
        Of the server; by default one that is free.
    token
        What requests carry; by default a new one, which is printed. An empty one asks for none.
    """
    import secrets

    from mho import checks
    from mho.loopback import listen

    if checks.nonnegative_int(port, "--port") >= _PORTS:
        raise ValueError(f"--port must be below {_PORTS}, got {port}")
    try:
        from mho.recommend.serving import Shelf
        from mho.recommend.serving import serve as run
    except ImportError as error:
        raise ImportError(
            f"serving needs FastAPI and uvicorn ({error.name} is missing): pip install 'mho[lab]'"
        ) from error
    shelf = Shelf(model)
    said = secrets.token_urlsafe(24) if token is None else token
    with listen(port) as bound:
        address = f"http://127.0.0.1:{bound.getsockname()[1]}"
        size = f"{len(shelf.recommender.user_ids_):,} users, {len(shelf.recommender.item_ids_):,} items"
        shown = f"token {said}" if said else "no token"
        print(f"mho recommend serve: {address}, {shown}\n{model}: {size}; Ctrl-C ends it", flush=True)
        run(bound, shelf, said)
