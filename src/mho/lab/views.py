"""Views that the page has exported as JSON, answered again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from mho import checks, cost
from mho.chip import preset
from mho.image import ChipDictionary
from mho.image.codec import Picture, decode
from mho.image.codec.codec import Exact, analyse, step_of, write
from mho.image.quality import psnr_of_pixels
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


def _photo(answers: Answers, view: Mapping[str, Any]) -> dict[str, Any]:
    """A grey photo through the chip that holds the codec's dictionary, beside the CPU; joules are typical ones."""
    asked = _part(view, "photo")
    if not isinstance(asked, Mapping) or not {"pixels", "preset", "changes", "seed", "quality"} <= set(asked):
        raise ValueError("photo must hold pixels, preset, changes, seed and quality")
    pixels = np.asarray(asked["pixels"])
    if pixels.ndim != 2 or pixels.dtype.kind != "i" or pixels.min(initial=0) < 0 or pixels.max(initial=0) > 255:
        raise ValueError("photo.pixels must be rows of whole numbers from 0 to 255")
    picture = Picture(pixels.astype(np.uint8))
    chip = ChipDictionary(chip=preset(asked["preset"]).with_(**asked["changes"]), seed=asked["seed"])
    before = chip.ledger.copy()
    found = _coded(analyse(picture, engine=chip), asked["quality"])
    parts = cost.estimate(chip.ledger.since(before)).parts
    joules = {part.name: part.energy.value.typical for part in parts if not part.writing}
    return {**found, "digital": _coded(analyse(picture), asked["quality"]), "joules": joules}


def _coded(exact: Exact, quality: float) -> dict[str, Any]:
    data = write(exact, step_of(quality))
    return {"psnr": psnr_of_pixels(exact.picture.pixels, decode(data).pixels), "bytes": len(data)}


_VIEWS = {"bench": _bench, "device": _device, "factorize": _factorize, "cost": _cost, "photo": _photo}


def _part(view: Mapping[str, Any], name: str) -> Any:
    if name not in view:
        raise ValueError(f"the view must hold {name}")
    return view[name]


def _input_volts(made: Mapping[str, Any], rhs: Any) -> np.ndarray:
    numbers = np.asarray(rhs, np.float64)
    if made["product"] is not None:
        numbers = np.array(made["product"]) @ numbers
    return numbers * np.array(made["volts_per_unit"])
