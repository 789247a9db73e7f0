"""Parts of the page's requests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["part"]


def part(request: Any, name: str) -> Any:
    """Return a part of a request, which must be an object that holds it."""
    if not isinstance(request, Mapping) or name not in request:
        raise ValueError(f"the request must be an object that holds {name}")
    return request[name]
