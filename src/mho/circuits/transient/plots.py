"""Pictures of one settling loop: waveforms, the array, the active set over time, the poles."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from mho.checks import one_of
from mho.circuits.circuit import Circuit
from mho.circuits.compact import CompactGinv
from mho.circuits.errors import ChipError
from mho.circuits.transient.waveform import Waveform, transient
from mho.data.output import replacing

__all__ = ["PICTURES", "picture"]

PICTURES = ("waveforms", "array", "active-set", "poles")

_SHOWN = 1.5
"""How much longer than until the outputs are within 0.1 % the time axis is."""


def picture(what: str, circuit: Circuit, volts: Any, path: Path) -> None:
    """Draw one of `PICTURES`.

    Parameters
    ----------
    what : str
        ``"waveforms"``: outputs against time. ``"array"``: conductances and currents at rest, of the compact circuit.
        ``"active-set"``: which outputs are free, against time. ``"poles"``: eigenvalues of the linear pieces.
    circuit : CompactGinv, ClassicGinv or GramInv
        The circuit.
    volts : array_like of shape (inputs,)
        Right-hand side, volts.
    path : Path
        A PNG or SVG file, by its suffix; replaced only once the new picture is complete.

    Raises
    ------
    ValueError
        No such picture, or another suffix.
    ChipError
        The loop does not settle, or the array is not one that can be shown.
    ImportError
        matplotlib is missing.
    """
    one_of(what, "what", PICTURES)
    one_of(path.suffix, "suffix of path", (".png", ".svg"))
    try:
        import matplotlib
    except ImportError:
        raise ImportError("a picture needs matplotlib: pip install 'mho[image]'") from None
    figure, kind = _figure(what, circuit, volts), path.suffix[1:]
    dated = {"Date": None} if kind == "svg" else {}  # the same picture is the same file
    with matplotlib.rc_context({"svg.hashsalt": "mho", "svg.fonttype": "none"}), replacing(path) as temporary:
        figure.savefig(temporary, format=kind, dpi=150, metadata=dated)


def _figure(what: str, circuit: Circuit, volts: Any) -> Any:
    from matplotlib.figure import Figure

    waveform = transient(circuit, volts)
    figure = Figure(figsize=(9, 3.5) if what == "array" else (6, 3.5), layout="constrained")
    if what == "array":
        _array(figure, circuit, np.asarray(volts, np.float64), waveform)
    else:
        _DRAW[what](figure.subplots(), waveform)
    return figure


def _times(waveform: Waveform) -> np.ndarray:
    end = _SHOWN * max(waveform.settling_time(0.001), float(waveform.starts[-1])) or 1e-9
    return np.linspace(0, end, 400)


def _waveforms(axes: Any, waveform: Waveform) -> None:
    time = _times(waveform)
    axes.plot(1e9 * time, waveform.outputs(time).T)
    settled = waveform.settling_time()
    axes.axvline(1e9 * settled, color="0.5", linestyle=":", label=f"within 1 % after {1e9 * settled:.3g} ns")
    axes.set(xlabel="time, ns", ylabel="outputs, V", xlim=(0, 1e9 * time[-1]))
    axes.legend(frameon=False)


def _active_set(axes: Any, waveform: Waveform) -> None:
    edges = 1e9 * np.append(waveform.starts, _times(waveform)[-1])
    free = ~np.array([regime.limits.low[-waveform.equations.outputs :] for regime in waveform.regimes]).T
    columns = np.arange(len(free) + 1) - 0.5
    axes.pcolormesh(edges, columns, free, cmap="Blues", vmin=0, vmax=1.5)
    axes.set(xlabel="time, ns", ylabel="output, blue while above zero")


def _poles(axes: Any, waveform: Waveform) -> None:
    for regime, label, style in ((waveform.regimes[0], "first", "o"), (waveform.regimes[-1], "last", "x")):
        values = regime.eigenvalues
        values = np.concatenate([values, values[np.imag(values) > 0].conj()])
        axes.plot(np.real(values), np.imag(values), style, fillstyle="none", label=f"{label} linear piece")
    smallest = min(np.abs(np.real(regime.eigenvalues)).min() for regime in waveform.regimes)
    axes.set_xscale("symlog", linthresh=smallest)
    axes.set(xlabel="real part, 1/s", ylabel="imaginary part, rad/s")
    axes.legend(frameon=False)


def _array(figure: Any, circuit: Circuit, volts: np.ndarray, waveform: Waveform) -> None:
    if not isinstance(circuit, CompactGinv) or circuit.wires or circuit.reference is not None:
        raise ChipError(
            "the currents of an array are shown for the compact circuit with perfect wires and no reference columns"
        )
    d, z = waveform.equations, waveform.regimes[-1].rest()
    x, on = waveform.rest(), circuit.on
    v = d.v_rest(volts) - d.coupling @ x - d.diode @ np.minimum(z[: len(d.positive)], 0)
    s = (0.0 if circuit.offset is None else circuit.offset) - v
    r = (circuit.g_left[on] @ x + circuit.g_right[on] @ s - circuit.g_in * volts[on]) / circuit.row_conductance
    panels = (
        ("driving array, µS", 1e6 * circuit.g_left[on], "viridis"),
        ("sensing array, µS", 1e6 * circuit.g_right[on], "viridis"),
        ("current out of the outputs, µA", 1e6 * circuit.g_left[on] * (x - r[:, None]), "RdBu"),
    )
    for axes, (title, values, colours) in zip(figure.subplots(1, 3), panels, strict=True):
        limit = {"vmin": -np.abs(values).max(), "vmax": np.abs(values).max()} if colours == "RdBu" else {}
        image = axes.imshow(values, aspect="auto", cmap=colours, interpolation="nearest", **limit)
        axes.set(title=title, xlabel="column", ylabel="row")
        figure.colorbar(image, ax=axes)


_DRAW = {"waveforms": _waveforms, "active-set": _active_set, "poles": _poles}
