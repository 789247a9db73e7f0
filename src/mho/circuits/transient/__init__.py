"""Transients of a loop: the exact waveform, settling times, a bound."""

from mho.circuits.transient.piecewise import Regime
from mho.circuits.transient.plots import PICTURES, picture
from mho.circuits.transient.settling_time import settling_bound, settling_time
from mho.circuits.transient.waveform import Waveform, transient

__all__ = ["PICTURES", "Regime", "Waveform", "picture", "settling_bound", "settling_time", "transient"]
