"""A table in text: delimited fields, or JSON lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mho.data.columns import Columns, interaction_columns
from mho.data.csv_layout import csv_layout, first_lines
from mho.data.csv_rows import CsvRows
from mho.data.errors import DataError
from mho.data.json_rows import JsonRows, is_json, json_names
from mho.data.table_format import TableFormat
from mho.data.text import shown

__all__ = ["TableText"]


@dataclass(frozen=True, kw_only=True)
class TableText:
    """Rows of a text that are still to be read.

    Attributes
    ----------
    rows : CsvRows or JsonRows
    columns : Columns
    first_line : int
        Number of the line of the first row.
    semicolons : bool
        Whether these part the fields.
    notes : tuple of str
        What was understood.
    """

    rows: CsvRows | JsonRows
    columns: Columns
    first_line: int = 1
    semicolons: bool = False
    notes: tuple[str, ...] = ()

    @classmethod
    def of(cls, path: Path, how: TableFormat) -> TableText:
        """Look at the first lines of a text.

        Raises
        ------
        DataError
            They do not show how it is laid out, or which columns are meant.
        """
        try:
            import pyarrow  # noqa: F401
        except ImportError:
            raise ImportError(f"{path}: this needs pyarrow: pip install 'mho[recommend]'") from None
        lines = first_lines(path)
        if is_json(lines[0]) and not how.sep:
            columns = _columns(path, json_names(path, lines), how)
            return cls(rows=JsonRows(path=path, wanted=columns.names), columns=columns, notes=("JSON lines",))
        return cls._of_fields(path, how, lines)

    @classmethod
    def _of_fields(cls, path: Path, how: TableFormat, lines: list[str]) -> TableText:
        found = csv_layout(path, lines, sep=how.sep, columns=how.columns or how.usual_places)
        columns = _columns(path, found.names, how)
        return cls(
            rows=CsvRows(
                path=path,
                delimiter=found.delimiter,
                names=found.names,
                wanted=columns.names,
                header=found.header,
            ),
            columns=columns,
            first_line=1 + found.header,
            semicolons=found.delimiter == ";",
            notes=() if found.header else (f"no header, line 1 is {shown(', '.join(found.first))}",),
        )


def _columns(path: Path, names: Sequence[str], how: TableFormat) -> Columns:
    try:
        return interaction_columns(names, how.columns, how.usual)
    except ValueError as error:
        raise DataError(f"{path}: {error}") from None
