"""Digital platforms: rooflines from data sheets, and sustained rates that were published or measured."""

from __future__ import annotations

from dataclasses import dataclass

from mho.cost.arithmetic import Expression, term
from mho.cost.interval import Interval
from mho.cost.work import Work

__all__ = ["PLATFORMS", "Cost", "Platform", "Roofline", "Sustained"]


@dataclass(frozen=True, kw_only=True)
class Cost:
    """Time and energy of some work.

    Attributes
    ----------
    time, energy : Expression
        s and J, factor by factor.

    Examples
    --------
    >>> from mho.cost import PLATFORMS, Workload
    >>> cost = PLATFORMS["H100"].cost(Workload(m=1000, n=800).work())
    >>> cost.joules.typical > 0
    True
    """

    time: Expression
    energy: Expression

    @property
    def seconds(self) -> Interval:
        """Time, s."""
        return self.time.value

    @property
    def joules(self) -> Interval:
        """Energy, J."""
        return self.energy.value


@dataclass(frozen=True, kw_only=True)
class Roofline:
    """A processor by its peak rates.

    Attributes
    ----------
    flops : float
        In float32, 1/s.
    bytes_per_second : float
        Of its memory.
    start_seconds : Interval
        To start a step that waits for the one before.
    watts : float or Interval
        Stated power.
    source : str
        Of rates and power.

    Examples
    --------
    >>> from mho.cost import Interval, Roofline, Work
    >>> at_once = Interval.exact(0.0)
    >>> chip = Roofline(flops=1e12, bytes_per_second=1e11, start_seconds=at_once, watts=10.0, source="assumed")
    >>> print(chip.cost(Work(flops=3e11, bytes_cached=0, bytes_uncached=0)).seconds)
    1 (0.5 to 3)
    """

    flops: float
    bytes_per_second: float
    start_seconds: Interval
    watts: float | Interval
    source: str

    def cost(self, work: Work) -> Cost:
        """Return time and energy of `work` by the roofline, all of the stated power drawn.

        Low: 60 % of peak, factors cached. Typical: 30 %, cached. High: 10 %, every factor row fetched anew. These
        shares and the time to start a step are this project's assumptions.

        Parameters
        ----------
        work : Work
            Operations and traffic.
        """
        at_peak = term(
            "seconds at peak",
            Interval(*(max(work.flops / self.flops, b / self.bytes_per_second) for b in _traffic(work))),
            f"the longer of {work.flops:.3g} operations at {self.flops:.3g}/s and {work.bytes_cached:.3g} bytes, high: "
            f"{work.bytes_uncached:.3g}, at {self.bytes_per_second:.3g}/s; {self.source}",
        )
        slower = term("1 / share of peak", _SLOWER, "60, 30 and 10 %, an assumption")
        steps = term("steps", work.steps, "counted") * term("start_seconds", self.start_seconds, "an assumption")
        time = at_peak * slower + steps
        return Cost(time=time, energy=time * term("watts", self.watts, self.source))


@dataclass(frozen=True, kw_only=True)
class Sustained:
    """A processor by the rate that it reached in such work, memory included.

    Attributes
    ----------
    flops : Interval
        1/s.
    watts : Interval
    source : str
        Of rate and power.

    Examples
    --------
    >>> from mho.cost import Interval, Sustained, Work
    >>> cpu = Sustained(flops=Interval(1e9, 2e9, 4e9), watts=Interval.exact(10.0), source="assumed")
    >>> print(cpu.cost(Work(flops=4e9, bytes_cached=0, bytes_uncached=0)).seconds)
    2 (1 to 4)
    """

    flops: Interval
    watts: Interval
    source: str

    def cost(self, work: Work) -> Cost:
        """Return time and energy of `work` at a sustained rate.

        Parameters
        ----------
        work : Work
            Operations and traffic.
        """
        slowness = term("1 / rate", Interval.exact(1.0) / self.flops, self.source)
        time = term("operations", work.flops, "counted") * slowness
        return Cost(time=time, energy=time * term("watts", self.watts, self.source))


def _traffic(work: Work) -> tuple[float, float, float]:
    return work.bytes_cached, work.bytes_cached, work.bytes_uncached


Platform = Roofline | Sustained
"""A processor with its memory."""

_SLOWER = Interval(1 / 0.6, 1 / 0.3, 1 / 0.1)
_KERNEL_START = Interval(2e-6, 5e-6, 20e-6)
_FPGA_START = Interval(1e-6, 1e-6, 1e-5)

PLATFORMS: dict[str, Platform] = {
    "H100": Roofline(
        flops=66.9e12,
        bytes_per_second=3.35e12,
        start_seconds=_KERNEL_START,
        watts=700,
        source="SXM5, H100 data sheet",
    ),
    "A100": Roofline(
        flops=19.5e12,
        bytes_per_second=1.555e12,
        start_seconds=_KERNEL_START,
        watts=400,
        source="40 GB SXM4, A100 data sheet",
    ),
    "V100": Roofline(
        flops=15.7e12,
        bytes_per_second=0.9e12,
        start_seconds=_KERNEL_START,
        watts=300,
        source="SXM2; rate recalled, not verified",
    ),
    "P100": Roofline(
        flops=10.6e12,
        bytes_per_second=0.732e12,
        start_seconds=_KERNEL_START,
        watts=300,
        source="16 GB SXM2; recalled, not verified",
    ),
    "FPGA VU9P": Roofline(
        flops=1.4e12,
        bytes_per_second=77e9,
        start_seconds=_FPGA_START,
        watts=75,
        source="6,840 DSP slices, three a multiply-add, 300 MHz; four DDR4 channels; recalled, not verified. "
        "75 W is this project's assumption",
    ),
    "FPGA Zynq-7020": Roofline(
        flops=13e9,
        bytes_per_second=4.2e9,
        start_seconds=_FPGA_START,
        watts=2,
        source="220 DSP slices, five a multiply-add, 150 MHz; DDR3; recalled, not verified. 2 W is an assumption",
    ),
    "FPGA FASTCF": Sustained(
        flops=Interval.exact(217e9),
        watts=Interval(10, 25, 75),
        source="FASTCF: up to 217 GFLOPS in stochastic gradient descent on ratings (Zhou-2018); "
        "power not known to us, taken as 10, 25 and 75 W",
    ),
}
