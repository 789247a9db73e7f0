"""Distinct values of a column: made ids or numbers without an object of Python for each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from mho.data.numerals import Numerals, numerals
from mho.data.text import is_utf8, shown

__all__ = ["DictionaryColumn", "is_number", "longest"]

_WHOLE = r"^(0|-?[1-9][0-9]{0,17})$"
"""Numbers as programs write them: 01 is an id of its own."""
_ID_BYTES = 4096
"""What is longer is a damaged line, and an array of ids would take as much for each of them."""
_LARGEST_EXACT = 2**53
"""Whole numbers up to here are all float64."""
_PLAIN = r"^[0-9]+(\.[0-9]+)?$"


@dataclass(frozen=True, eq=False)
class DictionaryColumn:
    """A column as the values that occur and which of them stands in each row.

    Attributes
    ----------
    values : pyarrow.Array of length n_distinct
        Of any type.
    codes : ndarray of shape (n,), int32
    written : Numerals or None
        How numbers are written in text, if not as float reads them.
    """

    values: Any
    codes: np.ndarray
    written: Numerals | None = None

    @classmethod
    def of(cls, column: Any) -> DictionaryColumn:
        """Take an arrow column apart; null is a value like others."""
        import pyarrow as pa
        import pyarrow.types as types

        encoded = column if types.is_dictionary(column.type) else column.dictionary_encode()
        encoded = encoded.unify_dictionaries().combine_chunks()
        values, codes = encoded.dictionary, encoded.indices
        if codes.null_count:
            codes = codes.fill_null(len(values))
            values = pa.concat_arrays([values, pa.nulls(1, values.type)])
        if types.is_fixed_size_binary(values.type):
            values = values.cast(pa.binary())
        return cls(values, codes.to_numpy().astype(np.int32, copy=False))

    def rows(self, rows: Any) -> DictionaryColumn:
        """Return some rows."""
        return replace(self, codes=self.codes[rows])

    def with_numerals(self, decimal: Literal["", ".", ","], *, semicolons: bool = False) -> DictionaryColumn:
        """Return the column with its way to write numbers found; see `numerals`."""
        if not _is_textual(self.values.type):
            return self
        texts = self.texts()
        odd = not _compute().all(_compute().match_substring_regex(texts, _PLAIN), min_count=0).as_py()
        if not (odd or decimal or semicolons):
            return self
        return replace(self, written=numerals(texts.to_pylist(), decimal, semicolons=semicolons))

    def id_faults(self) -> dict[int, str]:
        """Return the faults of the values that are no id."""
        pc, texts = _compute(), self.texts()
        length = pc.binary_length(texts).to_numpy()
        faults = {
            "the id is not UTF-8 text": self._not_utf8(),
            "the id is NaN": self._nan(),
            "the id is empty": np.flatnonzero(length == 0).tolist(),
            f"the id is longer than {_ID_BYTES:,} bytes": np.flatnonzero(length > _ID_BYTES).tolist(),
            "the id has a NUL in it": pc.indices_nonzero(pc.match_substring(texts, "\0")).to_pylist(),
        }
        return {j: fault for fault, places in faults.items() for j in places}

    def rating_faults(self, within: tuple[float, float] | None) -> dict[int, str]:
        """Return the faults of the values that are no rating, or none `within` the lowest and the highest."""
        numbers = self.numbers()
        if within is None:
            good, kind = np.isfinite(numbers) & (numbers >= 0), "a finite number >= 0"
        else:
            good = (numbers >= within[0]) & (numbers <= within[1])
            kind = f"a number from {within[0]:g} to {within[1]:g}, as range says"
        return {j: f"the rating must be {kind}, is {shown(self.text(j))}" for j in np.flatnonzero(~good).tolist()}

    def text(self, j: int) -> str:
        """Return value `j` as text."""
        return _text(self.values[j].as_py())

    def texts(self) -> Any:
        """Return the values as an arrow array of text; null is empty."""
        import pyarrow as pa

        try:
            if _is_textual(self.values.type):
                return self.values.cast(pa.large_string()).fill_null("")
        except pa.ArrowInvalid:
            pass  # not UTF-8 in some places
        return pa.array(map(_text, self.values.to_pylist()), pa.large_string())

    def numbers(self) -> np.ndarray:
        """Return the values (n_distinct,) as float64; NaN for one that is no number."""
        import pyarrow as pa
        import pyarrow.types as types

        pc, kind = _compute(), self.values.type
        if types.is_integer(kind) or types.is_floating(kind) or types.is_boolean(kind):
            return self.values.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
        texts = self.texts()
        if self.written is not None:
            texts = pa.array(map(self.written.plain, texts.to_pylist()), pa.large_string())
        plain = pc.match_substring_regex(texts, _PLAIN)
        numbers = np.empty(len(texts))
        places = plain.to_numpy(zero_copy_only=False)
        numbers[places] = texts.filter(plain).cast(pa.float64()).to_numpy()
        numbers[~places] = [float(x) if is_number(x) else np.nan for x in texts.filter(pc.invert(plain)).to_pylist()]
        return numbers

    def ids(self, used: np.ndarray) -> Any:
        """Return the values at `used` as an arrow array: whole numbers if all of these are, else text."""
        import pyarrow as pa
        import pyarrow.types as types

        pc = _compute()
        if types.is_integer(self.values.type) and not types.is_uint64(self.values.type):
            return self.values.take(pa.array(used)).cast(pa.int64())
        texts = self.texts().take(pa.array(used))
        return texts.cast(pa.int64()) if pc.all(pc.match_substring_regex(texts, _WHOLE), min_count=0).as_py() else texts

    def _not_utf8(self) -> list[int]:
        import pyarrow as pa

        try:
            self.values.cast(pa.large_string()) if _is_textual(self.values.type) else None
        except pa.ArrowInvalid:
            return [j for j, x in enumerate(self.values.to_pylist()) if x and not is_utf8(x)]
        return []

    def _nan(self) -> list[int]:
        import pyarrow.types as types

        pc = _compute()
        return pc.indices_nonzero(pc.is_nan(self.values)).to_pylist() if types.is_floating(self.values.type) else []


def longest(texts: Any) -> int:
    """Return the number of characters of the longest of an arrow array of text."""
    pc = _compute()
    return pc.max(pc.utf8_length(texts)).as_py()


def _compute() -> Any:
    import pyarrow.compute

    return pyarrow.compute  # makes its functions when loaded, unknown to a type checker


def _is_textual(kind: Any) -> bool:
    import pyarrow.types as types

    tests = types.is_string, types.is_large_string, types.is_binary, types.is_large_binary
    return any(test(kind) for test in tests)


def _text(x: Any) -> str:
    if isinstance(x, float) and x.is_integer() and abs(x) <= _LARGEST_EXACT:
        return str(int(x))  # pandas makes floats of whole numbers as soon as one is missing
    return x.decode(errors="replace") if isinstance(x, bytes) else "" if x is None else str(x)


def is_number(text: str) -> bool:
    """Return whether `text` is a number as programs write it: Python alone reads 1_000."""
    try:
        float(text)
    except ValueError:
        return False
    return "_" not in text
