"""`mho chip netlist`: a circuit for the user's own simulator."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from mho.cli.chip.options import CircuitOptions
from mho.cli.target import check_target

__all__ = ["netlist"]

_SUFFIXES = (".cir", ".ckt", ".net", ".sp", ".spi", ".spice", ".txt")


def netlist(
    *,
    options: CircuitOptions | None = None,
    dialect: Literal["ngspice", "xyce"] = "ngspice",
    duration: float | None = None,
    out: Annotated[Path | None, Parameter(name=("-o", "--out"))] = None,
) -> None:
    """Write the circuit of one problem as a netlist: its transient from zero, parameters at the top.

    Parameters
    ----------
    dialect
        Whose options and commands it ends with.
    duration
        Length of the transient, seconds; by default 20 of its slowest time constants.
    out
        File; by default the netlist is printed.
    """
    from mho.circuits import time_constant
    from mho.data import replacing
    from mho.spice import netlist

    options = options or CircuitOptions()
    if out is not None:
        check_target(out, options.files, suffixes=_SUFFIXES)
    programmed, volts = options.programmed()
    duration = 20 * time_constant(programmed.circuit) if duration is None else duration
    text = netlist(programmed.circuit, volts, duration=duration, step=duration / 400, dialect=dialect)
    if out is None:
        print(text, end="")
        return
    with replacing(out) as temporary:
        temporary.write_text(text, encoding="utf-8")
