"""Codes to bytes and back by the range coder of `constriction`, each context with the statistics it has by then."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Any

import numpy as np

from mho.data import DataError
from mho.image.codec.adaptive_counts import AdaptiveCounts
from mho.image.codec.tokens import extra_bits, first_of, split

__all__ = ["Reader", "Writer"]


def _stream() -> Any:
    try:
        constriction = import_module("constriction")  # its parts exist only at run time
    except ImportError as error:
        raise ImportError("the picture codec needs the package constriction: pip install 'mho[image]'") from error
    return constriction.stream


class Writer:
    """Collects codes; `data` is the file's payload."""

    def __init__(self) -> None:
        self._stream = _stream()
        self._coder = self._stream.queue.RangeEncoder()

    def put(self, codes: np.ndarray, contexts: np.ndarray, counts: AdaptiveCounts) -> None:
        """Write signed codes (n,), each in its context, and let the statistics learn them."""
        tokens, extra = split(np.abs(codes))
        for context, places in _by_context(contexts):
            self._put(tokens[places], self._stream.model.Categorical(counts.probabilities(context), perfect=False))
        self._put(codes[codes != 0] < 0, self._stream.model.Uniform(2))
        for token, places in _with_extra(tokens):
            self._put(extra[places], self._stream.model.Uniform(1 << int(extra_bits[token])))
        counts.learn(contexts, tokens)

    def _put(self, symbols: np.ndarray, model: Any) -> None:
        self._coder.encode(np.ascontiguousarray(symbols, np.int32), model)

    @property
    def data(self) -> bytes:
        """Bytes written so far, in little-endian words of four."""
        return self._coder.get_compressed().astype("<u4").tobytes()


class Reader:
    """Reads what a `Writer` wrote; foreign data gives some codes or a `DataError`, never more codes than asked for."""

    def __init__(self, data: bytes) -> None:
        self._stream = _stream()
        self._coder = self._stream.queue.RangeDecoder(np.frombuffer(data, "<u4").astype(np.uint32))

    def get(self, contexts: np.ndarray, counts: AdaptiveCounts) -> np.ndarray:
        """Return the codes (n,) written in these contexts."""
        tokens = np.empty(len(contexts), np.int32)
        for context, places in _by_context(contexts):
            model = self._stream.model.Categorical(counts.probabilities(context), perfect=False)
            tokens[places] = self._get(model, len(places))
        codes = first_of(tokens)
        present = np.flatnonzero(tokens)
        signs = 1 - 2 * self._get(self._stream.model.Uniform(2), len(present))
        for token, places in _with_extra(tokens):
            codes[places] += self._get(self._stream.model.Uniform(1 << int(extra_bits[token])), len(places))
        codes[present] *= signs
        counts.learn(contexts, tokens)
        return codes

    def _get(self, model: Any, count: int) -> np.ndarray:
        try:
            return self._coder.decode(model, count)
        except AssertionError as error:
            raise DataError("a damaged .mho picture: no code has these bits") from error


def _by_context(contexts: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    """Yield each context that occurs, with its places in order."""
    order = np.argsort(contexts.astype(np.uint8), kind="stable")  # of bytes: a radix sort
    counts = np.bincount(contexts)
    ends = np.cumsum(counts)
    for context in np.flatnonzero(counts):
        yield int(context), order[ends[context] - counts[context] : ends[context]]


def _with_extra(tokens: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    """Yield each token that plain bits follow, with its places."""
    if len(tokens) and extra_bits[tokens.max()]:
        for token in np.unique(tokens[extra_bits[tokens] > 0]):
            yield int(token), np.flatnonzero(tokens == token)
