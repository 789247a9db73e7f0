"""Quantisation at the rows and at the columns."""

from __future__ import annotations

import numpy as np

from mho.chip.design import Converters

__all__ = ["to_digital", "to_volts"]


def to_volts(values: np.ndarray, full_scale: np.ndarray | float, converters: Converters) -> np.ndarray:
    """Round signed values to the DAC's steps, `full_scale` being its largest code; same unit out as in."""
    if converters.dac_bits is None:
        return values
    step = np.asarray(full_scale) / (2 ** (converters.dac_bits - 1) - 1)
    codes = np.divide(values, step, out=np.zeros(np.shape(values)), where=np.broadcast_to(step > 0, np.shape(values)))
    np.rint(codes, out=codes)
    codes *= step
    return codes


def to_digital(volts: np.ndarray, converters: Converters) -> np.ndarray:
    """Read outputs (n, k), volts >= 0, at the finest range that holds each row of them."""
    if converters.adc_bits is None:
        return volts
    peak = volts.max(axis=1, keepdims=True)
    headroom = np.divide(converters.v_out, peak, out=np.ones_like(peak), where=peak > 0)
    halvings = np.clip(np.floor(np.log2(headroom)), 0, converters.adc_ranges)
    step = converters.v_out / 2.0**halvings / (2**converters.adc_bits - 1)
    return np.rint(volts / step) * step
