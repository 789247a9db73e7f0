"""`mho chip topologies`: four circuits side by side on one matrix."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import Annotated, Any

from cyclopts import Parameter

from mho.cli.report import Json, as_json
from mho.cli.settings import WholeNumber
from mho.cli.tables import columns

__all__ = ["topologies"]

_UNITS = {"time_constant": "s", "offset_gain": "V/V", "noise": "V"}


def topologies(
    *,
    rows: WholeNumber = 64,
    columns_: Annotated[WholeNumber, Parameter(name="--columns")] = 8,
    preset: str = "pku-2025",
    kelvin: float = 300.0,
    amplifier_noise: float = 1e-8,
    seed: WholeNumber = 0,
    json: Json = False,
) -> None:
    """Show what each circuit is, and what it makes of the same random matrix.

    All figures but `written_error` are those of exact cells.

    Parameters
    ----------
    rows
        Rows of the matrix, entries from 0 to 1.
    columns_
        Columns of the matrix.
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

    sizes = checks.positive_int(rows, "--rows"), checks.positive_int(columns_, "--columns")
    checks.at_least(rows, "--rows", columns_)
    checks.at_least(seed, "--seed", 0)
    rng = np.random.default_rng(seed)
    A, x = rng.random(sizes), rng.uniform(0.5, 1.5, columns_)
    found = compare_topologies(A, x, design(preset), Noise(kelvin=kelvin, amplifier=amplifier_noise), seed=rng)
    if json:
        print(as_json([asdict(one) for one in found]))
        return
    print(f"{rows} x {columns_}, {preset}, {kelvin:g} K, op-amps of {amplifier_noise:g} V/sqrt(Hz)\n")
    print(columns(_rows(found)))
    for name, facts in TOPOLOGY_NOTES.items():
        print(f"\n{name}\n" + columns([(f"  {key}", value) for key, value in asdict(facts).items()]))


def _rows(found: list[Any]) -> list[list[str]]:
    names = [f.name for f in fields(found[0])]
    header = [f"{name}, {_UNITS[name]}" if name in _UNITS else name for name in names]
    return [header] + [[_shown(getattr(one, name)) for name in names] for one in found]


def _shown(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
