"""The circuit of a loop at rest, as its equations of motion and a netlist take it."""

from __future__ import annotations

import numpy as np

from mho.circuits.circuit import Circuit
from mho.circuits.classic import ClassicGinv
from mho.circuits.classic_loop import ClassicNetwork
from mho.circuits.compact import CompactGinv
from mho.circuits.errors import ChipError
from mho.circuits.gram import GramInv
from mho.circuits.gram_network import GramNetwork
from mho.circuits.loop import Loop
from mho.circuits.opamp import OpAmp, SinglePole
from mho.circuits.reference_amplifiers import ReferenceAmplifiers
from mho.circuits.reference_columns import ReferenceColumns

__all__ = ["as_opamp", "connected_columns", "loop_circuit"]

_LARGEST_GAIN = 1e9
"""Stands for infinity, which has no place in a netlist."""


def as_opamp(opamp: SinglePole) -> OpAmp:
    """Return the op-amp of a circuit; an infinite gain becomes one of 1e9."""
    gain = min(opamp.gain, _LARGEST_GAIN)
    return OpAmp(
        gain=gain,
        bandwidth=opamp.bandwidth,
        clamp=opamp.clamp,
        output="signed" if opamp.output == "signed" else "nonnegative",  # as a switched one is while it is clamped
        second_pole=opamp.second_pole,
        output_ohms=opamp.output_ohms,
        load_farads=opamp.load_farads,
    )


def connected_columns(loop: Loop, on: np.ndarray | None) -> np.ndarray:
    """Return a mask (k,) of columns that have a cell in a row that is on.

    Parameters
    ----------
    loop : Loop
        The loop.
    on : ndarray of bool of shape (m,), or None
        Rows that are on; None: all.
    """
    c, rows = loop.conductances, slice(None) if on is None else on
    return np.sum(c.left[rows] + c.right[rows], axis=0) > 0


def loop_circuit(loop: Loop, bias: np.ndarray, on: np.ndarray | None = None) -> Circuit:
    """Return the circuit of a loop; columns without cells, which are not connected, are left out.

    Parameters
    ----------
    loop : Loop
        The loop.
    bias : ndarray of shape (k,)
        Constant current into each sense node, amperes.
    on : ndarray of bool of shape (m,), optional
        Rows that are switched on; by default all.

    Raises
    ------
    ChipError
        No column has a cell in a row that is switched on.
    """
    connected = connected_columns(loop, on)
    if not connected.any():
        raise ChipError("there is no circuit: no column has a cell in a row that is switched on")
    if isinstance(loop.passive, GramNetwork):
        return _gram(loop, connected)
    if isinstance(loop.passive, ClassicNetwork):
        return _classic(loop, loop.passive, bias, connected, on)
    return _compact(loop, bias, connected, on)


def _compact(loop: Loop, bias: np.ndarray, connected: np.ndarray, on: np.ndarray | None) -> CompactGinv:
    c = loop.conductances
    return CompactGinv(
        g_left=c.left[:, connected],
        g_right=c.right[:, connected],
        g_comp=c.comp,
        g_in=c.g_in,
        opamp=as_opamp(loop.opamp),
        bias=bias[connected],
        offset=loop.offset[connected],
        wires=loop.passive.wires,
        reference=loop.reference and _reference(loop.reference, c.g_in),
        word_lines=on,
        places=None if connected.all() else connected,
    )


def _classic(
    loop: Loop, network: ClassicNetwork, bias: np.ndarray, connected: np.ndarray, on: np.ndarray | None
) -> ClassicGinv:
    """The circuit of the rows that are on: the others have neither cells nor input."""
    c = loop.conductances
    rows = np.ones(len(c.left), bool) if on is None else on
    return ClassicGinv(
        g_left=c.left[rows][:, connected],
        g_right=c.right[rows][:, connected],
        g_feedback=np.full(np.count_nonzero(rows), c.g_in),
        g_in=c.g_in,
        opamp=as_opamp(loop.opamp),
        bias=bias[connected],
        row_offset=np.broadcast_to(network.row_offset, len(rows))[rows],
        offset=-loop.offset[connected],
        wires=network.wires,
        places=None if connected.all() else connected,
        row_places=None if rows.all() else rows,
    )


def _gram(loop: Loop, connected: np.ndarray) -> GramInv:
    c = loop.conductances
    return GramInv(
        g_gram=c.left[np.ix_(connected, connected)],
        g_in=c.g_in,
        opamp=as_opamp(loop.opamp),
        offset=loop.offset[connected],
        wires=loop.passive.wires,
        places=None if connected.all() else connected,
    )


def _reference(amplifiers: ReferenceAmplifiers, g_sum: float) -> ReferenceColumns:
    """The summing inverter's conductances only have to be alike."""
    columns = amplifiers.columns
    return ReferenceColumns(
        g_left=columns.left,
        g_right=columns.right,
        g_feedback=columns.feedback,
        g_sum=g_sum,
        share=columns.share,
        offset=tuple(amplifiers.offset.tolist()),
    )
