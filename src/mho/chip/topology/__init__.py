"""The four circuits that a pair of arrays and some op-amps can be, compared."""

from mho.chip.topology.noise import Noise, offset_gain, output_noise
from mho.chip.topology.regime import regime, steady_state

__all__ = ["Noise", "offset_gain", "output_noise", "regime", "steady_state"]
