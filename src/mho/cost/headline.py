"""The two published pairs of ratios, and for which assumptions the model comes to them.

What the article (NMF-2026) compares with is not public: each platform stands in for it in turn.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import ceil

from mho import checks
from mho.chip import Ledger
from mho.cost.estimate import Estimate, estimate
from mho.cost.platforms import Cost
from mho.cost.technology import Technology

__all__ = ["CLAIMS", "ENDS", "Case", "Claim", "Verdict", "cases", "verdicts"]

ENDS = {"kindest": ("low", "high"), "typical": ("typical", "typical"), "unkindest": ("high", "low")}
"""Every number of the chip and every number of a platform at the end that is kindest to the chip, and so on."""

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

    Examples
    --------
    >>> from mho.cost import CLAIMS
    >>> CLAIMS["netflix"].power_ratio
    19.0
    """

    faster: float
    saving: float
    against: str

    @property
    def power_ratio(self) -> float:
        """The baseline's power over the chip's, which the two ratios fix."""
        return self.saving / self.faster


CLAIMS = {
    "movielens-100k": Claim(faster=212, saving=4.6e4, against="programmable digital hardware"),
    "netflix": Claim(faster=12, saving=228, against="advanced digital chips"),
}
"""Press coverage of NMF-2026; the exponent of 4.6e4 is recalled, not verified."""


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

    Examples
    --------
    >>> from mho.chip import Ledger
    >>> from mho.cost import Case, estimate
    >>> case = Case(name="no writing", one=estimate(Ledger(pulses=10, cells=1, rows=1, columns=1, tiles=1), "40nm"))
    >>> case.writing, case.memory
    (False, True)
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
    case, baseline, end : str
        `end` is one of `ENDS`.
    solvers : int or None
        The fewest that are fast enough; None: no number is, or more than there are right-hand sides to share.
    saving : float
        Ratio of the energies with so many, or with one where no number is.
    holds : bool
        Both ratios are met.

    Examples
    --------
    >>> from mho.cost import Verdict
    >>> Verdict(case="no writing", baseline="H100", end="typical", solvers=None, saving=19.2, holds=False).holds
    False
    """

    case: str
    baseline: str
    end: str
    solvers: int | None
    saving: float
    holds: bool


def cases(
    ledger: Ledger,
    technology: Technology,
    *,
    classic: Ledger | None = None,
    write: str = "row",
    ports: str | None = None,
) -> tuple[Case, ...]:
    """Return the ways to count; the first one counts everything.

    Parameters
    ----------
    ledger : Ledger
        Of the compact circuit.
    technology : Technology
        Cost of each event.
    classic : Ledger, optional
        Of the same work on the classic circuit, which adds a case.
    write, ports
        As for `estimate`.
    """
    short, near = _with_short_pulses(technology), _with_near_memory(technology)
    counted = {
        "all counted": (technology, ports),
        "one write port": (technology, "solver"),
        "a port per array": (technology, "array"),
        "pulses of 100 ns": (short, ports),
        "best memory": (near, ports),
    }
    compact = estimate(ledger, technology, write=write, ports=ports)
    return (
        *(
            Case(name=name, one=estimate(ledger, t, write=write, ports=p), writing=True)
            for name, (t, p) in counted.items()
        ),
        Case(name="no writing", one=compact),
        Case(name="no writing, best memory", one=estimate(ledger, near)),
        Case(name="no writing, no memory", one=compact, memory=False),
        *([] if classic is None else [Case(name="classic, no writing", one=estimate(classic, technology))]),
    )


def _with_short_pulses(technology: Technology) -> Technology:
    share = _SHORT_PULSE / technology.pulse_seconds.value.typical
    return technology.with_(pulse_seconds=_SHORT_PULSE, pulse_joules=technology.pulse_joules.value.typical * share)


def _with_near_memory(technology: Technology) -> Technology:
    names = ("memory_joules_per_byte", "memory_seconds_per_byte")
    return technology.with_(**{name: getattr(technology, name).value.low for name in names})


def verdicts(
    claim: Claim, cases: tuple[Case, ...], platforms: Mapping[str, Cost], *, most: int, end: str = "typical"
) -> Iterator[Verdict]:
    """Yield the verdict of every case against every platform.

    Parameters
    ----------
    claim : Claim
        The published pair of ratios.
    cases : tuple of Case
        Ways to count.
    platforms : mapping of str to Cost
        The same work on each.
    most : int
        Solvers that have work: right-hand sides of the half-sweep that has fewer.
    end : {"kindest", "typical", "unkindest"}
        To the chip: every number of it, write ports included, and every number of the platform.
    """
    chip_end, platform_end = ENDS[checks.one_of(end, "end", tuple(ENDS))]
    for name, cost in platforms.items():
        seconds, joules = getattr(cost.seconds, platform_end), getattr(cost.joules, platform_end)
        for case in cases:
            solvers = _fewest(case, seconds / claim.faster, chip_end, most)
            solving, writing = (_counted(case, chip_end, "joules", writing=kind) for kind in (False, True))
            saving = joules / (solving + (solvers or 1) * writing)
            yield Verdict(
                case=case.name,
                baseline=name,
                end=end,
                solvers=solvers,
                saving=saving,
                holds=bool(solvers is not None and saving >= claim.saving),
            )


def _fewest(case: Case, allowed: float, end: str, most: int) -> int | None:
    """Solvers share the right-hand sides, but neither the writing nor the memory."""
    shared, left = getattr(case.one.shared_seconds, end), allowed - _counted(case, end, "seconds", writing=True)
    memory = getattr(case.one.memory_seconds, end) if case.memory else 0.0
    return ceil(shared / left) if left * most >= shared and left >= memory else None


def _counted(case: Case, end: str, quantity: str, *, writing: bool) -> float:
    parts = [part for part in case.one.parts if part.writing is writing and (case.memory or part.name != "memory")]
    return sum(getattr(getattr(part, quantity), end) for part in parts) if case.writing or not writing else 0.0
