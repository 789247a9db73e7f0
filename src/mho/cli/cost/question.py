"""Which factorization on which chip, as options."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from cyclopts import Parameter

from mho.cli.cost.named import workload_named
from mho.cli.settings import WholeNumber

if TYPE_CHECKING:
    from mho.chip import ChipDesign, Ledger
    from mho.cost import Curve, Estimate, Platform, Swing, Work, Workload

__all__ = ["Question"]


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Question:
    """What is asked.

    Parameters
    ----------
    k
        Number of components.
    iterations
        Updates of both factors.
    technology
        What events cost.
    solvers
        Copies of the chip that share the right-hand sides; each has to be written.
    write
        A row of cells at once, or one cell after the other.
    layout
        What a line of a table in a file is: a row of the matrix, or one entry (row id, column id, value).
    """

    k: WholeNumber = 10
    iterations: WholeNumber = 1
    technology: Literal["130nm", "40nm", "28nm", "board"] = "40nm"
    solvers: WholeNumber = 1
    write: Literal["row", "serial"] = "row"
    layout: Literal["matrix", "triplets"] = "matrix"

    def workload(self, name: str) -> Workload:
        """Return the sizes that a name stands for, at this rank."""
        from mho import checks

        checks.positive_int(self.k, "--k")
        return workload_named(name, k=self.k, layout=self.layout)

    def ledger(self, workload: Workload) -> Ledger:
        """Return the events of all iterations."""
        from mho import checks
        from mho.cost import sweep_ledger

        checks.positive_int(self.iterations, "--iterations")
        return sweep_ledger(workload, self._design()).times(self.iterations)

    def estimate(self, ledger: Ledger) -> Estimate:
        """Return what they take."""
        from mho import checks
        from mho.cost import estimate

        checks.positive_int(self.solvers, "--solvers")
        return estimate(ledger, self.technology, solvers=self.solvers, write=self.write)

    def work(self, workload: Workload) -> Work:
        """Return the digital arithmetic of all iterations."""
        return workload.work().times(self.iterations)

    def platforms(self, workload: Workload) -> dict[str, Platform]:
        """Return all digital platforms, this computer measured now."""
        from mho.cost import PLATFORMS, calibrate
        from mho.engines import Digital

        return {**PLATFORMS, "this CPU": calibrate(Digital(), workload)}

    def tornado(self, ledger: Ledger) -> tuple[Swing, ...]:
        """Return what each number of the technology does."""
        from mho.cost import technology, tornado

        return tornado(ledger, technology(self.technology), solvers=self.solvers, write=self.write)

    def curves(self, workload: Workload, ledger: Ledger) -> tuple[Curve, ...]:
        """Return time and energy of all iterations against write pulse, solvers and precision."""
        from mho.cost import precision_curve, pulse_curve, solvers_curve, technology

        t = technology(self.technology)
        counts = [10**i for i in range(len(str(min(workload.m, workload.n))))]
        return (
            pulse_curve(ledger, t, [10.0**-i for i in range(10, 4, -1)], solvers=self.solvers, write=self.write),
            solvers_curve(ledger, t, counts, write=self.write),
            precision_curve(workload, t, self._design(), solvers=self.solvers).times(self.iterations),
        )

    def _design(self) -> ChipDesign:
        from mho.chip import preset
        from mho.cost import technology

        return preset("pku-2025").with_(bandwidth=technology(self.technology).bandwidth.value.typical)
