"""A sweep on disk: a Parquet table of its chips, marked with the plan they belong to."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import MISSING, Field, fields, is_dataclass, replace
from pathlib import Path
from typing import Any

from mho.data import DataError
from mho.data.output import replacing
from mho.data.seal import BLANK, check_seal
from mho.sweep.plan import Sweep

__all__ = ["read_trials", "write_trials"]

_PLAN, _CHIPS, _SEAL = b"mho_sweep", b"mho_chips", b"mho_seal"
_UNSEALED_PLAN = b"mho_plan"
"""Of the tables of 0.1.0."""
_NUMBERS = "error", "residual"

_KNOWN_WITH_SEALS = {
    "Amplifier": "gain bandwidth offset current_limit clamp output second_pole",
    "ArrayGeometry": "topology rows columns entries off_state switched_wires",
    "Converters": "dac_bits adc_bits v_in v_out adc_ranges full_scale inl dnl conversion_noise",
    "Device": "g_min g_max levels sigma sigma_cell pulses verify relaxation retention temperature noise faults",
    "Operation": "age kelvin integration",
    "Sweep": "design values ranges samples chips rows columns rhs noise seed",
    "Wires": "row_ohms column_ohms driver_ohms sense_ohms",
}
"""Properties of the first tables with a seal, whose mark says all of their plan; later ones leave out defaults."""

_SINCE_0_1_0 = {"entries", "full_scale", "output", "second_pole", "sigma_cell", "topology"}
"""Properties that the tables of 0.1.0, which have no seal, did not know yet."""


def write_trials(path: Path, sweep: Sweep, rows: list[dict[str, Any]]) -> None:
    """Write the chips tried so far, one a row.

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
    marks = {_PLAN: _digest(_stated(sweep)), _CHIPS: str(sweep.chips), _SEAL: BLANK}
    table = pa.Table.from_pylist(rows).replace_schema_metadata(marks)
    with replacing(path, sealed=True) as temporary, temporary.open("wb") as stream:
        pq.write_table(table, stream)


def read_trials(path: Path, sweep: Sweep) -> list[dict[str, Any]]:
    """Read what `write_trials` wrote, of as many chips as now or of fewer; nothing if the file is not there.

    Parameters
    ----------
    path : Path
        The file.
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
    sealed = check_seal(path)
    try:
        with path.open("rb") as stream:
            table = pq.read_table(stream)
        about, rows = table.schema.metadata or {}, table.to_pylist()
    except (pa.ArrowException, OSError, ValueError) as error:
        raise DataError(f"{path}: cannot be read as Parquet: {str(error).partition(chr(10))[0]}") from None
    mark = about.get(_PLAN if sealed else _UNSEALED_PLAN)
    first = _first_digest(sweep)
    if mark != first:
        chips = about.get(_CHIPS, b"")
        _check_plan(path, sweep, mark, int(chips) if chips.isdigit() else sum(row.get("point") == 0 for row in rows))
    _check_rows(path, sweep, rows)
    if mark == first and len(rows) < sweep.chips * len(sweep.points()):
        raise ValueError(f"{path}: was begun by a version of mho that drew other chips; give another file")
    return rows


def _check_plan(path: Path, sweep: Sweep, mark: bytes | None, chips: int) -> None:
    """Refuse the mark of another plan than this one; `chips`: as many as it was begun with, as far as that is told."""
    begun = replace(sweep, chips=chips) if chips else sweep
    if mark not in {_digest(of(plan)) for plan in (sweep, begun) for of in (_stated, _whole)}:
        raise ValueError(f"{path}: was not made by this plan; give another file, or the options it was made with")
    if chips > sweep.chips:
        raise ValueError(
            f"{path}: was made with {chips} chips, more than the {sweep.chips} now; give as many, or another file"
        )


def _check_rows(path: Path, sweep: Sweep, rows: list[dict[str, Any]]) -> None:
    """Refuse rows that are not those of chips of the plan, each once."""
    planned = {(point, chip): chosen for point, chosen, chip in sweep.trials()}
    if len(rows) > len(planned):
        raise DataError(f"{path}: has {len(rows)} rows, more than the {len(planned)} chips of its plan")
    columns = ("point", "chip", *next(iter(planned.values())), *_NUMBERS, "failure")
    for row in rows:
        if row.keys() != set(columns):
            raise DataError(f"{path}: must have the columns {', '.join(columns)}")
        place = row["point"], row["chip"]
        chosen = planned.pop(place, None) if all(isinstance(number, int) for number in place) else None
        if not (
            chosen is not None
            and all(row[name] == value for name, value in chosen.items())
            and all(isinstance(row[name], float) for name in _NUMBERS)
            and isinstance(row["failure"], str)
        ):
            raise DataError(f"{path}: its row of chip {row['chip']} at point {row['point']} is not one of its plan")


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).hexdigest().encode()


def _stated(value: Any) -> str:
    """Return a plan as text, without what is at its default: the same when a later version knows more properties."""
    if not is_dataclass(value):
        return repr(value)
    held = ((one, _stated(getattr(value, one.name))) for one in fields(value))
    return f"{type(value).__name__}({', '.join(f'{one.name}={text}' for one, text in held if text != _default(one))})"


def _default(one: Field[Any]) -> str | None:
    """Return a field's default value as `_stated` writes it, None if it has none."""
    if one.default is not MISSING:
        return _stated(one.default)
    return _stated(one.default_factory()) if one.default_factory is not MISSING else None


def _whole(value: Any, without: Collection[str] = ()) -> str:
    """Return a plan as `repr` wrote it when tables were marked with that; "" where it says what was not known then."""
    if not is_dataclass(value):
        return repr(value)
    name, stated = type(value).__name__, []
    known = _KNOWN_WITH_SEALS.get(name, "").split() or [one.name for one in fields(value)]
    for one in fields(value):
        text = _whole(getattr(value, one.name), without)
        if one.name in known and one.name not in without:
            stated.append(f"{one.name}={text}")
        elif text != _default(one):
            return ""
    return f"{name}({', '.join(stated)})"


def _first_digest(sweep: Sweep) -> bytes:
    """Return the mark of 0.1.0, which knew fewer properties and drew other chips at every point."""
    text = _whole(sweep, _SINCE_0_1_0)
    return _digest(text.replace("ArrayGeometry(", "Array(").replace("SweepRange(", "Range("))


def _pyarrow() -> tuple[Any, Any]:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise ImportError("a table of a sweep needs pyarrow: pip install 'mho[sweep]'") from None
    return pyarrow, pyarrow.parquet
