"""`mho chip plot`: one settling loop as a picture."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from mho.cli.chip.options import CircuitOptions
from mho.cli.target import check_target

__all__ = ["plot"]


def plot(
    what: Literal["waveforms", "array", "active-set", "poles"],
    *,
    out: Annotated[Path, Parameter(name=("-o", "--out"))],
    options: CircuitOptions | None = None,
) -> None:
    """Draw how a circuit settles on one problem.

    Parameters
    ----------
    what
        Outputs against time; conductances and currents at rest; which outputs are free against time; the eigenvalues
        of the loop at its start and at rest.
    out
        PNG or SVG file.
    """
    from mho.circuits.transient import picture

    options = options or CircuitOptions()
    if out.suffix not in (".png", ".svg"):
        raise ValueError(f"--out must end in .png or .svg, got {out}")
    check_target(out, options.files)
    programmed, volts = options.settling()
    picture(what, programmed.circuit, volts, out)
