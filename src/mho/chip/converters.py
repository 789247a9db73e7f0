"""The converters of one chip, between numbers and volts; each has errors of its own, drawn once."""

from __future__ import annotations

import numpy as np

from mho.chip.design import Converters

__all__ = ["ConverterBank"]


class ConverterBank:
    """A DAC for each row and an ADC for each column.

    Errors are stated in steps (LSB) of the converter, its end points being exact. Code c of n stands at

        c + bow 4 (c/n) (1 - c/n) + sum of the errors of the steps below, less their mean

    with the bow normal of spread `inl` for each converter and the step errors normal of spread `dnl`. A DAC has one
    such curve for both signs and a row with code zero is tied to ground, so that zero is exact and free of noise. That
    form is this project's model, not a measured converter's.

    Parameters
    ----------
    converters : Converters
        Their description.
    rng : Generator
        Not touched where there is no error and no noise.
    """

    def __init__(self, converters: Converters, rng: np.random.Generator) -> None:
        self._converters = converters
        self._dac_seed, self._adc_seed, noise = (
            rng.integers(2**62, size=3).tolist()
            if converters.inl or converters.dnl or converters.conversion_noise
            else (0, 0, 0)
        )
        self.noise = np.random.default_rng(noise)
        self._dac = np.zeros((0, 0))
        self._adc: dict[int, np.ndarray] = {}  # by the largest code: signed outputs have half as many

    @property
    def v_in(self) -> float:
        """Full scale of a DAC, volts."""
        return self._converters.v_in

    def to_volts(self, values: np.ndarray, full_scale: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Put signed values through the DACs; same unit out as in.

        Parameters
        ----------
        values : ndarray
            Of either sign, in the unit of `full_scale`.
        full_scale : ndarray
            What the largest code stands for; broadcasts against `values`.
        rows : ndarray of int
            Whose DAC each value goes through; likewise.
        """
        c = self._converters
        if c.dac_bits is not None:
            most = 2 ** (c.dac_bits - 1) - 1
            step = np.broadcast_to(full_scale / most, values.shape)
            codes = np.divide(values, step, out=np.zeros(values.shape), where=step > 0)
            np.rint(codes, out=codes)
            if c.inl or c.dnl:
                curve = self._dac = _curves(self._dac, int(rows.max(initial=-1)) + 1, most, c, self._dac_seed)
                codes = np.sign(codes) * curve[rows, np.abs(codes).astype(int)]
            codes *= step
            values = codes
        if c.conversion_noise:
            share = c.conversion_noise / c.v_in * full_scale
            values = values + (values != 0) * share * self.noise.standard_normal(values.shape)
        return values

    def to_digital(self, volts: np.ndarray, *, signed: bool = False, together: bool = False) -> np.ndarray:
        """Read outputs (n, k), volts, each row of them at the finest range that holds it.

        Parameters
        ----------
        volts : ndarray of shape (n, k)
            Not negative unless `signed`.
        signed : bool
            Whether half of the codes stand for negative volts, at the same errors as the other half.
        together : bool
            Whether all rows share the range of the largest.
        """
        c = self._converters
        if c.conversion_noise:
            noisy = volts + c.conversion_noise * self.noise.standard_normal(volts.shape)
            volts = noisy if signed else np.maximum(noisy, 0.0)
        if c.adc_bits is None:
            return volts
        if not signed:
            return self._quantised(volts, 2**c.adc_bits - 1, together)
        return np.sign(volts) * self._quantised(np.abs(volts), 2 ** (c.adc_bits - 1) - 1, together)

    def _quantised(self, volts: np.ndarray, most: int, together: bool) -> np.ndarray:
        c = self._converters
        peak = volts.max(axis=None if together else 1, keepdims=True)
        headroom = np.divide(c.v_out, peak, out=np.ones_like(peak), where=peak > 0)
        halvings = np.clip(np.floor(np.log2(headroom)), 0, c.adc_ranges)
        step = c.v_out / 2.0**halvings / most
        if not (c.inl or c.dnl):
            return np.minimum(np.rint(volts / step), most) * step
        known = self._adc.get(most, np.zeros((0, 0)))
        curves = self._adc[most] = _curves(known, volts.shape[1], most, c, self._adc_seed)
        return _codes(volts / step, curves) * step


def _curves(known: np.ndarray, count: int, most: int, converters: Converters, seed: int) -> np.ndarray:
    """Characteristics of `count` converters: positions of the codes 0 to `most` (count, most + 1), steps.

    The first ones are the same however many there are.
    """
    if len(known) >= count:
        return known
    drawn = np.random.default_rng(seed).standard_normal((count, most + 1))
    place = np.arange(most + 1) / most
    walk = converters.dnl * np.cumsum(drawn, axis=1)
    walk -= walk[:, :1] + (walk[:, -1:] - walk[:, :1]) * place
    bow = converters.inl * drawn[:, :1] * 4 * place * (1 - place)
    return np.arange(most + 1) + walk + bow


def _codes(steps: np.ndarray, curves: np.ndarray) -> np.ndarray:
    """Codes (n, k) for inputs in steps; an ADC changes from one to the next half-way between where they stand."""
    codes = np.empty_like(steps)
    for j, curve in enumerate(curves[: steps.shape[1]]):
        codes[:, j] = np.searchsorted(np.sort((curve[1:] + curve[:-1]) / 2), steps[:, j], side="right")
    return codes
