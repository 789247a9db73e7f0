"""Parquet tables, by pyarrow; sizes are checked from the metadata."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from mho.data.errors import DataError, check_size, damaged
from mho.data.text import shown
from mho.data.triplets import entries_to_csr, ranks

__all__ = [
    "column_names",
    "id_column_parts",
    "id_columns",
    "number_columns",
    "parquet_rows",
    "read_named_parquet",
    "read_parquet",
    "read_parquet_triplets",
    "release_unused",
]

_ENTRY_BYTES = 24


def read_parquet(path: Path, max_bytes: int) -> np.ndarray:
    """Read a dense matrix: every column a column of numbers, but the index of a pandas table."""
    return _read(path, max_bytes)[0]


def read_named_parquet(path: Path, max_bytes: int) -> tuple[np.ndarray, tuple[str, ...], tuple[str, ...]]:
    """Read a dense matrix with the names of its rows, if it has any, and of its columns."""
    return _read(path, max_bytes, text=True)


def number_columns(path: Path) -> tuple[int, list[str]]:
    """Return the number of rows, and the names of all columns but those that name them; the others hold numbers."""
    with _opened(path) as file:
        return file.metadata.num_rows, [field.name for field in _number_fields(path, file, text=True)[1]]


def _number_fields(path: Path, file: Any, *, text: bool) -> tuple[list[str], list[Any]]:
    """Return the columns that name rows: pandas' index, else a first one of `text`; and the fields of numbers."""
    fields = list(file.schema_arrow)
    index = (file.schema_arrow.pandas_metadata or {}).get("index_columns", [])
    names = [field.name for field in fields if field.name in [one for one in index if isinstance(one, str)]]
    if not names and text and len(fields) > 1 and _is_text(fields[0]):
        names = [fields[0].name]
    fields = [field for field in fields if field.name not in names]
    for field in fields:
        _check_number(path, field)
    if not fields or file.metadata.num_rows == 0:
        raise DataError(f"{path}: holds no numbers")
    return names, fields


def _read(path: Path, max_bytes: int, *, text: bool = False) -> tuple[np.ndarray, tuple[str, ...], tuple[str, ...]]:
    with _opened(path) as file:
        names, fields = _number_fields(path, file, text=text)
        shape = file.metadata.num_rows, len(fields)
        check_size(path, 8 * shape[0] * shape[1], max_bytes)
        matrix = np.empty(shape, np.float32 if all(str(field.type) == "float" for field in fields) else np.float64)
        for j, field in enumerate(fields):
            matrix[:, j] = _numbers(file, field.name)
        parts = [map(str, _column(file, name).to_pylist()) for name in names]
        return matrix, tuple(map(" ".join, zip(*parts, strict=True))), tuple(field.name for field in fields)


def read_parquet_triplets(path: Path, max_bytes: int) -> Any:
    """Read entries into a sparse matrix: the first three columns are row id, column id and value."""
    with _opened(path) as file:
        fields = list(file.schema_arrow)[:3]
        if len(fields) < 3:
            raise DataError(f"{path}: must have the columns row, column, value, has {len(fields)}")
        _check_number(path, fields[2])
        if file.metadata.num_rows == 0:
            raise DataError(f"{path}: holds no entries")
        check_size(path, _ENTRY_BYTES * file.metadata.num_rows + _unpacked_bytes(file), max_bytes)
        rows, columns = (_indices(path, file, field) for field in fields[:2])
        values = _numbers(file, fields[2].name).astype(np.float64, copy=False)
        return _entries(path, rows, columns, values)


def column_names(path: Path) -> list[str]:
    """Return the names of all columns."""
    with _opened(path) as file:
        return list(file.schema_arrow.names)


def id_columns(path: Path, chosen: Sequence[str], max_bytes: int) -> Iterator[Any]:
    """Read the columns called `chosen`, one by one."""
    with _opened(path) as file:
        _check_plain(path, file, chosen)
        check_size(path, _ENTRY_BYTES * file.metadata.num_rows + _unpacked_bytes(file), max_bytes)
        for name in chosen:
            yield _column(file, name)
            release_unused()


