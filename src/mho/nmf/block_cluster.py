"""Blocks of rows on the workers of a Dask cluster: plain futures, each a function of a block and the factors."""

from __future__ import annotations

import uuid
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from mho.nmf.block_source import BlockSource, as_rows
from mho.nmf.block_step import checked_block, step_on_worker
from mho.nmf.workers import RETRIES, check_versions, finished

__all__ = ["BlocksOnWorkers"]

_AT_ONCE = 4
"""Blocks for each worker that are given out together: their factors and products are in memory."""


class BlocksOnWorkers:
    """Rows of a source, each block improved by one worker.

    The scheduler knows how each future is made, H and blocks of an array included, so that what was on a lost worker
    is made again on another.
    """

    def __init__(self, client: Any, source: BlockSource, step: int) -> None:
        check_versions(client)
        self.client, self.source = client, source
        self._name, self._passes, self._kept = f"mho-{uuid.uuid4().hex}", 0, {}
        m = source.shape[0]
        self._ranges = [(begin, min(begin + step, m)) for begin in range(0, m, step)]

    def improved(self, H: np.ndarray, start: Callable[[int, int], np.ndarray]) -> Iterator[tuple[int, Any]]:
        """Yield the first row and the outcome of `step_on_worker` for each block, in the order of the rows."""
        self._passes += 1
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Sending large graph")  # once, not with every task
            held = self._submit(_same, np.array(H, order="F"), key=f"{self._name}-H-{self._passes}")
            count = _AT_ONCE * max(1, len(self.client.nthreads()))
            for first in range(0, len(self._ranges), count):
                ranges = self._ranges[first : first + count]
                futures = [self._future(begin, end, held, start(begin, end)) for begin, end in ranges]
                for _ in finished(self.client, futures):  # `gather` alone would wait for ever without workers
                    pass
                yield from ((begin, future.result()) for (begin, _), future in zip(ranges, futures, strict=True))

    def _future(self, begin: int, end: int, H: Any, start: np.ndarray) -> Any:
        key = f"{self._name}-{self._passes}-{begin}"
        return self._submit(_step, self._block(begin, end), self.source.name, begin, H, start, key=key)

    def _block(self, begin: int, end: int) -> Any:
        """A block as a worker reads it, as Dask computes it, or as it was sent once."""
        if hasattr(self.source, "path"):
            return _Part(self.source, begin, end)
        part = self.source.part(begin, end)
        if hasattr(part, "dask"):
            return self.client.compute(part, retries=RETRIES)
        if begin not in self._kept:
            sent = as_rows(part, self.source.dtype)
            self._kept[begin] = self._submit(_same, sent, key=f"{self._name}-X-{begin}")
        return self._kept[begin]

    def _submit(self, function: Callable[..., Any], *given: Any, key: str) -> Any:
        return self.client.submit(function, *given, key=key, retries=RETRIES)


class _Part:
    """Some rows of a file."""

    def __init__(self, source: BlockSource, begin: int, end: int) -> None:
        self.source, self.begin, self.end = source, begin, end

    def read(self) -> Any:
        return self.source.part(self.begin, self.end)


def _same(value: Any) -> Any:
    return value


def _step(block: Any, name: str, begin: int, H: np.ndarray, start: np.ndarray) -> Any:
    rows = block.read() if isinstance(block, _Part) else block
    rows = as_rows(rows, H.dtype)
    return step_on_worker(checked_block(rows, name, begin), np.asfortranarray(H), start)
