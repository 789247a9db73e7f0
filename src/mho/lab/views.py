"""Views that the page has exported as JSON, answered again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from mho import checks
from mho.lab.answers import Answers

__all__ = ["answer_view"]


def answer_view(answers: Answers, view: Any) -> dict[str, Any]:
    """Return the answers to the requests of a view.

    Parameters
    ----------
    answers : Answers
        Who answers.
    view : mapping
        As the page exports it; its own answers are not looked at.

    Raises
    ------
    TypeError, ValueError
        It is no view, or holds a bad request.
    ChipError
        The circuit cannot do it.
    """
    if not isinstance(view, Mapping) or "view" not in view:
        raise ValueError("the file must hold a view as the page exports it, an object with a view's name")
    return _VIEWS[checks.one_of(view["view"], "view", tuple(_VIEWS))](answers, view)


def _bench(answers: Answers, view: Mapping[str, Any]) -> dict[str, Any]:
    program, settle, rhs = (_part(view, name) for name in ("program", "settle", "rhs"))
    made = answers.program(program)
    settled = answers.settle({"circuit": made["circuit"], "volts": _input_volts(made, rhs).tolist(), **settle})
    answer = np.array(settled["rest"]) * made["units_per_volt"]
    return {**settled, "answer": answer.tolist(), "exact": _exact(answers, program, rhs, answer)}


def _exact(answers: Answers, program: Mapping[str, Any], rhs: Any, answer: np.ndarray) -> list[float]:
    """Answer of perfect cells and op-amps; an eigenvector with the sign of the chip's `answer`, its largest entry 1."""
    A = np.array(program["matrix"], np.float64)
    match program["topology"]:
        case "mvm":
            return (A @ np.asarray(rhs, np.float64)).tolist()
        case "inv":
            return np.linalg.solve(A, np.asarray(rhs, np.float64)).tolist()
        case "egv":
            values, vectors = np.linalg.eig(A)
            x = np.real(vectors[:, np.abs(values).argmax()])
            return (x / np.abs(x).max() * np.sign(x @ answer)).tolist()
    return answers.solve({"matrix": program["matrix"], "rhs": [rhs]})["answers"][0]


def _device(answers: Answers, view: Mapping[str, Any]) -> dict[str, Any]:
    program, rhs = _part(view, "program"), _part(view, "rhs")
    made = answers.program(program)
    volts = [_input_volts(made, rhs).tolist()]
    rest = answers.solve({"circuit": made["circuit"], "volts": volts})["answers"][0]
    exact = np.array(answers.solve({"matrix": program["matrix"], "rhs": [rhs]})["answers"][0])
    answer = np.array(rest) * made["units_per_volt"]
    error = float(np.linalg.norm(answer - exact) / (np.linalg.norm(exact) or 1.0))
    return {"answer": answer.tolist(), "exact": exact.tolist(), "error": error}


def _factorize(answers: Answers, view: Mapping[str, Any]) -> dict[str, Any]:
    found = {}
    for request in _part(view, "factorize"):
        steps = list(answers.factorize(request))
        found[request["engine"]] = [step["error"] for step in steps]
    return found


def _cost(answers: Answers, view: Mapping[str, Any]) -> dict[str, Any]:
    return answers.cost(_part(view, "cost"))


_VIEWS = {"bench": _bench, "device": _device, "factorize": _factorize, "cost": _cost}


def _part(view: Mapping[str, Any], name: str) -> Any:
    if name not in view:
        raise ValueError(f"the view must hold {name}")
    return view[name]


def _input_volts(made: Mapping[str, Any], rhs: Any) -> np.ndarray:
    numbers = np.asarray(rhs, np.float64)
    if made["product"] is not None:
        numbers = np.array(made["product"]) @ numbers
    return numbers * np.array(made["volts_per_unit"])
