"""Events of a block of right-hand sides: conversions, settling time, energy."""

from __future__ import annotations

import numpy as np

from mho.chip.autorange import SettledBlock
from mho.chip.design import ChipDesign, Converters
from mho.chip.ledger import Ledger
from mho.chip.programmed_loop import ProgrammedLoop
from mho.circuits.errors import ChipError
from mho.circuits.modes import Modes
from mho.kernels.blas import one_blas_thread
from mho.operands import Dense

__all__ = ["ADDRESS_BYTES", "bits_moved", "converted", "count_events", "read_events", "settle_seconds", "settling"]

_SHORTEST_SETTLE = 60e-9
"""Seconds; a loop is not read earlier, whatever its eigenvalues: this project's choice."""

_SAMPLES = 8
"""Right-hand sides of a block whose own loop is examined; all of the block are given the slowest one's time."""

_BITS_WITHOUT_ADC = 12

ADDRESS_BYTES = 4
"""To say which row is on."""


def count_events(settled: SettledBlock, *, energy: bool = True) -> Ledger:
    """Return the events of one block.

    Parameters
    ----------
    settled : SettledBlock
        Outputs at rest.
    energy : bool
        Whether energy, charge and current count, which takes longer than to solve.
    """
    array, n = settled.rest.array, len(settled.range)
    solves, opamps = n + settled.repeated, array.loop.opamps
    seconds, heat = _while_settling(settled, energy=energy)
    return Ledger(
        followed=settled.followed,
        clipped=settled.clipped,
        overloaded=settled.overloaded,
        **settling(array.design, solves, solves * seconds, opamps),
        **heat,
        **_conversions(settled, solves),
    )


def settling(design: ChipDesign, solves: int, seconds: float, opamps: int) -> dict[str, float]:
    """Return the events of `solves` solves that so many op-amps have `seconds` for in all.

    Parameters
    ----------
    design : ChipDesign
        Design of the chip.
    solves, opamps : int
        Right-hand sides, and op-amps that are on.
    seconds : float
        Time.
    """
    on = seconds * opamps
    counts = (solves, seconds, on, on * design.amplifier.bandwidth, opamps)
    names = ("solves", "settle_seconds", "amplifier_seconds", "amplifier_cycles", "opamps")
    return dict(zip(names, counts, strict=True))


def converted(converters: Converters, inputs: int, outputs: int) -> dict[str, float]:
    """Return the events of so many numbers from memory through DACs, and from ADCs back.

    Parameters
    ----------
    converters : Converters
        Those of the chip.
    inputs, outputs : int
        Numbers.
    """
    dac_bits, adc_bits = bits_moved(converters)
    moved = dict(bytes_read=inputs * dac_bits / 8, bytes_written=outputs * adc_bits / 8)
    return dict(dac_conversions=inputs, adc_conversions=outputs) | moved


def _conversions(settled: SettledBlock, solves: int) -> dict[str, float]:
    """Conversions, switched word lines and bytes of a block that was settled `solves` times."""
    rest = settled.rest
    B, V, (n, k) = rest.B, rest.inputs, rest.outputs.shape
    driven = V.size if isinstance(B, Dense) or B.missing else n * B.shape[0]
    converted = driven if V[:1].any() or V.any() else 0  # a row at zero is tied to ground; most often the first tells
    dac_bits, adc_bits = bits_moved(rest.array.design.converters)
    return {
        "bytes_read": (converted + settled.injected) * dac_bits / 8 + (driven * ADDRESS_BYTES if B.missing else 0),
        "bytes_written": k * n * adc_bits / 8,
        "dac_conversions": (converted + settled.injected) * solves / n,
        "adc_conversions": k * solves,
        "word_lines": driven if B.missing else 0,
    }


def _while_settling(settled: SettledBlock, *, energy: bool) -> tuple[float, dict[str, float]]:
    """Time that each right-hand side is given, seconds, and energy, charge and current of the block."""
    rest, range_ = settled.rest, settled.range
    loop = rest.array.loop
    with one_blas_thread():  # the matrices of one loop are too small to share
        rows = {j: rest.rows(j) for j in _samples(len(range_)).tolist()}
        modes = [Modes.of(loop, on, loop.free(rest.outputs[j], on)) for j, (on, _) in rows.items()]
        seconds = _settle_seconds(rest.array, modes)
        if not energy:
            return seconds, {}
        watts = rest.power()
        shares, peak = _sampled(settled, rows, modes, watts, seconds)
    at_rest = float((1 + settled.repeated / len(range_)) * seconds * np.sum(watts * range_**2))
    names = ("array_joules", "load_joules", "load_coulombs", "input_coulombs")
    return seconds, {name: at_rest * share for name, share in zip(names, shares.tolist(), strict=True)} | {
        "peak_amperes": peak
    }


def read_events(design: ChipDesign, rows: int, columns: int) -> Ledger:
    """Return the events of reading every cell of one array, a row at a time.

    Parameters
    ----------
    design : ChipDesign
        Design of the chip.
    rows, columns : int
        Cells of the array.
    """
    return Ledger(**converted(design.converters, rows, rows * columns) | {"bytes_read": 0.0})


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
    return max(_SHORTEST_SETTLE, float(np.log(2.0 ** (bits_moved(converters)[1] + 1)) / rate))


def _sampled(
    settled: SettledBlock,
    rows: dict[int, tuple[np.ndarray, np.ndarray]],
    modes: list[Modes],
    watts: np.ndarray,
    seconds: float,
) -> tuple[np.ndarray, float]:
    """Ratios of switching energy and charge to energy at rest, sampled; and the largest current.

    The four shares are of the energy, of that from the outputs, and of the charge of outputs and inputs.
    """
    rest, range_, samples = settled.rest, settled.range, list(rows)
    at_rest, whole, peak = float(seconds * np.sum(watts[samples] * range_[samples] ** 2)), np.zeros(4), 0.0
    sources = rest.array.loop.passive.source_power(list(rows.values()))
    for j, of_loop, source_power in zip(samples, modes, sources, strict=True):
        square, once = range_[j] ** 2, range_[j]
        delivery = rest.switching_energy(j, rows[j], of_loop, seconds, source_power)
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
