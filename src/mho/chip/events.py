"""Events of a block of right-hand sides: conversions, settling time, energy."""

from __future__ import annotations

import numpy as np

from mho.chip.autorange import SettledBlock
from mho.chip.design import ChipDesign, Converters
from mho.chip.energy import masked_power, power, switching_energy
from mho.chip.ledger import Ledger
from mho.chip.programmed_loop import ProgrammedLoop
from mho.circuits.errors import ChipError
from mho.circuits.modes import Modes
from mho.kernels.blas import one_blas_thread
from mho.operands import Dense, Matrix

__all__ = ["ADDRESS_BYTES", "SHORTEST_SETTLE", "bits_moved", "count_events", "read_events", "settle_seconds"]

SHORTEST_SETTLE = 60e-9
"""Seconds; a loop is not read earlier, whatever its eigenvalues: this project's choice."""

_SAMPLES = 8
"""Right-hand sides of a block whose own loop is examined; all of the block are given the slowest one's time."""

_BITS_WITHOUT_ADC = 12

ADDRESS_BYTES = 4
"""To say which row is on."""


def count_events(array: ProgrammedLoop, B: Matrix, settled: SettledBlock) -> Ledger:
    """Return the events of one block.

    Parameters
    ----------
    array : ProgrammedLoop
        The programmed chip.
    B : operand of shape (m, n)
        Right-hand sides by columns.
    settled : SettledBlock
        Outputs at rest.
    """
    X, V, range_ = settled.outputs, settled.inputs, settled.range
    n, k = X.shape
    solves, once_more = n + settled.repeated, 1 + settled.repeated / n
    driven = V.size if isinstance(B, Dense) or B.missing else n * B.shape[0]
    converted = driven if V.any() else 0  # a row at zero is tied to ground
    watts = masked_power(array, B, V, X) if B.missing else power(array, B, V, X, settled.constant, 1 / range_[:, None])
    with one_blas_thread():  # the matrices of one loop are too small to share
        on = {j: array.inputs.active_row_voltages(B, V, j)[0] for j in _samples(n)}
        modes = {j: Modes.of(array.loop, rows, array.loop.free(X[j], rows)) for j, rows in on.items()}
        seconds = _settle_seconds(array, list(modes.values()))
        sampled, peak = _sampled(array, B, settled, modes, watts, seconds)
    at_rest = float(once_more * seconds * np.sum(watts * range_**2))
    amplifier_seconds = solves * seconds * array.loop.opamps
    dac_bits, adc_bits = bits_moved(array.design.converters)
    return Ledger(
        solves=solves,
        followed=settled.followed,
        clipped=settled.clipped,
        overloaded=settled.overloaded,
        settle_seconds=solves * seconds,
        amplifier_seconds=amplifier_seconds,
        amplifier_cycles=amplifier_seconds * array.design.amplifier.bandwidth,
        array_joules=at_rest * float(sampled[0]),
        load_joules=at_rest * float(sampled[1]),
        load_coulombs=at_rest * float(sampled[2]),
        input_coulombs=at_rest * float(sampled[3]),
        peak_amperes=peak,
        opamps=array.loop.opamps,
        bytes_read=(converted + settled.injected) * dac_bits / 8 + (driven * ADDRESS_BYTES if B.missing else 0),
        bytes_written=k * n * adc_bits / 8,
        dac_conversions=(converted + settled.injected) * solves / n,
        adc_conversions=k * solves,
        word_lines=driven if B.missing else 0,
    )


def read_events(design: ChipDesign, rows: int, columns: int) -> Ledger:
    """Return the events of reading every cell of one array, a row at a time.

    Parameters
    ----------
    design : ChipDesign
        Design of the chip.
    rows, columns : int
        Cells of the array.
    """
    cells = rows * columns
    return Ledger(
        dac_conversions=rows,
        adc_conversions=cells,
        bytes_written=cells * bits_moved(design.converters)[1] / 8,
    )


def bits_moved(converters: Converters) -> tuple[int, int]:
    """Return the bits of a number on its way to a DAC, and from an ADC.

    Parameters
    ----------
    converters : Converters
        Without resolution they count as converters of 12 bits.
    """
    return converters.dac_bits or _BITS_WITHOUT_ADC, converters.adc_bits or _BITS_WITHOUT_ADC


def settle_seconds(rate: float, converters: Converters) -> float:
    """Return the time to half a step of the ADC, seconds.

    Parameters
    ----------
    rate : float
        The slowest decay rate, 1/s.
    converters : Converters
        Those of the chip.
    """
    return max(SHORTEST_SETTLE, float(np.log(2.0 ** (bits_moved(converters)[1] + 1)) / rate))


def _sampled(
    array: ProgrammedLoop, B: Matrix, settled: SettledBlock, modes: dict[int, Modes], watts: np.ndarray, seconds: float
) -> tuple[np.ndarray, float]:
    """Ratios of switching energy and charge to energy at rest, sampled; and the largest current.

    The four shares are of the energy, of that from the outputs, and of the charge of outputs and inputs.
    """
    X, range_, samples = settled.outputs, settled.range, list(modes)
    at_rest, whole, peak = float(seconds * np.sum(watts[samples] * range_[samples] ** 2)), np.zeros(4), 0.0
    rows = [array.inputs.active_row_voltages(B, settled.inputs, j) for j in samples]
    constant = np.broadcast_to(settled.constant, X.shape)
    for j, rows_on, source_power in zip(samples, rows, array.loop.passive.source_power(rows), strict=True):
        square, once = range_[j] ** 2, range_[j]
        delivery = switching_energy(array, modes[j], rows_on, X[j], constant[j], 1 / once, seconds, source_power)
        whole += (
            delivery.joules * square,
            delivery.load_joules * square,
            delivery.load_coulombs * once,
            delivery.input_coulombs * once,
        )
        peak = max(peak, delivery.peak_amperes * once)
    return (whole / at_rest if at_rest > 0 else whole), float(peak)


def _samples(n: int) -> np.ndarray:
    return np.unique(np.linspace(0, n - 1, _SAMPLES).astype(int))


def _settle_seconds(array: ProgrammedLoop, modes: list[Modes]) -> float:
    """Time to half a step of the ADC, from the slowest of some of the block's loops."""
    rate = min(loop.slowest for loop in modes)
    if rate <= 0:
        raise ChipError(_unstable(array))
    return settle_seconds(rate, array.design.converters)


def _unstable(array: ProgrammedLoop) -> str:
    second = array.design.amplifier.second_pole
    if np.isfinite(second):
        return (
            f"the loop is not stable at its operating point with a second pole of {second:g} Hz; a faster output stage "
            "or the compact circuit would help"
        )
    return (
        "the loop is not stable at its operating point: the two arrays of the matrix differ too much for how alike its "
        "columns are; a smaller programming error, fewer columns or a ridge would help"
    )
