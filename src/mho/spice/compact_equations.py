"""What is known of the compact generalised-inverse circuit without a simulator: its equations, wires being perfect."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mho.spice.reference import ReferenceColumns
from mho.spice.state_space import StateSpace

if TYPE_CHECKING:
    from mho.spice.compact import CompactGinv

__all__ = ["cell_noise", "state_space"]


def state_space(circuit: CompactGinv) -> StateSpace:
    """Return the equations of the k op-amps, those of reference columns, y and t, before them [2.4].

    ``s = (C - G_R' S^-1 G_R)^-1 (G_R' S^-1 (G_L x - g_in b) + bias)``; a reference column is one more column whose
    ``x`` is y, and t gives every sense node its feedback conductance's current.

    Parameters
    ----------
    circuit : CompactGinv
    """
    (left, right), Z = circuit.copies, _sense_resistance(circuit)
    weighted = (right / circuit.row_conductance[:, None]).T
    F, into = Z @ weighted @ left, np.zeros((len(Z), circuit.inputs))
    into[:, circuit.on] = -circuit.g_in * Z @ weighted
    c = Z @ _of_columns(circuit, circuit.bias) - _of_columns(circuit, circuit.offset)
    bipolar = 0
    if circuit.reference is not None:
        F, into, c, Z = _with_reference(circuit.reference, F, into, c, Z)
        bipolar = 2
    return StateSpace(F=F + np.eye(len(F)) / circuit.opamp.gain, B=into, c=c, Z=Z, bipolar=bipolar)


def cell_noise(circuit: CompactGinv, volts: np.ndarray, z: np.ndarray) -> np.ndarray:
    """Return the covariance at the sense nodes, these near ground; see `Circuit.cell_noise`.

    A driving cell injects into its row, a sensing cell takes from its row what it gives to its sense node.

    Parameters
    ----------
    circuit : CompactGinv
    volts : ndarray of shape (inputs,)
    z : ndarray of shape (n,)
    """
    (left, right), S, Z = circuit.copies, circuit.row_conductance, _sense_resistance(circuit)
    k, columns = circuit.shape[1], right.shape[1]
    extra = columns - k
    x = np.r_[z[:extra], np.maximum(z[-k:], 0)]
    r = (left @ x - circuit.g_in * volts[circuit.on]) / S
    share = right / S[:, None]  # of a current into a row that arrives at each sense node
    driving = ((x - r[:, None]) ** 2).sum(axis=1)
    square = r**2
    sensing = columns * square
    into_nodes = np.eye(columns) * square.sum() - share.T @ np.outer(square, np.ones(columns))
    currents = (share.T * (driving + sensing)) @ share + into_nodes
    covariance = Z @ (currents - np.outer(np.ones(columns), square) @ share) @ Z
    return np.pad(covariance, ((extra, 0),) * 2)


def _sense_resistance(circuit: CompactGinv) -> np.ndarray:
    """(C - G_R' S^-1 G_R)^-1, that of a reference column first, ohms."""
    right, reference = circuit.copies[1], circuit.reference
    taken = 0.0 if reference is None else reference.taken(circuit.shape[1])
    return np.linalg.inv(np.diag(right.sum(axis=0) + taken) - (right / circuit.row_conductance[:, None]).T @ right)


def _of_columns(circuit: CompactGinv, values: np.ndarray | None) -> np.ndarray:
    """A number for each sense node, a reference column's being zero, as they all are by default."""
    columns = circuit.copies[1].shape[1]
    return np.zeros(columns) if values is None else np.pad(values, (columns - len(values), 0))


def _with_reference(
    reference: ReferenceColumns, F: np.ndarray, B: np.ndarray, c: np.ndarray, Z: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Join the inverter, whose input divides evenly between all that it sums, and let t act."""
    columns = len(Z) - 1
    legs = np.r_[1.0, 0.0, np.full(columns, reference.share)]
    taken = Z @ reference.taken(columns)
    return (
        np.vstack([legs / legs.sum(), np.column_stack([F[:, 0], taken, F[:, 1:]])]),
        np.vstack([np.zeros(B.shape[1]), B]),
        np.r_[-reference.offset[0], c[0] - reference.offset[1], c[1:]],
        np.pad(Z, ((1, 0), (1, 0))) + np.diag(np.r_[1 / (legs.sum() * reference.g_sum), np.zeros(len(Z))]),
    )
