"""Op-amps in a netlist: parameters, subcircuits, instances."""

from __future__ import annotations

from collections.abc import Iterator
from math import inf, isinf

from scipy.constants import Boltzmann

from mho.circuits.opamp import RAIL, OpAmp
from mho.spice.text import number

__all__ = ["instance", "parameters", "subcircuit"]

# Transconductance of the amplifier's only stage. Any value gives the same circuit: pole and load are scaled to it.
_STAGE_SIEMENS = 1e-3

_SECOND_OHMS = 1e3
"""Of the second pole. Any value gives the same circuit: its capacitor is scaled to it."""

_THERMAL = 4 * Boltzmann * 300.15
"""Thermal noise of one ohm at SPICE's own temperature, V^2/Hz."""


def parameters(opamp: OpAmp, g_clamp: float) -> Iterator[str]:
    """Yield the parameters of the subcircuits; `g_clamp` is the diode path of a rectifying op-amp, siemens."""
    named = {
        "gain": (opamp.gain, "of an op-amp, at zero frequency"),
        "bandwidth": (opamp.bandwidth, "of an op-amp, gain times frequency, hertz"),
        "slew_rate": (opamp.slew_rate, "of an op-amp, volts per second"),
        "v_max": (opamp.v_max, "rail of an op-amp, volts"),
        "second_pole": (opamp.second_pole, "of the output stage of an op-amp, hertz"),
        "output_ohms": (opamp.output_ohms or inf, "resistance of an op-amp's output"),
        "load_farads": (opamp.load_farads or inf, "capacitance of the wire at an op-amp's output, to ground"),
        "g_clamp": (g_clamp, "diode path of a rectifying op-amp"),
        "g_stage": (_STAGE_SIEMENS, "transconductance of an op-amp's stage; any value gives the same circuit"),
    }
    for name, (value, meaning) in named.items():
        if not isinf(value):
            yield f"* {name}: {meaning}"
            yield f".param {name}={number(value)}"
    yield "* c_pole: g_stage over 2 pi bandwidth, farads"
    yield ".param c_pole={g_stage/(6.283185307179586*bandwidth)}"


def subcircuit(opamp: OpAmp, *, bipolar: bool = False) -> Iterator[str]:
    """Yield the op-amp as a subcircuit with nodes plus, minus and output.

    Parameters
    ----------
    opamp : OpAmp
        The op-amp.
    bipolar : bool
        Whether its output goes below zero; the subcircuit is then ``opamp_bipolar``, else ``opamp_positive``.
    """
    yield f".subckt {_name(bipolar)} plus minus output"
    yield from _pole(opamp)
    yield from _output(opamp, bipolar)
    yield from _limits(opamp, bipolar)
    yield ".ends"


def _pole(opamp: OpAmp) -> Iterator[str]:
    yield "* one pole"
    if isinf(opamp.slew_rate):
        yield "Gstage 0 pole plus minus {g_stage}"
    else:
        most = "slew_rate*c_pole"
        yield f"Gstage 0 pole VALUE={{min(max(g_stage*V(plus,minus),-{most}),{most})}}"
    if opamp.noise:
        yield "* input noise: the thermal noise of a resistor that carries nothing else"
        yield f"Rnoise noise 0 {number(opamp.noise**2 / _THERMAL)}"
        yield "Gnoise 0 pole noise 0 {g_stage}"
    yield "Rpole pole 0 {gain/g_stage}"
    yield "Cpole pole 0 {c_pole} ic=0"


def _output(opamp: OpAmp, bipolar: bool) -> Iterator[str]:
    """From the pole's voltage, within the limits, to the output."""
    railed = not isinf(opamp.v_max)
    lowest = ("-v_max" if railed else "") if bipolar else "0"
    floored = f"max(V(pole),{lowest})" if lowest else "V(pole)"
    two, shown = not isinf(opamp.second_pole), f"min({floored},v_max)" if railed else floored
    driven = "source" if opamp.output_ohms else "output"
    yield f"E{'limited limited' if two else f'output {driven}'} 0 VALUE={{{shown}}}"
    if two:
        yield "* second pole: a resistor and a capacitor, and a follower"
        yield f"Rsecond limited second {number(_SECOND_OHMS)}"
        yield f"Csecond second 0 {{1/(6.283185307179586*{number(_SECOND_OHMS)}*second_pole)}} ic=0"
        yield f"Eoutput {driven} 0 second 0 1"
    if opamp.output_ohms:
        yield "* resistance of the output, and the wire that it drives"
        yield "Routput source output {output_ohms}"
        yield "Cload output 0 {load_farads} ic=0"


def _limits(opamp: OpAmp, bipolar: bool) -> Iterator[str]:
    railed = not isinf(opamp.v_max)
    if railed:
        yield "* the stage stops at a rail"
        yield f"Ghigh pole 0 VALUE={{{RAIL}*g_stage*max(V(pole)-v_max,0)}}"
    if railed and bipolar:
        yield f"Glow 0 pole VALUE={{{RAIL}*g_stage*max(-V(pole)-v_max,0)}}"
    if not bipolar:
        yield from _clamp(opamp.clamp)


def _clamp(clamp: str) -> list[str]:
    if clamp == "rectifying":
        return [
            "* rectifying clamp: below zero a diode path balances the inputs",
            "Gdiode minus plus VALUE={g_clamp*max(-V(pole),0)}",
        ]
    return [
        "* single supply: the stage stops at zero, the input floats",
        f"Glow 0 pole VALUE={{{RAIL}*g_stage*max(-V(pole),0)}}",
    ]


def _name(bipolar: bool) -> str:
    return "opamp_bipolar" if bipolar else "opamp_positive"


def instance(name: str, nodes: tuple[str, str, str], offset: float = 0.0, *, bipolar: bool = False) -> Iterator[str]:
    """Yield one op-amp between its nodes plus, minus and output.

    The input that is at ground, ``"0"``, stands at the input offset instead, volts.
    """
    plus, minus, output = nodes
    if offset:
        yield f"Voffset{name} reference{name} 0 {number(offset)}"
        plus, minus = (f"reference{name}" if node == "0" else node for node in (plus, minus))
    yield f"Xopamp{name} {plus} {minus} {output} {_name(bipolar)}"
