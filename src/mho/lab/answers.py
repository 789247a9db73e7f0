"""Requests of the page, answered by the library: the same JSON as the page's own worker gives."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import inf
from time import perf_counter
from typing import Any

import numpy as np

from mho import checks, chip
from mho.circuits import Circuit, Mvm, operating_point
from mho.circuits.transient import Waveform, transient
from mho.lab import circuits
from mho.lab.bills import bill_of_sweeps, bill_of_use
from mho.lab.requests import part

__all__ = ["Answers", "Factorization", "design_of", "read_factorization", "vector"]

_SAMPLES = 400
_PAST_SETTLING = 1.6
_MOST_ENTRIES = 4_000_000
_MOST_ITERATIONS = 100_000
_MOST_CELLS, _MOST_OPAMPS = 2**16, 640
_CHANGES = (
    *("g_min", "g_max", "levels", "sigma", "gain", "bandwidth", "second_pole", "offset", "clamp", "v_in"),
    *("row_ohms", "column_ohms", "driver_ohms", "sense_ohms", "temperature_slope", "temperature_spread"),
    *("stuck_low", "stuck_high", "dead", "age", "kelvin"),
)
_CAN_BE_NONE = {"levels": None, "gain": inf, "second_pole": inf}


class Answers:
    """The five questions of the page: program, settle, solve, factorize, cost.

    Examples
    --------
    >>> from mho.lab import Answers
    >>> Answers().solve({"matrix": [[2.0, 0.0], [0.0, 1.0], [1.0, 1.0]], "rhs": [[4.0, 3.0, 5.0]]})
    {'answers': [[2.0, 3.0]]}
    """

    def program(self, request: Any) -> dict[str, Any]:
        """Write a matrix into a circuit: its conductances, and what its volts stand for.

        Parameters
        ----------
        request : mapping
            matrix, topology, preset, changes, seed.

        Raises
        ------
        TypeError, ValueError
            A bad request.
        ChipError
            The circuit cannot do it.
        """
        topology = checks.one_of(part(request, "topology"), "topology", (*chip.TOPOLOGIES, *chip.SQUARE_TOPOLOGIES))
        A = _matrix(part(request, "matrix"), "matrix", nonnegative=topology in chip.TOPOLOGIES)
        design, seed = design_of(request), checks.nonnegative_int(part(request, "seed"), "seed")
        if not np.abs(A).max(axis=0).all():
            raise ValueError("matrix must not have a column of zeros, which would leave an op-amp without an input")
        if topology == "compact":
            array = chip.Chip(design, seed=seed).program(A)
            circuit, scale, units = chip.as_circuit(array), array.inputs.volts_per_unit, array.units_per_volt
            return _programmed(circuit, scale, units, None)
        if design.wires:
            raise chip.ChipError(
                f"the page has wires with resistance in the compact circuit alone, not in {topology!r}"
            )
        made = chip.program_circuit(topology, A, design, seed=seed)
        return _programmed(made.circuit, made.volts_per_unit, made.units_per_volt, made.product)

    def settle(self, request: Any) -> dict[str, Any]:
        """Follow the outputs of a circuit from zero to rest, at the times asked for.

        Parameters
        ----------
        request : mapping
            circuit, volts, times (None: evenly, past the settling time), tolerance.

        Raises
        ------
        TypeError, ValueError
            A bad request.
        ChipError
            The loop does not settle.
        """
        circuit, volts = _circuit(request), vector(part(request, "volts"), "volts")
        tolerance = checks.positive_number(part(request, "tolerance"), "tolerance")
        if isinstance(circuit, Mvm):
            rest = operating_point(circuit, volts).tolist()
            return {
                "times": [0.0],
                "outputs": [[v] for v in rest],
                "rest": rest,
                "settling_time": None,
                "events": [],
            }
        wave = transient(circuit, volts)
        settled = wave.settling_time(tolerance)
        times = _times(part(request, "times"), wave, settled)
        return {
            "times": times.tolist(),
            "outputs": wave.outputs(times).tolist(),
            "rest": wave.rest().tolist(),
            "settling_time": settled,
            "events": list(_events(wave)),
        }

    def solve(self, request: Any) -> dict[str, Any]:
        """Solve for right-hand sides by rows: at rest in a circuit, volts, or least squares exactly.

        Parameters
        ----------
        request : mapping
            circuit and volts, or matrix and rhs.

        Raises
        ------
        TypeError, ValueError
            A bad request.
        ChipError
            The circuit has no operating point.
        """
        if isinstance(request, Mapping) and "matrix" in request:
            from mho.engines import Digital

            A, B = _matrix(request["matrix"], "matrix"), _matrix(part(request, "rhs"), "rhs", nonnegative=False)
            return {"answers": Digital().program(A).solve(np.ascontiguousarray(B.T)).T.tolist()}
        circuit = _circuit(request)
        volts = _matrix(part(request, "volts"), "volts", nonnegative=False)
        z = operating_point(circuit, volts.T)
        return {"answers": z[-len(circuit.outputs) :].T.tolist()}

    def factorize(self, request: Any) -> Iterator[dict[str, Any]]:
        """Yield the factors and the error after each iteration.

        Parameters
        ----------
        request : mapping
            matrix, rank, engine, preset, changes, iterations, seed.

        Raises
        ------
        TypeError, ValueError
            A bad request.
        ChipError
            The chip cannot do it.
        """
        from mho.nmf.loop import Problem, alternate
        from mho.operands import Dense
        from mho.penalty import NO_PENALTY

        read = read_factorization(request)
        X, rank, rng = read.X, read.rank, np.random.default_rng(read.seed)
        scale = 2 * np.sqrt(X.mean() / rank)
        W, H = scale * rng.random((len(X), rank)), scale * rng.random((rank, X.shape[1]))
        steps = alternate(Problem(Dense(X), read.engine, NO_PENALTY, NO_PENALTY), W, H)
        begun = perf_counter()
        for iteration, step in zip(range(1, read.iterations + 1), steps, strict=False):
            yield {
                "iteration": iteration,
                "error": step.error,
                "seconds": perf_counter() - begun,
                "W": step.W.tolist(),
                "H": step.H.tolist(),
            }

    def cost(self, request: Any) -> dict[str, Any]:
        """Return time, energy and area of a factorization or of a use on the chip, and those of digital platforms.

        Parameters
        ----------
        request : mapping
            As `mho.lab.bills.bill_of_sweeps` takes it, or `mho.lab.bills.bill_of_use`.

        Raises
        ------
        TypeError, ValueError
            A bad request.
        """
        return bill_of_use(request) if isinstance(request, Mapping) and "use" in request else bill_of_sweeps(request)


@dataclass(frozen=True)
class Factorization:
    """A request to factorize, checked.

    Attributes
    ----------
    X : ndarray of shape (m, n)
    rank, iterations, seed : int
    engine : Engine
    """

    X: np.ndarray
    rank: int
    iterations: int
    seed: int
    engine: Any


def read_factorization(request: Any) -> Factorization:
    """Check a request to factorize, before any work.

    Parameters
    ----------
    request : mapping
        See `Answers.factorize`.
    """
    from mho.engines import Analog, Digital

    X = _matrix(part(request, "matrix"), "matrix")
    rank = checks.positive_int(part(request, "rank"), "rank", limit=min(X.shape), what="the smaller side")
    iterations = checks.positive_int(part(request, "iterations"), "iterations", limit=_MOST_ITERATIONS)
    seed = checks.nonnegative_int(part(request, "seed"), "seed")
    if not X.any():
        raise ValueError("matrix must have an entry above zero")
    design = design_of(request)
    analog = checks.one_of(part(request, "engine"), "engine", ("digital", "analog")) == "analog"
    return Factorization(X, rank, iterations, seed, Analog(design, seed=seed) if analog else Digital(sweeps=4))


def design_of(request: Any) -> chip.ChipDesign:
    """Return the design of a request: a preset without converters, with changes."""
    design, changes = chip.preset(part(request, "preset")), part(request, "changes")
    if not isinstance(changes, Mapping):
        raise TypeError(f"changes must be an object, got {type(changes).__name__}")
    for name in changes:
        checks.one_of(name, "changes", _CHANGES)
    given = {name: _CAN_BE_NONE[name] if v is None and name in _CAN_BE_NONE else v for name, v in changes.items()}
    return design.with_(dac_bits=None, adc_bits=None, **given)


def _circuit(request: Any) -> Circuit:
    circuit = circuits.from_json(part(request, "circuit"))
    if circuit.cells > 2 * _MOST_CELLS or circuit.opamps > _MOST_OPAMPS:
        raise ValueError(
            f"circuit must have at most {_MOST_CELLS:,} cells in an array and {_MOST_OPAMPS} op-amps, got "
            f"{circuit.cells:,} cells and {circuit.opamps:,} op-amps"
        )
    return circuit


def _programmed(circuit: Circuit, scale: Any, units: np.ndarray, product: np.ndarray | None) -> dict[str, Any]:
    return {
        "circuit": circuits.as_json(circuit),
        "volts_per_unit": scale.tolist() if isinstance(scale, np.ndarray) else float(scale),
        "units_per_volt": units.tolist(),
        "product": None if product is None else product.tolist(),
    }


def _matrix(given: Any, name: str, *, nonnegative: bool = True) -> np.ndarray:
    array = _array(given, name)
    if array.size > _MOST_ENTRIES:
        raise ValueError(f"{name} must have at most {_MOST_ENTRIES:,} entries, got {array.size:,}")
    return checks.as_matrix(array, name, nonnegative=nonnegative).astype(np.float64)


def vector(given: Any, name: str) -> np.ndarray:
    """Return a list of numbers as an array."""
    array = _array(given, name)
    if array.ndim != 1:
        raise ValueError(f"{name} must be a list of numbers")
    return array


def _array(given: Any, name: str) -> np.ndarray:
    try:
        return np.asarray(given, np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} must be numbers, in rows of the same length") from error


def _times(given: Any, wave: Waveform, settled: float) -> np.ndarray:
    if given is not None:
        return vector(given, "times")
    end = float(wave.times[-1])
    return np.linspace(0, min(end, settled * _PAST_SETTLING) or end, _SAMPLES)


_WORDS = (
    ("clamps", "leaves its clamp"),
    ("meets its rail", "leaves its rail"),
    ("slews", "stops slewing"),
    ("slews", "stops slewing"),
)


def _events(wave: Waveform) -> Iterator[dict[str, Any]]:
    """Yield limits that op-amps have met or left."""
    for before, after, time in zip(wave.regimes, wave.regimes[1:], wave.starts[1:], strict=False):
        for words, was, now in zip(_WORDS, before.limits, after.limits, strict=True):
            for opamp in np.flatnonzero(was != now):
                yield {"time": float(time), "opamp": int(opamp), "what": words[int(was[opamp])]}
