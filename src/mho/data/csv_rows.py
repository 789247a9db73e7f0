"""Rows of delimited text as arrow columns, and every line that is no row."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from mho.data.csv_quotes import row_starts, whole_quotes
from mho.data.dictionary_column import is_number
from mho.data.errors import check_size
from mho.data.text import blocks, is_utf8

__all__ = ["CsvRows", "Lines", "NoRow"]

NoRow = tuple[int, str, str]
"""Number, fault and text of a line that is no row."""

_CODE_BYTES = 4
_ONE = "\x1f"
"""The parser takes one byte between fields: what separators of several characters are written as."""
_THREADS = 2
"""That parse, beside the one that reads; each holds a block, which more of them would multiply."""


@dataclass(eq=False)
class Lines:
    """Lines that begin no row that can be read.

    Attributes
    ----------
    no_rows : list of NoRow
    continued : list of int
        Numbers of those that go on with a row that began before.
    """

    no_rows: list[NoRow] = field(default_factory=list)
    continued: list[int] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class CsvRows:
    """Reader of the rows of a text table.

    Attributes
    ----------
    path : Path
    delimiter : str
        Of one character; if of more, quotes are characters like others.
    names : tuple of str
        Of all fields of a line.
    wanted : tuple of str
        Of the columns to read.
    header : bool
        Leave out the first line.
    """

    path: Path
    delimiter: str
    names: tuple[str, ...]
    wanted: tuple[str, ...]
    header: bool

    def read(self, max_bytes: int) -> tuple[list[Any], Lines]:
        """Return each wanted column as a chunked array of dictionary<int32, binary>, and what else is there."""
        import pyarrow as pa

        columns: list[list[Any]] = [[] for _ in self.wanted]
        lines = Lines()
        size = 0
        text = blocks(self.path, skip=int(self.header), empty_lines=True)
        for chunks, others in _ahead(self._block, whole_quotes(text) if self._quoted else text):
            lines.no_rows += others.no_rows
            lines.continued += others.continued
            for column, chunk in zip(columns, chunks, strict=True):
                column.append(chunk)
                size += _CODE_BYTES * len(chunk) + chunk.dictionary.nbytes
            check_size(self.path, size, max_bytes)
        kind = pa.dictionary(pa.int32(), pa.binary())
        return [pa.chunked_array(column, type=kind) for column in columns], lines

    @property
    def _quoted(self) -> bool:
        return len(self.delimiter) == 1

    def _block(self, numbered: tuple[int, bytes]) -> tuple[list[Any], Lines]:
        import pyarrow as pa

        number, lines = numbered
        others = Lines()
        if not self._quoted:
            lines = lines.replace(self.delimiter.encode(), _ONE.encode())
        table = self._rows_of_many_lines(number, lines, others) if self._quoted else None
        if table is None:
            table = pa.concat_tables(self._rows(number, lines, others.no_rows))
        # Encoded as a whole, which costs less than in each part.
        return [table.column(name).combine_chunks().dictionary_encode() for name in self.wanted], others

    def _rows_of_many_lines(self, first: int, lines: bytes, others: Lines) -> Any:
        """Parse whole lines, some of which go on in the next; None if none do, or one that does is no row then."""
        rating = self.names.index(self.wanted[2]) if len(self.wanted) > 2 else None
        starts = row_starts(lines, self.delimiter, len(self.names), rating)
        if starts is None:
            return None
        faults: list[NoRow] = []
        table = self._parsed(lines, len(starts), faults, newlines_in_values=True)
        count = lines.count(b"\n") + 1
        long, faulty = np.diff(starts, append=count) > 1, [row for row, *_ in faults]
        if table is None or long[faulty].any() or not _are_rated(table.filter(np.delete(long, faulty))):
            return None
        others.no_rows += [(first + int(starts[row]), fault, text) for row, fault, text in faults]
        others.continued += (first + np.setdiff1d(np.arange(count), starts)).tolist()
        return table

    def _rows(self, first: int, lines: bytes, no_rows: list[NoRow]) -> Iterator[Any]:
        """Parse whole lines, each a row, and add those that are no row to `no_rows`.

        Where rows and lines do not agree a quote is open over the end of its line: look closer. The parser would take
        all lines up to the next quote for one row, and lose them.
        """
        import pyarrow as pa

        faults: list[NoRow] = []
        count = lines.count(b"\n") + 1
        table = self._parsed(lines, count, faults)
        if table is not None:
            no_rows.extend((first + row, fault, text) for row, fault, text in faults)
            yield table
        elif count == 1:
            no_rows.append((first, "is not one row of fields", lines.decode(errors="replace")))
            yield pa.schema([(name, pa.binary()) for name in self.wanted]).empty_table()
        else:
            for skipped, part in _parts(lines):
                yield from self._rows(first + skipped, part, no_rows)

    def _parsed(self, lines: bytes, rows: int, faults: list[NoRow], **options: bool) -> Any:
        """Return a table, and add rows, from 0, with other numbers of fields to `faults`; None if not `rows` come."""
        import pyarrow as pa

        try:
            table = self._parse(lines, faults, **options)
        except pa.ArrowInvalid:
            return None
        return table if table.num_rows + len(faults) == rows else None

    def _parse(self, lines: bytes, faults: list[NoRow], **options: bool) -> Any:
        import pyarrow as pa
        import pyarrow.csv as csv

        def set_aside(row: Any) -> str:
            fault = f"has {row.actual_columns} fields, must have {len(self.names)}"
            faults.append((row.number - 1, fault, row.text if self._quoted else row.text.replace(_ONE, self.delimiter)))
            return "skip"

        # The parser hands the text of such rows over, and cannot if it is not UTF-8; without a handler it raises.
        handler = set_aside if is_utf8(lines) else None
        return csv.read_csv(
            pa.BufferReader(lines + b"\n"),
            # One block in one thread: otherwise rows have no numbers.
            read_options=csv.ReadOptions(use_threads=False, block_size=len(lines) + 2, column_names=self.names),
            parse_options=csv.ParseOptions(
                delimiter=self.delimiter if self._quoted else _ONE,
                quote_char='"' if self._quoted else False,
                invalid_row_handler=handler,
                ignore_empty_lines=False,
                **options,
            ),
            convert_options=csv.ConvertOptions(
                column_types=dict.fromkeys(self.wanted, pa.binary()), include_columns=self.wanted
            ),
        )


def _are_rated(table: Any) -> bool:
    """Whether there is a number in the third column, if there is one, of each row."""
    return all(is_number(x.decode(errors="replace")) for column in table.columns[2:] for x in column.to_pylist())


def _ahead(work: Callable[[Any], Any], items: Iterable[Any]) -> Iterator[Any]:
    """Yield `work` of each item in their order, done in threads while the next items are fetched."""
    with ThreadPoolExecutor(_THREADS) as pool:
        started: deque[Any] = deque()
        for item in items:
            started.append(pool.submit(work, item))
            if len(started) > _THREADS:
                yield started.popleft().result()
        while started:
            yield started.popleft().result()


def _parts(lines: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the lines with an odd number of quotes one by one and what is between them; of none the two halves.

    With each part comes the number of lines before it.
    """
    text = np.frombuffer(lines, np.uint8)
    ends = np.append(np.flatnonzero(text == ord("\n")), len(text))
    quotes = np.bincount(np.searchsorted(ends, np.flatnonzero(text == ord('"'))), minlength=len(ends))
    odd = np.flatnonzero(quotes % 2)
    inner = np.union1d(odd, odd + 1) if len(odd) and len(ends) > 1 else np.array([len(ends) // 2])
    cuts = np.unique(np.concatenate([[0], inner, [len(ends)]]))
    starts = np.append(0, ends + 1)
    for begin, stop in pairwise(cuts):
        yield int(begin), lines[starts[begin] : starts[stop] - 1]
