"""Circuits as the page's JSON, and back."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf, isinf
from typing import Any

import numpy as np

from mho.circuits import Circuit, ClassicGinv, CompactGinv, Egv, GramInv, Inv, Mvm, OpAmp, Wires

__all__ = ["as_json", "from_json"]

_KINDS: dict[str, type[Any]] = {
    **{"compact": CompactGinv, "classic": ClassicGinv, "gram": GramInv, "mvm": Mvm},
    **{"inv": Inv, "egv": Egv},
}
_FIELDS = {
    "compact": ("g_left", "g_right", "g_comp", "g_in", "bias", "offset"),
    "classic": ("g_left", "g_right", "g_feedback", "g_in", "bias", "offset", "row_offset"),
    "gram": ("g_gram", "g_in", "offset"),
    "mvm": ("g", "g_feedback", "offset"),
    "inv": ("g_positive", "g_negative", "g_in", "g_ground", "offset"),
    "egv": ("g_positive", "g_negative", "g_feedback", "offset"),
}
_OPAMP = ("gain", "bandwidth", "slew_rate", "v_max", "second_pole", "clamp")
_WIRES = ("row_ohms", "column_ohms", "driver_ohms", "sense_ohms")


def as_json(circuit: Circuit) -> dict[str, Any]:
    """Return a circuit as plain numbers; infinite ones are None.

    Parameters
    ----------
    circuit : Circuit
        Without reference columns, every row on and every column connected.
    """
    topology = next(name for name, kind in _KINDS.items() if isinstance(circuit, kind))
    found: dict[str, Any] = {"topology": topology}
    for name in _FIELDS[topology]:
        value = getattr(circuit, name)
        if value is None:
            length = circuit.opamps if topology == "mvm" else circuit.shape[0 if name.startswith("row") else 1]
            value = np.zeros(length)
        found[name] = value.tolist() if isinstance(value, np.ndarray) else float(value)
    limits = {name: getattr(circuit.opamp, name) for name in _OPAMP}
    found["opamp"] = {name: None if isinstance(v, float) and isinf(v) else v for name, v in limits.items()}
    if isinstance(circuit, CompactGinv):
        found["wires"] = {name: getattr(circuit.wires, name) for name in _WIRES}
    return found


def from_json(given: Any) -> Circuit:
    """Return the circuit that JSON describes.

    Raises
    ------
    TypeError, ValueError
        Something is missing, of another kind, or what no circuit can be.
    """
    if not isinstance(given, Mapping) or given.get("topology") not in _KINDS:
        raise ValueError(f"circuit must be an object with a topology, one of {', '.join(_KINDS)}")
    topology = given["topology"]
    values = {name: _numbers(_part(given, name), name) for name in _FIELDS[topology]}
    limits: dict[str, Any] = {name: _part(_part(given, "opamp"), name) for name in _OPAMP}
    values["opamp"] = _opamp(limits)
    if topology == "compact":
        values["wires"] = Wires(**{name: _part(_part(given, "wires"), name) for name in _WIRES})
    return _KINDS[topology](**values)


def _opamp(limits: dict[str, Any]) -> OpAmp:
    finite: dict[str, Any] = {name: inf if v is None else v for name, v in limits.items()}
    return OpAmp(**finite)


def _part(given: Any, name: str) -> Any:
    if not isinstance(given, Mapping) or name not in given:
        raise ValueError(f"circuit must hold {name}")
    return given[name]


def _numbers(value: Any, name: str) -> Any:
    if not isinstance(value, list):
        return value
    try:
        return np.asarray(value, np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} must be numbers, in rows of the same length") from error
