"""Run ngspice as a program and read what it writes; nothing of it is linked or imported."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from mho.checks import positive_number
from mho.spice.ngspice_errors import NgspiceError, NgspiceMissing
from mho.spice.raw import Plot, read_raw

__all__ = ["Result", "available", "noise", "operating_point", "run", "version"]

_PROGRAM = "ngspice"
_PROGRESS = ("Note:", "or no active circuit", "Trying gmin", "Warning: Further gmin", "Simulation interrupted")
_QUOTED_LINES = 6


@dataclass(frozen=True, eq=False)
class Result:
    """One transient.

    Attributes
    ----------
    time : numpy.ndarray of shape (n,)
        Seconds; the steps are ngspice's own and not equal.
    voltages : dict of str to numpy.ndarray of shape (n,)
        Volts by name of node, in lower case as ngspice has it.

    Examples
    --------
    >>> import numpy as np
    >>> from mho.spice import Result
    >>> Result(time=np.array([0.0, 1e-9]), voltages={"x0": np.array([0.0, 0.1])}).voltages["x0"]
    array([0. , 0.1])
    """

    time: np.ndarray
    voltages: dict[str, np.ndarray]


def available() -> bool:
    """Return whether ngspice is on the path."""
    return shutil.which(_PROGRAM) is not None


def version() -> str:
    """Return the version that ngspice tells, such as ``ngspice-39``.

    Raises
    ------
    NgspiceMissing
        It is not installed.
    NgspiceError
        It does not say.
    """
    answer = _start("--version", timeout=10)
    words = answer.stdout.replace("*", " ").split()
    if not words:
        raise NgspiceError("ngspice does not tell its version")
    return words[0]


def run(netlist: str, *, timeout: float = 60.0) -> Result:
    """Simulate the transient of a netlist.

    A netlist is a program: ngspice runs its ``.control`` sections, shell commands included. Run only your own.

    Parameters
    ----------
    netlist : str
        Title line, elements and one ``.tran`` analysis.
    timeout : float
        Seconds to wait for ngspice.

    Raises
    ------
    NgspiceMissing
        ngspice is not installed.
    NgspiceError
        ngspice failed, with its own words, or did not end in time.
    """
    plot = _simulate(netlist, timeout)
    if plot.scale is None or "onoise_spectrum" in plot.voltages:
        raise NgspiceError(f"the netlist must ask for one transient (.tran), got{plot.name}")
    return Result(time=plot.scale, voltages=plot.voltages)


def operating_point(netlist: str, *, timeout: float = 60.0) -> dict[str, float]:
    """Solve for the operating point of a netlist.

    Parameters
    ----------
    netlist : str
        Title line, elements and one ``.op`` analysis. Run only your own, see `run`.
    timeout : float
        Seconds to wait for ngspice.

    Returns
    -------
    dict of str to float
        Volts by name of node, in lower case.

    Raises
    ------
    NgspiceMissing, NgspiceError
        See `run`.
    """
    plot = _simulate(netlist, timeout)
    if plot.scale is not None or not plot.voltages:
        raise NgspiceError(f"the netlist must ask for one operating point (.op), got{plot.name}")
    return {node: float(volts[0]) for node, volts in plot.voltages.items()}


def noise(netlist: str, *, timeout: float = 60.0) -> float:
    """Integrate the noise of a netlist's output, volts (root mean square).

    Parameters
    ----------
    netlist : str
        Title line, elements and one ``.noise`` analysis. Run only your own, see `run`.
    timeout : float
        Seconds to wait for ngspice.

    Raises
    ------
    NgspiceMissing, NgspiceError
        See `run`.
    """
    plot = _simulate(netlist, timeout)
    if "onoise_spectrum" not in plot.voltages or plot.scale is None:
        raise NgspiceError(f"the netlist must ask for one noise analysis (.noise), got{plot.name}")
    # ngspice's own integral is not a number where two densities happen to be alike
    return float(np.sqrt(np.trapezoid(plot.voltages["onoise_spectrum"] ** 2, plot.scale)))


def _simulate(netlist: str, timeout: float) -> Plot:
    timeout = positive_number(timeout, "timeout")
    with TemporaryDirectory(prefix="mho-spice-") as folder:
        Path(folder, "net.cir").write_text(netlist, encoding="utf-8")
        # -n: a user's start-up file must not change the answer
        done = _start("-n", "-b", "-r", "out.raw", "net.cir", timeout=timeout, folder=folder)
        raw = Path(folder, "out.raw")
        if done.returncode != 0 or not raw.is_file():
            raise NgspiceError(f"ngspice failed (exit code {done.returncode}): {_complaint(done)}")
        return read_raw(raw.read_bytes())


def _start(*arguments: str, timeout: float, folder: str | None = None) -> subprocess.CompletedProcess[str]:
    program = shutil.which(_PROGRAM)
    if program is None:
        raise NgspiceMissing(
            "ngspice is not on the path; install it (Debian: apt install ngspice; macOS: brew install ngspice)"
        )
    try:
        return subprocess.run(
            [program, *arguments],
            cwd=folder,
            timeout=timeout,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            stdin=subprocess.DEVNULL,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise NgspiceError(
            f"ngspice did not end within {timeout:g} s; raise the timeout or shorten the transient"
        ) from None


def _complaint(done: subprocess.CompletedProcess[str]) -> str:
    """Quote what ngspice says went wrong, without the pages of progress around it."""
    lines = dict.fromkeys(line.strip() for line in done.stderr.splitlines() if line.strip())
    telling = [line for line in lines if not line.startswith(_PROGRESS)] or done.stdout.split("\n")[-1:]
    if len(telling) > _QUOTED_LINES:  # the cause comes first, the consequence last
        telling = [*telling[: _QUOTED_LINES - 1], "...", telling[-1]]
    return "; ".join(telling) or "it does not say why"
