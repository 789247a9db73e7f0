"""A circuit as text that ngspice, and a reader, can follow."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from mho.checks import one_of
from mho.spice import opamp, text
from mho.spice.arguments import positive_number, values
from mho.spice.circuit import Circuit

__all__ = ["netlist", "noise_netlist", "rest_netlist"]

# ngspice's defaults (1e-3 relative, 1 pA, 1 uV, 10 fC) suit volts and milliamperes. Here the answer is read to a part
# in a million, a cell carries nanoamperes, and a finite-gain error at virtual ground is below a microvolt.
# Gear, because a large step of the trapezoidal rule rings behind the fast clamped loops.
_OPTIONS = ".options method=gear reltol=1e-6 abstol=1e-15 vntol=1e-10 chgtol=1e-20"


def netlist(circuit: Circuit, volts: Any, *, duration: float, step: float, title: str | None = None) -> str:
    """Write the transient from zero of one right-hand side as an ngspice netlist; the circuit says its nodes' names.

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

    Returns
    -------
    str
        The netlist, ending in a newline.

    Raises
    ------
    TypeError, ValueError
        A wrong shape, a step or duration that is not above zero, a title of several lines.
    """
    end, longest = text.number(positive_number(duration, "duration")), text.number(positive_number(step, "step"))
    transient = f".tran {longest} {end} 0 {longest} uic"
    return _deck(circuit, volts, title, _analysis("from all amplifiers at zero", _saved(circuit), transient))


def rest_netlist(circuit: Circuit, volts: Any, *, title: str | None = None) -> str:
    """Write the state of rest for one right-hand side as an ngspice netlist (``.op``), without the way there.

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
    return _deck(circuit, volts, title, _analysis("state of rest", _saved(circuit), ".op"))


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
    probe = "Vprobe probe 0 0 AC 1\nRprobe probe 0 1"
    command = f"{probe}\n.noise v({output}) Vprobe dec 100 1 {text.number(1e4 * circuit.opamp.bandwidth)}"
    return _deck(circuit, volts, title, _analysis(f"noise of output {output}", (), command))


def _deck(circuit: Circuit, volts: Any, title: str | None, analysis: Iterable[str]) -> str:
    volts = values(volts, "volts", circuit.inputs, each="input", nonnegative=False)
    rows, columns = circuit.shape
    name = circuit.name[0].upper() + circuit.name[1:]
    lines = [
        text.one_line(f"{name}, {rows} rows, {columns} columns" if title is None else title),
        *_parameters(circuit),
        *circuit.elements(volts),
        *analysis,
    ]
    return "\n".join(lines) + "\n"


def _parameters(circuit: Circuit) -> Iterator[str]:
    yield from text.heading("Parameters: siemens, volts per volt, hertz")
    for name, (value, meaning) in circuit.parameters().items():
        yield f"* {name}: {meaning}"
        yield f".param {name}={text.number(value)}"
    yield from opamp.parameters(circuit.opamp, circuit.g_clamp)


def _saved(circuit: Circuit) -> list[str]:
    """Outputs, and the sense nodes of a loop."""
    return [name for x in circuit.outputs for name in ([x, f"s{x[1:]}"] if x.startswith("x") else [x])]


def _analysis(what: str, nodes: Iterable[str], command: str) -> Iterator[str]:
    yield from text.heading(f"Analysis: {what}")
    yield _OPTIONS
    yield from (f".save v({node})" for node in nodes)
    yield command
    yield ".end"
