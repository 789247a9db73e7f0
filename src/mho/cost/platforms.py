"""Digital platforms as rooflines: peak rates from data sheets, and the share of them that real kernels reach."""

from __future__ import annotations

from dataclasses import dataclass

from mho.cost.range import Range
from mho.cost.work import Work

__all__ = ["PLATFORMS", "Platform", "Roofline"]


@dataclass(frozen=True, kw_only=True)
class Roofline:
    """Time and energy of some work, from the kindest assumption to the harshest.

    Attributes
    ----------
    seconds, joules : Range
    """

    seconds: Range
    joules: Range


@dataclass(frozen=True, kw_only=True)
class Platform:
    """A processor with its memory.

    Attributes
    ----------
    name : str
    flops : float
        Peak rate in float32, 1/s.
    bytes_per_second : float
        Of its memory.
    watts : float
        Stated power.
    source : str
        Of these three.
    """

    name: str
    flops: float
    bytes_per_second: float
    watts: float
    source: str

    def sweep(self, work: Work) -> Roofline:
        """Return what `work` takes, all of the stated power drawn.

        Low: 60 % of peak, factors cached. Typical: 30 %, cached [4.4]. High: 10 %, every factor row fetched anew. These
        shares are this project's assumption; starting a kernel, which dominates small problems, is left out.
        """
        seconds = Range(
            *(
                max(work.flops / self.flops, moved / self.bytes_per_second) / share
                for share, moved in ((0.6, work.bytes_cached), (0.3, work.bytes_cached), (0.1, work.bytes_uncached))
            )
        )
        return Roofline(seconds=seconds, joules=seconds * self.watts)


PLATFORMS = {
    "H100": Platform(name="H100", flops=66.9e12, bytes_per_second=3.35e12, watts=700, source="SXM5 data sheet [4.4]"),
    "A100": Platform(name="A100", flops=19.5e12, bytes_per_second=1.555e12, watts=400, source="40 GB SXM4 data sheet"),
    "V100": Platform(
        name="V100", flops=15.7e12, bytes_per_second=0.9e12, watts=300, source="SXM2; rate recalled, not verified"
    ),
}
