"""How a loop comes to rest: the exact transient, settling times, a bound."""

from mho.chip.transient.dynamics import Dynamics, dynamics
from mho.chip.transient.pictures import PICTURES, picture
from mho.chip.transient.regime import Regime
from mho.chip.transient.settling import settling_bound, settling_time
from mho.chip.transient.waveform import Waveform, transient

__all__ = [
    "PICTURES",
    "Dynamics",
    "Regime",
    "Waveform",
    "dynamics",
    "picture",
    "settling_bound",
    "settling_time",
    "transient",
]
