"""The two published pairs of ratios, and for which assumptions the model comes to them.

What the article compares with is not public [1.4]: each platform stands in for it in turn.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from math import ceil

from mho.chip import Ledger
from mho.chip.recording import SHORTEST_SETTLE
from mho.cost.estimate import Estimate, estimate
from mho.cost.platforms import Cost
from mho.cost.technology import Technology

__all__ = ["CLAIMS", "Case", "Claim", "Verdict", "cases", "verdicts"]

_CLASSIC_SPEED = 0.79e-6 / 96e-9
_SHORT_PULSE = 100e-9


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A published pair of ratios.

    Attributes
    ----------
    faster, saving : float
        Of times and energies.
    against : str
        The baseline, in the words of the press.
    """

    faster: float
    saving: float
    against: str

    @property
    def power_ratio(self) -> float:
        """The baseline's power over the chip's, which the two ratios fix [1.2]."""
        return self.saving / self.faster


CLAIMS = {
    "movielens-100k": Claim(faster=212, saving=4.6e4, against="programmable digital hardware"),
    "netflix": Claim(faster=12, saving=228, against="advanced digital chips"),
}
"""Press coverage [1.1]; the exponent of 4.6e4 is recalled, not verified."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """One way to count the chip's side.

    Attributes
    ----------
    name : str
    one : Estimate
        Of one solver.
    writing, memory : bool
        Whether writing the arrays, and the memory beside the chip, are counted.
    """

    name: str
    one: Estimate
    writing: bool = False
    memory: bool = True


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """Whether a case comes to a claim against one platform.

    Attributes
    ----------
    case, baseline : str
    solvers : int or None
        The fewest that are fast enough; None: no number is, or more than there are right-hand sides to share.
    saving : float
        Ratio of the energies with so many, or with one where no number is.
    holds : bool
        Both ratios are met.
    """

    case: str
    baseline: str
    solvers: int | None
    saving: float
    holds: bool


def cases(ledger: Ledger, technology: Technology, *, write: str = "row") -> tuple[Case, ...]:
    """Return the ways to count.

    Parameters
    ----------
    ledger : Ledger
        Of the compact circuit.
    technology : Technology
    write : {"row", "serial"}
        As for `estimate`.
    """
    compact = estimate(ledger, technology, write=write)
    share = _SHORT_PULSE / technology.pulse_seconds.value.typical
    short = technology.with_(pulse_seconds=_SHORT_PULSE, pulse_joules=technology.pulse_joules.value.typical * share)
    return (
        Case(name="compact, writing left out", one=compact),
        Case(name="compact, writing and memory left out", one=compact, memory=False),
        Case(name="compact, writing counted", one=compact, writing=True),
        Case(name="compact, written in 100 ns", one=estimate(ledger, short, write=write), writing=True),
        Case(name="classic, writing left out", one=estimate(_classic(ledger), technology)),
    )


def verdicts(
    claim: Claim, cases: tuple[Case, ...], platforms: Mapping[str, Cost], *, most: int, kindest: bool = False
) -> Iterator[Verdict]:
    """Yield the verdict of every case against every platform.

    Parameters
    ----------
    claim : Claim
    cases : tuple of Case
    platforms : mapping of str to Cost
        The same work on each.
    most : int
        Solvers that have work: right-hand sides of the half-sweep that has fewer.
    kindest : bool
        Take every number of the chip at its low end and every number of the platform at its high end; else typical.
    """
    chip_end, platform_end = ("low", "high") if kindest else ("typical", "typical")
    for name, cost in platforms.items():
        seconds, joules = getattr(cost.seconds, platform_end), getattr(cost.joules, platform_end)
        for case in cases:
            solve_s, solve_J, write_s, write_J = _quartet(case, chip_end)
            left = seconds / claim.faster - write_s
            solvers = ceil(solve_s / left) if left * most >= solve_s else None
            saving = joules / (solve_J + (solvers or 1) * write_J)
            yield Verdict(
                case=case.name,
                baseline=name,
                solvers=solvers,
                saving=saving,
                holds=bool(solvers is not None and saving >= claim.saving),
            )


def _quartet(case: Case, end: str) -> tuple[float, ...]:
    """Seconds and joules of solving, seconds and joules of writing, of what is counted."""
    counted = [part for part in case.one.parts if case.memory or part.name != "memory"]
    solving = [part for part in counted if not part.writing]
    writing = [part for part in counted if part.writing and case.writing]
    return tuple(
        sum(getattr(getattr(part, quantity), end) for part in parts)
        for parts in (solving, writing)
        for quantity in ("seconds", "joules")
    )


def _classic(ledger: Ledger) -> Ledger:
    """What the circuit with an op-amp at every row as well would take, scaled from the compact one's events.

    At 128 x 10 it settles in 96 ns instead of 0.79 us to 1 % [2.4], and needs N + k op-amps instead of k, N the rows
    that are on. Currents are taken to be the same.
    """
    shortest = SHORTEST_SETTLE * ledger.solves
    settle = min(ledger.settle_seconds, max(shortest, ledger.settle_seconds / _CLASSIC_SPEED))
    share = settle / ledger.settle_seconds
    amplifiers = (ledger.dac_conversions + ledger.adc_conversions) / ledger.adc_conversions
    energies = ("array_joules", "load_joules", "load_coulombs", "input_coulombs")
    return replace(
        ledger,
        settle_seconds=settle,
        amplifier_seconds=ledger.amplifier_seconds * share * amplifiers,
        amplifier_cycles=ledger.amplifier_cycles * share * amplifiers,
        **{name: getattr(ledger, name) * share for name in energies},
    )
