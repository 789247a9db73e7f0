"""`mho chip presets`: the designs that come with mho, value by value."""

from __future__ import annotations

import json
from typing import Annotated, Any

from cyclopts import Parameter

from mho.cli.plain import columns

__all__ = ["presets"]


def presets(*, as_json: Annotated[bool, Parameter(name="--json", negative="", show_default=False)] = False) -> None:
    """Show every preset and every property of a chip design, with its unit.

    These are the names that `mho chip sweep --set` and `ChipDesign.with_` take.

    Parameters
    ----------
    as_json
        Print JSON, with what each property means.
    """
    from mho.chip import preset, presets
    from mho.sweep import properties

    designs = {name: properties(preset(name)) for name in presets()}
    print(json.dumps(_document(designs), indent=2) if as_json else columns(_rows(designs)))


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
        return str(value)
    return f"{value:g}"


def _plain(value: Any) -> Any:
    """As JSON can say it, which knows no infinity."""
    if isinstance(value, float) and value in (float("inf"), float("-inf")):
        return str(value)
    return value if isinstance(value, bool | int | float | str | None) else str(value)
