"""A circuit as text that ngspice, and a reader, can follow."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from mho.checks import one_of, positive_number
from mho.circuits.circuit import Circuit, values
from mho.circuits.classic import ClassicGinv
from mho.circuits.compact import CompactGinv
from mho.circuits.gram import GramInv
from mho.circuits.inverse import Egv, Inv
from mho.circuits.mvm import Mvm
from mho.spice import subcircuit, text
from mho.spice.dialect import DIALECTS, OPTIONS, saved, transient
from mho.spice.elements import elements

__all__ = ["netlist", "noise_netlist", "operating_point_netlist"]


def netlist(
    circuit: Circuit,
    volts: Any,
    *,
    duration: float,
    step: float,
    title: str | None = None,
    dialect: str = "ngspice",
) -> str:
    """Write the transient from zero of one right-hand side as a netlist; the circuit says its nodes' names.

    Parameters
    ----------
    circuit : Circuit
        The circuit.
    volts : array_like of shape (inputs,)
        Right-hand side, volts; the sources are at minus these.
    duration, step : float
        Length of the transient and the longest time step, seconds.
    title : str, optional
        First line.
    dialect : {"ngspice", "xyce"}
        Whose options and commands it ends with; all else reads the same to both. That for Xyce follows its reference
        guide and has not been run there.

    Returns
    -------
    str
        The netlist, ending in a newline.

    Raises
    ------
    TypeError, ValueError
        A wrong shape, a step or duration that is not above zero, a title of several lines.
    """
    one_of(dialect, "dialect", DIALECTS)
    duration, step = positive_number(duration, "duration"), positive_number(step, "step")
    commands = transient(dialect, _shown(circuit), duration, step)
    return _deck(circuit, volts, title, "transient from all amplifiers at zero", commands)


def operating_point_netlist(circuit: Circuit, volts: Any, *, title: str | None = None) -> str:
    """Write the operating point for one right-hand side as an ngspice netlist (``.op``), without the way there.

    Parameters
    ----------
    circuit : Circuit
        The circuit.
    volts : array_like of shape (inputs,)
        Right-hand side, volts.
    title : str, optional
        First line.

    Returns
    -------
    str
        The netlist, ending in a newline.
    """
    return _deck(circuit, volts, title, "operating point", [OPTIONS, *saved(_shown(circuit)), ".op"])


def noise_netlist(circuit: Circuit, volts: Any, output: str, *, title: str | None = None) -> str:
    """Write the noise of one output at rest as an ngspice netlist (``.noise``), from 1 Hz to far above the bandwidth.

    Parameters
    ----------
    circuit : Circuit
        The circuit.
    volts : array_like of shape (inputs,)
        Right-hand side, volts.
    output : str
        Node whose noise is asked for, one of the circuit's outputs.
    title : str, optional
        First line.

    Returns
    -------
    str
        The netlist, ending in a newline.
    """
    one_of(output, "output", circuit.outputs)
    # ngspice wants to refer the noise to a source of alternating voltage; one that drives nothing else will do
    probe = ["Vprobe probe 0 0 AC 1", "Rprobe probe 0 1"]
    command = f".noise v({output}) Vprobe dec 100 1 {text.number(1e4 * circuit.opamp.bandwidth)}"
    return _deck(circuit, volts, title, f"noise of output {output}", [OPTIONS, *probe, command])


def _deck(circuit: Circuit, volts: Any, title: str | None, analysis: str, commands: Iterable[str]) -> str:
    volts = values(volts, "volts", circuit.inputs, each="input", nonnegative=False)
    rows, columns = circuit.shape
    name = circuit.name[0].upper() + circuit.name[1:]
    lines = [
        text.one_line(f"{name}, {rows} rows, {columns} columns" if title is None else title),
        *_parameters(circuit),
        *elements(circuit, volts),
        *text.heading(f"Analysis: {analysis}"),
        *commands,
        ".end",
    ]
    return "\n".join(lines) + "\n"


def _parameters(circuit: Circuit) -> Iterator[str]:
    yield from text.heading("Parameters: siemens, volts per volt, hertz")
    name, meaning = (
        ("g_feedback", "feedback conductance of a row amplifier")
        if isinstance(circuit, Mvm | Egv)
        else ("g_in", "input conductance of a row")
    )
    yield f"* {name}: {meaning}"
    yield f".param {name}={text.number(getattr(circuit, name))}"
    yield from subcircuit.parameters(circuit.opamp, circuit.g_clamp)


def _shown(circuit: Circuit) -> list[str]:
    """Outputs, and the sense nodes of a loop."""
    sensed = isinstance(circuit, CompactGinv | ClassicGinv | GramInv | Inv)
    return [name for x in circuit.outputs for name in ([x, f"s{x[1:]}"] if sensed else [x])]
