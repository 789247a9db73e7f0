"""Digital platforms that answer one right-hand side after the other: from a phone to the data centre, by the sheet."""

from __future__ import annotations

from dataclasses import dataclass, replace

from mho.cost.interval import Interval
from mho.cost.platforms import PLATFORMS, Cost, Platform, Roofline
from mho.cost.work import Work

__all__ = ["ANSWER_PLATFORMS", "AnswerPlatform"]

_BATCH = 4096
"""Answers that a busy data centre finds together; this project's assumption."""

_CALL = Interval(1e-7, 5e-7, 5e-6)
"""To call a function and fetch what it needs from caches, s."""


@dataclass(frozen=True, kw_only=True)
class AnswerPlatform:
    """A platform, and how many answers it finds together.

    Attributes
    ----------
    platform : Roofline or Sustained
    batch : int
        Answers that share a step, and so the time to start it.

    Examples
    --------
    >>> from mho.cost import ANSWER_PLATFORMS, answer_work
    >>> work = answer_work(6, 128)
    >>> alone, busy = (ANSWER_PLATFORMS[name].cost(work) for name in ("H100, one", "H100, 4,096 together"))
    >>> bool(alone.joules.typical > 1000 * busy.joules.typical)
    True
    """

    platform: Platform
    batch: int = 1

    def cost(self, work: Work) -> Cost:
        """Return time and energy of one answer: of a batch, its share of them.

        Parameters
        ----------
        work : Work
            Of one answer.
        """
        return self.platform.cost(work.batched(self.batch))


def _h100(watts: Interval, source: str) -> Roofline:
    h100 = PLATFORMS["H100"]
    assert isinstance(h100, Roofline)
    return replace(h100, watts=watts, source=f"{h100.source}; {source}")


ANSWER_PLATFORMS: dict[str, AnswerPlatform] = {
    "phone, big core": AnswerPlatform(
        platform=Roofline(
            flops=90.9e9,
            bytes_per_second=51.2e9,
            start_seconds=_CALL,
            watts=Interval(2.0, 3.0, 4.0),
            source="Cortex-X1 at 2.84 GHz with LPDDR5 at 51.2 GB/s (Frumusanu-2021), four fused multiply-adds of 128 "
            "bit a cycle; 4 W: a Cortex-X2 of the next year was measured at 3.8 to 4.0 (Notebookcheck-2022); 2 and 3 W "
            "are this project's assumption",
        )
    ),
    "phone, small core": AnswerPlatform(
        platform=Roofline(
            flops=14.4e9,
            bytes_per_second=10e9,
            start_seconds=_CALL,
            watts=Interval(0.1, 0.2, 0.4),
            source="Cortex-A55 at 1.8 GHz (Frumusanu-2021), two fused multiply-adds of 64 bit a cycle, recalled, not "
            "verified; 10 GB/s and 0.1 to 0.4 W are this project's assumption",
        )
    ),
    "Cortex-M4": AnswerPlatform(
        platform=Roofline(
            flops=80e6,
            bytes_per_second=320e6,
            start_seconds=Interval(1e-6, 2e-6, 1e-5),
            watts=Interval(1.6e-3, 24e-3, 36e-3),
            source="Cortex-M4 with FPU at 80 MHz (AN4621-2018), an operation and four bytes a cycle at best; 6 uA/MHz "
            "at 3.3 V: an Apollo3, which runs near its transistors' threshold; 100 and 150 uA/MHz at 3 V: others, "
            "without and with peripherals; recalled, not verified",
        )
    ),
    "edge accelerator": AnswerPlatform(
        platform=Roofline(
            flops=4e12,
            bytes_per_second=4e9,
            start_seconds=Interval(2e-5, 1e-4, 1e-3),
            watts=Interval(0.5, 2.0, 2.0),
            source="Edge TPU, 4e12 operations/s on 8 bits at 2 W (Coral-2026a), as if it could factorise; 4 GB/s, the "
            "time to start and 0.5 W while it waits are this project's assumption",
        )
    ),
    "next edge accelerator": AnswerPlatform(
        platform=Roofline(
            flops=512e9,
            bytes_per_second=4e9,
            start_seconds=Interval(1e-6, 5e-6, 5e-5),
            watts=Interval(6e-3, 12e-3, 30e-3),
            source="Coral NPU, whose design target is 512e9 operations/s on 8 bits at about 6 mW (Coral-2026b), as if "
            "it could factorise; 12 and 30 mW with its memory, 4 GB/s and the time to start are "
            "this project's assumption",
        )
    ),
    "H100, one": AnswerPlatform(
        platform=_h100(
            Interval(150, 350, 700), "150 W idle, as quoted; half of the stated power with one answer, assumed"
        )
    ),
    f"H100, {_BATCH:,} together": AnswerPlatform(
        platform=_h100(Interval(350, 700, 700), "half of the stated power at the least, assumed"), batch=_BATCH
    ),
}
"""By name; `PLATFORMS` has those for whole factorizations."""
