"""The binary raw file that ngspice writes."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from mho.spice.ngspice_errors import NgspiceError

__all__ = ["Plot", "read_raw"]


class Plot(NamedTuple):
    """Result of one analysis: its name, values by node, and times or frequencies if it has any."""

    name: str
    voltages: dict[str, np.ndarray]
    scale: np.ndarray | None


def read_raw(content: bytes) -> Plot:
    """Return the first plot of a file's content: a text header, then one double per variable and point."""
    header, _, body = content.partition(b"Binary:\n")
    fields, _, listing = header.decode("utf-8", errors="replace").partition("Variables:\n")
    named = dict(line.split(":", 1) for line in fields.splitlines() if ":" in line)
    variables = [line.split() for line in listing.splitlines() if line.strip()]
    if not variables:
        return Plot(named.get("Plotname", " nothing"), {}, None)
    table = _table(body, int(named.get("No. Points", 0)), len(variables))
    of_kind = {
        kind: {_node(name): table[:, int(at)] for at, name, found, *_ in variables if found.startswith(kind)}
        for kind in ("voltage", "time", "frequency")
    }
    scale = next(iter((of_kind["time"] | of_kind["frequency"]).values()), None)
    return Plot(named.get("Plotname", ""), of_kind["voltage"], scale)


def _table(body: bytes, points: int, width: int) -> np.ndarray:
    size = points * width * np.dtype(np.float64).itemsize
    if not size or len(body) < size:  # a second plot may follow
        raise NgspiceError(f"ngspice's raw file holds {len(body)} bytes of numbers where its header promises {size}")
    return np.frombuffer(body[:size], dtype=np.float64).reshape(points, width)


def _node(variable: str) -> str:
    return variable[2:-1] if variable.startswith("v(") and variable.endswith(")") else variable
