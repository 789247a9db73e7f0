"""`mho advise`: number of components, engine, and whether a chip would pay, before a factorization."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from mho.cli.errors import note
from mho.cli.progress import progress
from mho.cli.quantity import engineering
from mho.cli.report import Json, as_json
from mho.cli.settings import WholeNumber
from mho.cli.standard_input import file_of
from mho.cli.tables import table, wrapped

__all__ = ["advise"]


def advise(
    source: Annotated[Path, Parameter(name="INPUT", allow_leading_hyphen=True)],
    /,
    *,
    missing: Literal["nan", "unstored"] | None = None,
    layout: Literal["matrix", "triplets"] = "matrix",
    seed: WholeNumber = 0,
    json: Json = False,
) -> None:
    """Say on one page how many components a matrix has, with which engine to factorize it, and if a chip would pay.

    Of a large matrix 120 rows and columns are looked at: drawn at random, or the fullest where entries are missing.
    Nothing is written.

    Parameters
    ----------
    source
        The matrix: .npy, .npz, .csv, .tsv, .mtx (these three also .gz) or .parquet; - is standard input.
    missing
        What is not known: nan, the NaN and empty fields; unstored, what a sparse matrix or triplets leave out.
    layout
        What a line of a table is: a row of the matrix, or one entry (row id, column id, value).
    seed
        Of the part that is looked at and of the entries held out.
    json
        Print JSON.
    """
    import mho
    from mho.data import DataError, read_matrix

    path = file_of(source)
    with progress(quiet=json) as shown:
        shown.stage(f"reading {path.name}")
        X = read_matrix(path, layout=layout)
        if layout == "triplets" and missing is None:
            note("what the table leaves out counts as zero; with --missing unstored it is not known, as in ratings")
        shown.stage("counting components")
        try:
            found = mho.advise(X, missing=missing, random_state=seed)
        except ValueError as error:
            raise DataError(f"{path}: {error}") from None
    print(as_json({"input": path, **found.record()}) if json else _page(path, found))


def _page(path: Path, found: Any) -> str:
    m, n = found.shape
    low, best, high = found.components
    rows = [
        ("input", str(path)),
        ("size", f"{m:,} x {n:,}, {found.known:.1%} of the entries known"),
        ("components", f"{best}" if low == high else f"{best} ({low} to {high} do about as well)"),
        ("error held out", f"{found.held_out:.2%}"),
        ("engine", found.engine),
        ("one chip, a sweep", f"{_cost(found.chip_seconds, found.chip_joules)}"),
        (f"{found.other}, a sweep", f"{_cost(found.other_seconds, found.other_joules)}"),
    ]
    return "\n\n".join([table(rows), *(wrapped(reason) for reason in found.reasons)])


def _cost(seconds: float, joules: float) -> str:
    if seconds == float("inf"):
        return "cannot"
    return f"{engineering(seconds, 's')}, {engineering(joules, 'J')} (modelled)"
