"""Which factorization on which chip, as options."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from cyclopts import Parameter

from mho.cli.cost.named import workload_named
from mho.cli.settings import WholeNumber

if TYPE_CHECKING:
    from mho.chip import Ledger
    from mho.cost import Estimate, Platform, Work, Workload

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
        from mho.chip import preset
        from mho.cost import sweep_ledger, technology

        checks.positive_int(self.iterations, "--iterations")
        design = preset("pku-2025").with_(bandwidth=technology(self.technology).bandwidth.value.typical)
        return sweep_ledger(workload, design).times(self.iterations)

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