def id_column_parts(path: Path, chosen: Sequence[str], rows: int) -> Iterator[list[Any]]:
    """Read the columns called `chosen`, `rows` rows at a time."""
    with _opened(path) as file:
        import pyarrow as pa

        _check_plain(path, file, chosen)
        for batch in file.iter_batches(rows, columns=list(chosen)):
            batch.validate(full=True)
            yield [pa.chunked_array([batch.column(name)]) for name in chosen]


def parquet_rows(path: Path) -> int:
    """Return the number of rows that a file says it has."""
    with _opened(path) as file:
        return file.metadata.num_rows


def release_unused() -> None:
    """Give back memory that arrow keeps for its next columns: as much again as the table of a large file."""
    import pyarrow as pa

    pa.default_memory_pool().release_unused()


def _check_plain(path: Path, file: Any, chosen: Sequence[str]) -> None:
    """Refuse columns with lists or records in them."""
    import pyarrow.types as types

    for field in map(file.schema_arrow.field, chosen):
        if types.is_nested(field.type):
            raise DataError(
                f"{path}: column {shown(field.name)} must hold one number or text a row, holds {field.type}"
            )


def _entries(path: Path, rows: np.ndarray, columns: np.ndarray, values: np.ndarray) -> Any:
    finite = np.isfinite(values)
    if not finite.all():
        raise DataError(f"{path}: row {int(np.argmin(finite)) + 1}: the value must be a finite number")

    def repeated(position: int) -> DataError:
        return DataError(f"{path}: row {position + 1} gives an entry that an earlier row gives")

    return entries_to_csr(rows, columns, values, repeated)


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        raise ImportError(f"{path}: parquet needs pyarrow: pip install 'mho[recommend]'") from None
    with path.open("rb") as stream, damaged(path, pa.ArrowException, OSError, ValueError, IndexError):
        texts = [field.name for field in pq.read_schema(stream) if _is_text(field)]
        stream.seek(0)
        # As a dictionary, one long id repeated a million times takes the memory of one.
        with pq.ParquetFile(stream, read_dictionary=texts) as file:
            names = file.schema_arrow.names
            if len(set(names)) < len(names):
                raise DataError(f"{path}: the names of its columns must differ")
            yield file


def _is_text(field: Any) -> bool:
    import pyarrow.types as types

    kind = field.type.value_type if types.is_dictionary(field.type) else field.type
    return types.is_string(kind) or types.is_large_string(kind)


def _check_number(path: Path, field: Any) -> None:
    import pyarrow.types as types

    if not (types.is_integer(field.type) or types.is_floating(field.type) or types.is_boolean(field.type)):
        kind = field.type.value_type if types.is_dictionary(field.type) else field.type
        raise DataError(f"{path}: column {shown(field.name)} must hold numbers, holds {kind}")


def _unpacked_bytes(file: Any) -> int:
    """Length of all columns before compression, by row group: a column's own metadata, if damaged, aborts pyarrow."""
    return sum(file.metadata.row_group(i).total_byte_size for i in range(file.metadata.num_row_groups))


def _column(file: Any, name: str) -> Any:
    """Read a column; one whose numbers lead outside of its dictionary is refused by arrow."""
    column = file.read(columns=[name]).column(0)
    column.validate(full=True)
    return column


def _numbers(file: Any, name: str) -> np.ndarray:
    """Read a column; null is NaN."""
    values = file.read(columns=[name]).column(0).to_numpy()
    return values.astype(np.float64) if values.dtype == object else values


def _indices(path: Path, file: Any, field: Any) -> np.ndarray:
    import pyarrow.types as types

    column = _column(file, field.name)
    if column.null_count:
        raise DataError(
            f"{path}: column {shown(field.name)} must hold an id in every row, {column.null_count} are empty"
        )
    if types.is_integer(field.type):
        return np.unique(column.to_numpy(), return_inverse=True)[1]
    if not types.is_dictionary(field.type):
        raise DataError(f"{path}: column {shown(field.name)} must hold ids (whole numbers or text), holds {field.type}")
    encoded = column.unify_dictionaries().combine_chunks()
    used, codes = np.unique(encoded.indices.to_numpy(), return_inverse=True)
    return ranks([encoded.dictionary[int(i)].as_py() for i in used])[codes]
