"""A Parquet table in blocks, in the folder of its fit: made once, and known again."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mho.cli.progress import Progress, progress
from mho.cli.recommend.rejected import RejectedRows
from mho.cli.recommend.table import TableOptions, tell_columns

__all__ = ["TABLE", "block_table", "check_blocks"]

_SOURCE, TABLE = "source.json", "table"
_FORMAT = "mho source of blocks 2"


def check_blocks(source: Path, out: Path, *, engine: str) -> None:
    """Refuse what cannot be fitted in blocks, and a folder with something else in it."""
    if engine != "digital":
        raise ValueError(f"--out-of-core takes --engine digital, got {engine}")
    if source.suffix.lower() != ".parquet":
        raise ValueError(f"{source}: --out-of-core takes a .parquet file, which it reads in parts")
    if not out.parent.is_dir():
        raise ValueError(f"{out}: its folder is not there")
    if out.exists() and not out.is_dir():
        raise ValueError(f"{out}: must be a folder for --out-of-core, is a file")
    if out.is_dir() and any(not path.name.startswith(".") for path in out.iterdir()) and not (out / _SOURCE).exists():
        raise ValueError(f"{out}: must be a new folder or that of an earlier --out-of-core, has other files")


def block_table(source: Path, out: Path, reading: TableOptions, *, choices: bool, quiet: bool) -> Any:
    """Return the table that is in `out`, or make it, of `choices` or else of ratings."""
    from mho.data import DataError, parquet_columns
    from mho.data.sealed_json import read_facts, write_facts
    from mho.recommend.distributed import BlockTable

    facts = _facts(source, reading) | ({"choices": True} if choices else {})
    try:
        table = BlockTable.open(out / TABLE)
    except DataError:  # none yet, or a run that was refused or interrupted on its way
        pass
    else:
        if (out / _SOURCE).exists() and read_facts(out / _SOURCE, _FORMAT, None)[0] != facts:
            raise ValueError(f"{out}: was made of another table, or {source} has changed since; take another -o")
        return table
    write_facts(out / _SOURCE, _FORMAT, facts)
    shutil.rmtree(out / TABLE, ignore_errors=True)
    columns = parquet_columns(source, reading.format())
    with progress(quiet=quiet, unit="row") as shown:
        tell_columns(source, columns, quiet=quiet)
        return _cut(source, out, reading, shown, choices=choices)


def _cut(source: Path, out: Path, reading: TableOptions, shown: Progress, *, choices: bool) -> Any:
    from mho.data import DataError
    from mho.recommend.distributed import BlockTable, ParquetRatings

    follow = _Read(shown, RejectedRows(source, out))
    ratings = ParquetRatings(source, reading.format(), follow=follow, lowest=reading.lowest(), choices=choices)
    columns = ratings.columns
    follow.total = ratings.rows
    _check_space(out, follow.total)
    shown.stage(f"reading the ids of {source.name}")
    with follow.rejected:
        ids = ratings.ids
    follow.rejected.tell(follow.total)
    if not all(ratings.shape):
        raise DataError(f"{source}: holds no row that can be read")
    shown.stage(f"cutting {source.name} into blocks")
    follow.again()
    kept = {"ids": ids, "columns": columns.names, "duplicates": "sum" if choices else "last"}
    return BlockTable.write(out / TABLE, ratings, ratings.shape, **kept)


def _check_space(out: Path, rows: int) -> None:
    from mho.recommend.distributed.block_files import DEALT_BYTES

    needed, free = DEALT_BYTES * rows, shutil.disk_usage(out).free
    if free < needed:
        sizes = f"{needed / 1e9:.3g} GB while blocks are made, and {free / 1e9:.3g} GB are free"
        raise OSError(f"{out}: {rows:,} ratings take {sizes}")


def _facts(source: Path, reading: TableOptions) -> dict[str, Any]:
    found = source.stat()
    how = reading.format()
    facts = {"path": str(source.resolve()), "bytes": found.st_size, "modified": found.st_mtime_ns}
    said = (("decimal", how.decimal), ("range", list(how.range or ())))
    return facts | {"columns": list(how.columns)} | {name: value for name, value in said if value}


@dataclass
class _Read:
    """Counts rows as they are read: once to know the ids, then twice to cut."""

    shown: Progress
    rejected: RejectedRows
    total: int = 0
    seen: int = 0
    known: bool = False

    def __call__(self, part: Any) -> None:
        if not self.known:
            self.rejected.add(part.rejected)
        self.seen += len(part) + len(part.rejected)
        self.shown.iteration(self.seen, self.total, "cut" if self.known else "ids")

    def again(self) -> None:
        self.known, self.seen, self.total = True, 0, 2 * self.total
