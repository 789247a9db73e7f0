"""BLAS's own threads, kept from fighting the kernels' threads."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

__all__ = ["one_blas_thread"]


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Within, BLAS works in the calling thread: a pool of its own would spin for work beside the kernels' threads."""
    if all(library.num_threads == 1 for library in _controller().select(user_api="blas").lib_controllers):
        yield  # to set what is set takes a tenth of a millisecond
        return
    with _controller().limit(limits=1, user_api="blas"):
        yield


@cache
def _controller() -> Any:
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()
