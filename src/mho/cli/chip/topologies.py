"""`mho chip topologies`: four circuits side by side on one matrix."""

from __future__ import annotations

from dataclasses import asdict, fields
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from mho.cli.chip.options import read_dense
from mho.cli.report import Json, as_json
from mho.cli.settings import WholeNumber
from mho.cli.tables import columns, wrapped

__all__ = ["topologies"]

_HEADERS = {"time_constant": "slowest, s", "noise": "noise, V"}
_BILLED = {"write_time": "s", "write_energy": "J", "solve_time": "s", "solve_energy": "J"}


def topologies(
    *,
    matrix: Annotated[Path | None, Parameter(allow_leading_hyphen=True)] = None,
    rows: WholeNumber = 64,
    columns_: Annotated[WholeNumber, Parameter(name="--columns")] = 8,
    preset: str = "pku-2025",
    kelvin: float = 300.0,
    amplifier_noise: float = 1e-8,
    seed: WholeNumber = 0,
    json: Json = False,
) -> None:
    """Show what each circuit is, and what it makes of the same matrix.

    All figures but `written_error` and those of time and energy are of exact cells. Time and energy are those of a
    chip of 40 nm, its converters and memory included (mho cost): to write the matrix, and to solve once.

    Parameters
    ----------
    matrix
        File with the matrix, - for standard input; without it, entries from 0 to 1 are drawn.
    rows
        Rows of the matrix that is drawn.
    columns_
        Columns of the matrix that is drawn.
    preset
        Cells, op-amps and range.
    kelvin
        Temperature of the resistors.
    amplifier_noise
        White input noise of an op-amp, volts per square root of a hertz.
    seed
        Of the matrix and of the errors of cells.
    json
        Print JSON.
    """
    import numpy as np

    from mho import checks
    from mho.chip import TOPOLOGY_NOTES, compare_topologies
    from mho.chip import preset as design
    from mho.circuits import Noise

    checks.at_least(seed, "--seed", 0)
    rng = np.random.default_rng(seed)
    A = _matrix(matrix, rows, columns_, rng)
    rows, columns_ = A.shape
    x = rng.uniform(0.5, 1.5, columns_)
    chosen = design(preset)
    found = compare_topologies(A, x, chosen, Noise(kelvin=kelvin, amplifier=amplifier_noise), seed=rng)
    billed = [_billed(one.topology, A, x, chosen, seed) for one in found]
    if json:
        print(as_json([asdict(one) | bill for one, bill in zip(found, billed, strict=True)]))
        return
    print(f"{rows} x {columns_}, {preset}, {kelvin:g} K, op-amps of {amplifier_noise:g} V/sqrt(Hz)\n")
    print(columns(_rows(found)) + "\n")
    print(columns(_bill_rows(found, billed)))
    for name, facts in TOPOLOGY_NOTES.items():
        print(f"\n{name}\n" + _paragraphs(asdict(facts)))


def _matrix(path: Path | None, rows: int, width: int, rng: Any) -> Any:
    """Return the matrix of a file, or one that is drawn."""
    from mho import checks

    if path is None:
        sizes = checks.positive_int(rows, "--rows"), checks.positive_int(width, "--columns")
        checks.at_least(rows, "--rows", width)
        return rng.random(sizes)
    A = checks.as_matrix(read_dense(path), str(path))
    if A.shape[0] < A.shape[1]:
        raise ValueError(f"{path} must have at least as many rows as columns, got shape {A.shape}")
    return A


def _billed(topology: str, A: Any, x: Any, design: Any, seed: int) -> dict[str, float]:
    """Return time and energy of a chip to write the matrix, and to answer once."""
    from mho.chip import Chip
    from mho.cost import estimate

    chip = Chip(design.with_(topology=topology), seed=seed)
    array = chip.program(A)
    written = chip.ledger.copy()
    array.multiply(x) if topology == "mvm" else array.solve(A @ x)
    write, solve = estimate(written), estimate(chip.ledger.since(written))
    values = (write.seconds, write.joules, solve.seconds, solve.joules)
    return {name: value.typical for name, value in zip(_BILLED, values, strict=True)}


def _bill_rows(found: list[Any], billed: list[dict[str, float]]) -> list[list[str]]:
    header = ["topology", *(f"{name}, {unit}" for name, unit in _BILLED.items())]
    return [header] + [[one.topology, *map(_shown, bill.values())] for one, bill in zip(found, billed, strict=True)]


def _rows(found: list[Any]) -> list[list[str]]:
    names = [f.name for f in fields(found[0])]
    return [[_HEADERS.get(name, name) for name in names]] + [
        [_shown(getattr(one, name)) for name in names] for one in found
    ]


def _paragraphs(notes: dict[str, str]) -> str:
    """Return a paragraph for each note, its name before it."""
    width = max(map(len, notes))
    return "\n".join(wrapped(f"{name:{width}}  {note}", indent=2, later=width + 4) for name, note in notes.items())


def _shown(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
