"""A sweep on disk: a Parquet table of its chips, marked with the plan they belong to."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from mho.data import DataError
from mho.data.output import replacing
from mho.sweep.plan import Sweep

__all__ = ["read_trials", "write_trials"]

_PLAN = b"mho_plan"


def write_trials(path: Path, sweep: Sweep, rows: list[dict[str, Any]]) -> None:
    """Write the chips tried so far, one a row, in the order of `trials`.

    Parameters
    ----------
    path : Path
        Replaced only once the new table is complete.
    sweep : Sweep
        The plan that the table is marked with.
    rows : list of dict
        As `trials` yields them.
    """
    pa, pq = _pyarrow()
    table = pa.Table.from_pylist(rows).replace_schema_metadata({_PLAN: _digest(sweep)})
    with replacing(path) as temporary:
        pq.write_table(table, temporary)


def read_trials(path: Path, sweep: Sweep) -> list[dict[str, Any]]:
    """Read what `write_trials` wrote; nothing if the file is not there.

    Parameters
    ----------
    path : Path
    sweep : Sweep
        The plan that the table must belong to.

    Raises
    ------
    DataError
        The file is damaged, or no Parquet.
    ValueError
        It belongs to another plan.
    """
    pa, pq = _pyarrow()
    if not path.exists():
        return []
    try:
        table = pq.read_table(path)
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{path}: cannot be read as Parquet: {error}") from None
    if (table.schema.metadata or {}).get(_PLAN) != _digest(sweep):
        raise ValueError(f"{path}: was not made by this plan; give another file, or the options it was made with")
    return table.to_pylist()


def _digest(sweep: Sweep) -> bytes:
    return hashlib.sha256(repr(sweep).encode()).hexdigest().encode()


def _pyarrow() -> tuple[Any, Any]:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise ImportError("a table of a sweep needs pyarrow: pip install 'mho[sweep]'") from None
    return pyarrow, pyarrow.parquet
