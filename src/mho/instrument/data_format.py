"""Arrays of numbers as SCPI sends them: text, or blocks of 32 or 64 bits in either byte order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mho.instrument.errors import ScpiError
from mho.instrument.message import Parameter

__all__ = ["NOT_A_NUMBER", "DataFormat", "as_block"]

NOT_A_NUMBER = 9.91e37
"""Number that stands for none in SCPI-99."""


@dataclass
class DataFormat:
    """Format of arrays, one for each client.

    Attributes
    ----------
    kind : {"ASC", "REAL"}
        Format of answers; data that are sent may be of either.
    bits : int
        32 or 64, of a number in a block.
    order : {"NORM", "SWAP"}
        Most significant byte first, as SCPI has it, or last, as most computers have it.
    """

    kind: str = "ASC"
    bits: int = 64
    order: str = "NORM"

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of a number in a block."""
        return np.dtype(f"{'>' if self.order == 'NORM' else '<'}f{self.bits // 8}")

    def written(self, values: np.ndarray) -> bytes:
        """Return values, in C order, as an answer."""
        flat = np.ravel(values)
        if self.kind == "REAL":
            with np.errstate(over="ignore"):
                short = flat.astype(self.dtype)
            if np.isinf(short).any():
                raise ScpiError(-222, "answers must be below 3.4E38 in blocks of 32 bits: FORMat REAL,64, then FETCh?")
            return as_block(short.tobytes())
        return ",".join(map(repr, np.where(np.isnan(flat), NOT_A_NUMBER, flat).tolist())).encode("ascii")

    def read(self, parameters: Sequence[Parameter]) -> np.ndarray:
        """Return the values of one block or of many numbers, as float64; NaN where none is given.

        Parameters
        ----------
        parameters : sequence of Parameter
            As they came.
        """
        if len(parameters) == 1 and isinstance(parameters[0].value, bytes):
            values = self._of_block(parameters[0].value)
        else:
            numbers = [p.value for p in parameters if isinstance(p.value, float)]
            if len(numbers) < len(parameters):
                raise ScpiError(-104, "values must be numbers, or one block")
            values = np.array(numbers)
        if np.isinf(values).any():
            raise ScpiError(-222, "values must be finite, or NaN where none is known, got an infinite one")
        return np.where(values == NOT_A_NUMBER, np.nan, values)

    def _of_block(self, data: bytes) -> np.ndarray:
        size = self.dtype.itemsize
        if len(data) % size:
            raise ScpiError(-161, f"a block must hold numbers of {size} bytes (FORMat), got {len(data)} bytes")
        return np.frombuffer(data, self.dtype).astype(np.float64)


def as_block(data: bytes) -> bytes:
    """Return a definite-length block of data."""
    length = str(len(data))
    return f"#{len(length)}{length}".encode("ascii") + data
