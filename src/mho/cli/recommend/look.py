"""`mho recommend look`: a table as it is understood, and the command that fits it."""

from __future__ import annotations

import shlex
from dataclasses import asdict
from pathlib import Path
from typing import Any

from mho.cli.recommend.options import TableFile
from mho.cli.recommend.table import TableOptions, read_table
from mho.cli.report import Json, as_json
from mho.cli.standard_input import file_of
from mho.cli.tables import table as laid_out

__all__ = ["look"]

_MARKS = {"\t": "a tab", ",": "a comma", ";": "a semicolon", " ": "a space", "": "none of a text's"}


def look(
    source: TableFile,
    /,
    *,
    reading: TableOptions = TableOptions(),  # noqa: B008
    json: Json = False,
) -> None:
    """Show how a table is understood: separator, columns, scale, repeated pairs, tails; and propose a command line.

    Parameters
    ----------
    source
        As for `fit`; - is standard input.
    json
        Print JSON.
    """
    from mho.data.columns import time_columns
    from mho.data.interactions import separator, table_names
    from mho.recommend.table_facts import table_facts

    path = file_of(source, most=reading.max_bytes)
    how = reading.format()
    table = read_table(path, _any_sign(path, reading), quiet=True)
    facts = table_facts(table.users.codes, table.items.codes, table.ratings)
    names = table_names(path, how)
    times = time_columns(names)
    found = {
        "separator": separator(path, how),
        "columns": list(map(str, table.columns.names)),
        "guessed": table.columns.guessed,
        "notes": list(table.notes),
        "times": list(map(str, times)),
        "others": [str(name) for name in names if name not in (*table.columns.names, *times)],
        "rejected": len(table.rejected),
        **asdict(facts),
    }
    found["command"] = _command(source, reading, found)
    print(as_json(found) if json else laid_out(_rows(found)))


def _any_sign(path: Path, reading: TableOptions) -> TableOptions:
    """Return options that take ratings below zero too, where no range is said: they are what is looked for."""
    from dataclasses import replace
    from sys import float_info

    return reading if reading.range_ is not None else replace(reading, range_=(-float_info.max, float_info.max))


def _command(source: Path, reading: TableOptions, found: dict[str, Any]) -> str:
    """Return the command line that fits the table."""
    words = ["mho", "recommend", "fit", str(source), "--model", found["model"]]
    for name in ("columns", "sep", "decimal"):
        if getattr(reading, name):
            words += [f"--{name}", getattr(reading, name)]
    if found["guessed"] and not reading.columns:
        words += ["--columns", ",".join(found["columns"])]
    if found["lowest"] is not None and found["lowest"] < 0 and found["model"] == "mixed-ratings":
        words.append(f"--range={found['lowest']:g}:{found['highest']:g}")
    return shlex.join([*words, "-o", f"{source.stem.split('.')[0].lstrip('-') or 'table'}.npz"])


def _rows(found: dict[str, Any]) -> list[tuple[str, str]]:
    rows = [
        ("fields", f"parted by {_MARKS.get(found['separator'], found['separator'])}"),
        ("columns", ", ".join(found["columns"]) + (" (a guess)" if found["guessed"] else "")),
        *(("note", note) for note in found["notes"]),
        ("times", ", ".join(found["times"]) or "no column is called so"),
        ("not used", ", ".join(found["others"]) or "no other column"),
        ("rows", f"{found['rows']:,}, {found['rejected']:,} that cannot be read"),
        ("size", f"{found['users']:,} users x {found['items']:,} items, {found['pairs']:,} pairs"),
    ]
    repeated = found["rows"] - found["pairs"]
    if repeated:
        rows.append(("repeated", f"{repeated:,} rows are of a pair that was there before"))
    if found["values"]:
        step = "" if found["step"] is None else f", in steps of {found['step']:.3g} at least"
        span = f"{found['lowest']:g} to {found['highest']:g}, median {found['median']:g}"
        rows.append(("ratings", f"{span}, {found['values']:,} values{step}"))
    tails = f"{found['once_users']:.0%} of users and {found['once_items']:.0%} of items have one row"
    rows.append(("tails", f"{tails}; a hundredth of the items has {found['popular']:.0%} of the rows"))
    rows.append(("model", f"{found['model']}: {found['why']}"))
    rows.append(("command", found["command"]))
    return rows
