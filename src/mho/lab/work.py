"""The process of one job: steps go to standard output, a line of JSON each, the result to the job's folder."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np

from mho.data import replacing

__all__ = ["check", "main"]

_SECONDS_BETWEEN_STEPS = 0.2
_SPICE_SECONDS = 600.0
_MOST_SPICE_CELLS = 4096


def main(folder: Path) -> int:
    """Do the job of a folder.

    Parameters
    ----------
    folder : Path
        With the request; the result goes there.
    """
    request = json.loads((folder / "request.json").read_text(encoding="utf-8"))
    try:
        result = _KINDS[request["kind"]](request["request"])
    except Exception as error:
        _say({"problem": " ".join(str(error).split()) or type(error).__name__})
        return 1
    with replacing(folder / "result.json") as temporary:
        temporary.write_text(json.dumps(result, allow_nan=False), encoding="utf-8")
    return 0


def check(kind: str, request: Any) -> tuple[str, int | None]:
    """Return a title for a request and its number of iterations; refuse at once what can be refused at once.

    Parameters
    ----------
    kind : str
        One of `mho.lab.jobs.KINDS`.
    request : JSON
        As the page sends it.

    Raises
    ------
    TypeError, ValueError
        A bad request.
    """
    return {"factorize": _check_factorize, "spice": _check_spice}[kind](request)


def _check_factorize(request: Any) -> tuple[str, int]:
    from mho.lab.answers import read_factorization

    read = read_factorization(request)
    rows, columns = read.X.shape
    return f"{rows} x {columns}, rank {read.rank}, {request['engine']}", read.iterations


def _check_spice(request: Any) -> tuple[str, None]:
    from mho import spice
    from mho.circuits.transient.waveform import closed_loop
    from mho.lab import circuits
    from mho.lab.answers import vector
    from mho.lab.requests import part

    circuit = circuits.from_json(part(request, "circuit"))
    closed_loop(circuit)
    if circuit.cells > _MOST_SPICE_CELLS:
        raise ValueError(f"circuit must have at most {_MOST_SPICE_CELLS} cells for ngspice, got {circuit.cells}")
    volts, times = vector(part(request, "volts"), "volts"), vector(part(request, "times"), "times")
    if len(volts) != circuit.inputs:
        raise ValueError(f"volts must be {circuit.inputs} numbers, one per input, got {len(volts)}")
    if not (len(times) > 1 and np.all(np.diff(times) > 0) and times[0] >= 0 and np.isfinite(times[-1])):
        raise ValueError("times must rise from 0 on, seconds")
    if not spice.available():
        raise ValueError("ngspice is not installed here: install it to run it beside the page's own curves")
    return f"ngspice: {circuit.name}, {circuit.shape[0]} x {circuit.shape[1]}", None


def _factorize(request: Any) -> dict[str, Any]:
    from mho.lab.answers import Answers

    errors, step, told = [], {}, -np.inf
    for step in Answers().factorize(request):
        errors.append(step["error"])
        if monotonic() - told > _SECONDS_BETWEEN_STEPS:
            told = monotonic()
            _say({"step": step})
    _say({"step": step})
    return {"errors": errors, **{name: step[name] for name in ("seconds", "W", "H")}}


def _spice(request: Any) -> dict[str, Any]:
    """Return the outputs of ngspice at the times asked for, volts."""
    from mho import spice
    from mho.lab import circuits

    circuit, times = circuits.from_json(request["circuit"]), np.asarray(request["times"], np.float64)
    deck = spice.netlist(circuit, request["volts"], duration=float(times[-1]), step=float(times[-1]) / 400)
    found = spice.run(deck, timeout=_SPICE_SECONDS)
    return {"outputs": [np.interp(times, found.time, found.voltages[name]).tolist() for name in circuit.outputs]}


_KINDS = {"factorize": _factorize, "spice": _spice}


def _say(said: dict[str, Any]) -> None:
    print(json.dumps(said), flush=True)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
