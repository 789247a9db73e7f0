"""`mho chip presets`: the designs that come with mho, value by value."""

from __future__ import annotations

import json
from typing import Annotated, Any

from cyclopts import Parameter

from mho.cli.tables import WIDTH, columns

__all__ = ["presets"]


def presets(
    *names: Annotated[str, Parameter(name="NAME", negative="")],
    as_json: Annotated[bool, Parameter(name="--json", negative="", show_default=False)] = False,
) -> None:
    """Show presets of a chip design: every property with its unit.

    These are the names that `mho chip sweep --set` and `ChipDesign.with_` take.

    Parameters
    ----------
    names
        Some presets; all if none is given.
    as_json
        Print JSON, with what each property means.
    """
    from mho import checks
    from mho.chip import preset, presets
    from mho.sweep import properties

    for name in names:
        checks.one_of(name, "NAME", presets())
    designs = {name: properties(preset(name)) for name in names or presets()}
    print(json.dumps(_document(designs), indent=2) if as_json else "\n\n".join(_tables(designs)))


def _tables(designs: dict[str, dict[str, Any]]) -> list[str]:
    """Return as many tables below each other as the width of a line asks for."""
    tables: list[str] = []
    part: dict[str, dict[str, Any]] = {}
    for name, found in designs.items():
        wider = part | {name: found}
        if part and max(map(len, columns(_rows(wider)).splitlines())) > WIDTH:
            tables.append(columns(_rows(part)))
            wider = {name: found}
        part = wider
    return [*tables, columns(_rows(part))]


def _rows(designs: dict[str, dict[str, Any]]) -> list[list[str]]:
    first = next(iter(designs.values()))
    header = ["property", "part", "unit", *designs]
    return [header] + [
        [name, p.part, p.unit, *(_shown(found[name].value) for found in designs.values())] for name, p in first.items()
    ]


def _document(designs: dict[str, dict[str, Any]]) -> dict[str, Any]:
    first = next(iter(designs.values()))
    return {
        "properties": {name: {"part": p.part, "unit": p.unit, "meaning": p.meaning} for name, p in first.items()},
        "presets": {name: {key: _plain(p.value) for key, p in found.items()} for name, found in designs.items()},
    }


def _shown(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool) or not isinstance(value, int | float):
        return _short(str(value))
    return f"{value:g}"


def _short(text: str) -> str:
    """Return a law without its numbers, which --json has."""
    return text.partition("(")[0] if text.endswith(")") else text


def _plain(value: Any) -> Any:
    """As JSON can say it, which knows no infinity."""
    if isinstance(value, float) and value in (float("inf"), float("-inf")):
        return str(value)
    return value if isinstance(value, bool | int | float | str | None) else str(value)
