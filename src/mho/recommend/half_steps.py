"""Half-steps of an alternation, in this process or by the workers of a cluster."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

from mho.engines import Engine
from mho.kernels.blas import one_blas_thread
from mho.recommend.fitted import Fitted
from mho.recommend.model import Half, Side

__all__ = ["Cluster", "HalfSteps", "here"]


class HalfSteps(Protocol):
    """Both half-steps over one table."""

    def users(self, engine: Engine, items: Side, start: Side) -> Half:
        """Return all users solved by `engine` against the `items`, from where they were at the `start`."""
        ...

    def items(self, engine: Engine, users: Side, start: Side) -> Half:
        """Return all items solved by `engine` against the `users`, from where they were at the `start`."""
        ...


class Cluster(Protocol):
    """Workers elsewhere."""

    def placed(self, fitted: Fitted, stages: Sequence[Engine]) -> AbstractContextManager[HalfSteps]:
        """Lay the table of `fitted` out for the workers while it is alternated by `stages`."""
        ...


@contextmanager
def here(fitted: Fitted) -> Iterator[HalfSteps]:
    """Solve in this process, with the table in both orders in memory."""
    yield _InMemory(fitted)


class _InMemory:
    def __init__(self, fitted: Fitted) -> None:
        self.model, self.unit = fitted.model, fitted.unit
        self.by_user, self.by_item = fitted.both_orders()

    def users(self, engine: Engine, items: Side, start: Side) -> Half:
        with one_blas_thread():
            return self.model.solve(engine, items, self.by_user, self.unit, start)

    def items(self, engine: Engine, users: Side, start: Side) -> Half:
        with one_blas_thread():
            return self.model.solve(engine, users, self.by_item, self.unit, start)
