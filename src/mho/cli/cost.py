"""`mho cost`: one sweep of a named factorization on the modelled chip and on digital platforms."""

from __future__ import annotations

from typing import Annotated, Literal

from cyclopts import Parameter

from mho.cli.settings import WholeNumber

__all__ = ["cost"]


def cost(
    workload: Annotated[Literal["movielens-100k", "netflix", "yahoo-music"], Parameter(name="WORKLOAD")],
    /,
    *,
    solvers: WholeNumber = 1,
    write: Literal["row", "serial"] = "row",
) -> None:
    """Show what one sweep at k = 10 takes: the chip, with and without writing, and GPUs.

    Parameters
    ----------
    workload
        Which sizes.
    solvers
        Copies of the chip that share the right-hand sides; each has to be written.
    write
        A row of cells at once, or one cell after the other.
    """
    from mho.cost import PLATFORMS, WORKLOADS, estimate, sweep_ledger

    sizes = WORKLOADS[workload]
    chip = estimate(sweep_ledger(sizes), solvers=solvers, write=write)
    print(f"{workload}: {sizes.m} x {sizes.n}, {sizes.known} ratings, k = {sizes.k}, one sweep\n")
    for part in chip.parts:
        print(f"chip, {part.name:<18} {part.seconds:10.3g} s {part.joules:10.3g} J")
    print(f"chip, without writing    {chip.solve_seconds:10.3g} s {chip.solve_joules:10.3g} J")
    print(f"chip, with writing       {chip.seconds:10.3g} s {chip.joules:10.3g} J")
    print(f"output stages of 1 mA that the mean right-hand side needs per column: {chip.output_stages}\n")
    for name, platform in PLATFORMS.items():
        line = platform.sweep(sizes.work())
        time, energy = (f"{v[1]:.3g} ({v[0]:.3g} to {v[2]:.3g})" for v in (line.seconds, line.joules))
        print(f"{name}, roofline: {time} s, {energy} J")
