"""`mho chip verify`: the twin and ngspice on one problem, side by side."""

from __future__ import annotations

from pathlib import Path
from time import perf_counter
from typing import Annotated, Any

from cyclopts import Parameter

from mho.cli.chip.options import CircuitOptions
from mho.cli.report import Json, as_json
from mho.cli.tables import table
from mho.cli.target import check_target

__all__ = ["verify"]


def verify(
    *,
    options: CircuitOptions | None = None,
    plot: Annotated[Path | None, Parameter(name="--plot")] = None,
    timeout: float = 300.0,
    json: Json = False,
) -> None:
    """Follow one right-hand side from zero to rest in the twin and in ngspice, and compare.

    Differences are in per cent of the largest output. Times are those of this run, ngspice's with its start.

    Parameters
    ----------
    plot
        SVG or PNG file: both waveforms on one axis.
    timeout
        Seconds to wait for ngspice.
    json
        Print JSON, differences as shares of the largest output.
    """
    from mho.circuits.transient import transient
    from mho.spice import netlist, run, version

    options = options or CircuitOptions()
    _check(plot, options.files)
    simulator = version()
    programmed, volts = options.settling()
    circuit = programmed.circuit
    began = perf_counter()
    twin = transient(circuit, volts)
    settled = twin.settling_time(0.01)
    twin_seconds = perf_counter() - began
    if not settled:
        raise ValueError("the right-hand side must make an output move, got one whose answer is zero")
    began = perf_counter()
    spice = run(netlist(circuit, volts, duration=_SPAN * settled, step=_SPAN * settled / _STEPS), timeout=timeout)
    spice_seconds = perf_counter() - began
    measured = [spice.voltages[node] for node in circuit.outputs]
    figures = _figures(twin, settled, spice.time, measured)
    if json:
        m, k = circuit.shape
        sizes = {"circuit": circuit.name, "rows": m, "columns": k, "opamps": circuit.opamps, "simulator": simulator}
        print(as_json(sizes | figures | {"twin_seconds": twin_seconds, "ngspice_seconds": spice_seconds}))
    else:
        print(f"{circuit.name}, {circuit.shape[0]} x {circuit.shape[1]}, {circuit.opamps} op-amps, {simulator}\n")
        print(table(_rows(figures)))
        ratio = spice_seconds / twin_seconds
        faster = f"{ratio:,.0f}" if ratio >= 10 else f"{ratio:.2g}"
        print(f"\ntwin {twin_seconds:.3g} s, ngspice {spice_seconds:.3g} s: {faster} times as fast")
    if plot is not None:
        _plot(plot, twin, spice.time, measured)


_SPAN = 3
"""The transient that is compared lasts this many settling times of 1 %."""

_STEPS = 1000


def _check(plot: Path | None, read: tuple[Path, ...]) -> None:
    """Refuse before the work what would fail after it."""
    from mho.sweep import check_plotting

    if plot is None:
        return
    if plot.suffix not in (".svg", ".png"):
        raise ValueError(f"--plot must end in .svg or .png, got {plot}")
    check_target(plot, read, option="--plot")
    check_plotting()


def _figures(twin: Any, settled: float, time: Any, measured: Any) -> dict[str, float]:
    import numpy as np

    measured, own = np.array(measured), twin.outputs(time)
    full, off = measured[:, -1].max(), np.abs(own - measured)
    far = np.flatnonzero((np.abs(measured - measured[:, -1:]) > 0.01 * full).any(axis=0))
    return {
        "largest_volts": full,
        "difference": off.max() / full,
        "difference_at_rest": off[:, -1].max() / full,
        "settling_seconds": settled,
        "settling_seconds_ngspice": time[min(far[-1] + 1, len(time) - 1)],
    }


def _rows(figures: dict[str, float]) -> list[tuple[str, str]]:
    return [
        ("largest output at rest", f"{figures['largest_volts']:.4g} V"),
        ("difference at any time", f"{100 * figures['difference']:.2g} %"),
        ("difference at rest", f"{100 * figures['difference_at_rest']:.2g} %"),
        ("settling time to 1 %, twin", f"{figures['settling_seconds']:.4g} s"),
        ("settling time to 1 %, ngspice", f"{figures['settling_seconds_ngspice']:.4g} s"),
    ]


def _plot(path: Path, twin: Any, time: Any, measured: Any) -> None:
    from matplotlib.figure import Figure

    from mho.data import replacing

    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    for j, (ours, theirs) in enumerate(zip(twin.outputs(time), measured, strict=True)):
        line = axes.plot(1e9 * time, 1e3 * ours, label=f"x{j}")[0]
        axes.plot(1e9 * time, 1e3 * theirs, "--", color="black", linewidth=0.8, label="ngspice" if j == 0 else None)
        line.set_linewidth(2.5)
    axes.set(xlabel="time, ns", ylabel="output, mV", title="Twin (coloured) and ngspice (dashed)")
    if len(measured) <= 10:
        axes.legend()
    with replacing(path) as temporary:
        figure.savefig(temporary, format=path.suffix[1:])
