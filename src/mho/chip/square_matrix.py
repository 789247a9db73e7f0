"""Circuits of one square matrix of either sign: pairs of cells, op-amps and inverters around them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from mho.chip.bit_slices import BitSlices
from mho.chip.design import ChipDesign
from mho.chip.mapping import ConductanceMap, map_pairs, map_slices
from mho.circuits.conductances import Conductances
from mho.circuits.errors import ChipError
from mho.circuits.inverse import Egv, Inv
from mho.circuits.loop_circuit import as_opamp

__all__ = ["KICK", "check_square", "eigenvector_circuit", "inverse_circuit", "inverse_map"]

_MARGIN = 0.02
"""Share by which the eigenvector loop's feedback is below the eigenvalue."""

KICK = 1e-6
"""Least spread of the offsets that it starts from, volts."""


def check_square(A: np.ndarray) -> None:
    """Refuse a matrix without an inverse for its shape or for a column of zeros.

    Raises
    ------
    ValueError
        It is one.
    """
    if A.shape[0] != A.shape[1]:
        raise ValueError(f"A must be square for its inverse or eigenvector, got shape {A.shape}")
    if not np.abs(A).max(axis=0).all():
        raise ValueError("A must not have a column of zeros, which would leave an op-amp without an input")


def inverse_map(A: np.ndarray, design: ChipDesign) -> ConductanceMap:
    """Return the pairs of cells of A (k, k), in slices where the design has any."""
    array = design.array
    if array.bits_per_cell is None:
        return map_pairs(A, design.device)
    return map_slices(BitSlices.of(A, array.slices, array.bits_per_cell), design.device)


def inverse_circuit(c: Conductances, design: ChipDesign, offset: np.ndarray) -> Inv:
    """Return the inverse circuit of cells that `inverse_map` laid out.

    A slice is driven by every output at the share that its bits count by; the amplifiers that give it are taken to be
    ideal. To the rows it is that share of its conductances, and the rest to ground.

    Parameters
    ----------
    c : Conductances
        As written.
    design : ChipDesign
        Its amplifier, and bits per cell.
    offset : ndarray of shape (k,)
        Input offset of each op-amp, volts.
    """
    k = c.left.shape[1]
    cells = c.left.reshape(-1, 2, k, k)
    share = 2.0 ** (-(design.array.bits_per_cell or 0) * np.arange(len(cells)))
    positive, negative = np.tensordot(share, cells, 1)
    return Inv(
        g_positive=positive,
        g_negative=negative,
        g_in=c.g_in,
        opamp=as_opamp(design.amplifier),
        offset=offset,
        g_ground=np.tensordot(1 - share, cells.sum(axis=(1, 3)), 1),
    )


def eigenvector_circuit(A: np.ndarray, c: Conductances, design: ChipDesign, offset: np.ndarray) -> Egv:
    """Return the eigenvector circuit of pairs of cells that hold A (k, k) at one scale.

    Parameters
    ----------
    A : ndarray of shape (k, k)
        The matrix, whose largest eigenvalue has to be known.
    c : Conductances
        As written.
    design : ChipDesign
        Its amplifier, and its range of outputs for rails.
    offset : ndarray of shape (k,)
        Input offset of each amplifier, volts, from which the loop starts.

    Raises
    ------
    ChipError
        The eigenvalue of largest size is not positive.
    """
    values = np.linalg.eigvals(A)
    largest = values[np.abs(values).argmax()]
    if abs(largest.imag) > 1e-9 * abs(largest) or largest.real <= 0:
        raise ChipError(
            f"the eigenvalue of largest size is {largest:.6g}: the loop grows along an eigenvector of a positive one "
            "alone; add a multiple of the identity"
        )
    k = len(A)
    return Egv(
        g_positive=c.left[:k],
        g_negative=c.left[k:],
        g_feedback=float((1 - _MARGIN) * largest.real * c.scale.max()),
        opamp=replace(as_opamp(design.amplifier), v_max=design.converters.v_out),
        offset=offset,
    )
