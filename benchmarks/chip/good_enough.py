"""How good a device must be, and what the uses of the house lose on the realistic chip.

python benchmarks/chip/good_enough.py knobs NAME   problems, ratings or picture: loss by each property, alone; with the
                                                   name of one behind it, of that one, the others' rows staying
python benchmarks/chip/good_enough.py ratings      users' factors from items' factors on the chip, by correction
python benchmarks/chip/good_enough.py photo        a picture factored on the chip, by correction, and digital sweeps
python benchmarks/chip/good_enough.py errors       least squares with everything wrong at once, by size and correction;
                                                   with a case behind it, of that one, the others' rows staying
python benchmarks/chip/good_enough.py repair       stuck cells: what repair leaves, and chips within 5 %

Each keeps its figures in docs/measured/good-enough.json, with date, commit and machine, of which report.py makes the
page; with --smoke all run with the smallest sizes and keep none. Problems and chips are those of seeds 100 and up,
which nothing was tuned on.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import nnls

from mho import NMF, Analog, Hybrid
from mho.chip import Chip, ChipDesign, ChipError, preset
from mho.data import camera, movielens
from mho.engines import Refined
from mho.recommend import split_by_user
from mho.sweep import KNOBS, TREATMENTS, OwnData, Picture, RatedTable, Sweep, trials

sys.path.insert(0, str(Path(__file__).parents[1]))
from measure import ROOT, arguments, keep, sized, smoke, timed, where

RESULTS = ROOT / "docs" / "measured" / "good-enough.json"

Row = dict[str, Any]

CHIP = preset("pku-2025-realistic")
FIRST = 100
SEEDS = range(FIRST, FIRST + sized(5, 1))


def rated(most_users: int, seed: int = 0) -> RatedTable:
    """MovieLens latest-small: a tenth of each user's ratings held out, the 1,024 films most often rated."""
    table = movielens()
    train, test = (part[:: sized(1, 20)] for part in split_by_user(table.users, 0.1, seed))
    return RatedTable(
        table.users, table.items, table.ratings, train, test, n_components=sized(16, 2), most_users=most_users
    )


def picture() -> Picture:
    """The camera, 64 x 64, 8 components."""
    return Picture(camera(sized(64, 16)), n_components=sized(8, 2))


# name: data, treatment, chips at each value, share by which the error may be above the digital one
USES: dict[str, tuple[Callable[[], OwnData | None], str, int, float]] = {
    "problems": (lambda: None, TREATMENTS[-1], 3, 0.05),
    "ratings": (lambda: rated(sized(50, 2)), TREATMENTS[0], 3, 0.01),
    "picture": (picture, TREATMENTS[-1], 3, 10 ** (1 / 20) - 1),
}


def knobs(name: str, *only: str) -> list[Row]:
    """Loss of a use at each value of each property alone: of problems the error, of data the share above digital."""
    make, treatment, chips, _ = USES[name]
    data, few = make(), {knob: values[:: sized(1, 4)] for knob, values in KNOBS.items() if knob in (only or KNOBS)}
    sizes = dict(zip(("rows", "columns", "rhs"), sized((128, 16, 50), (12, 3, 4)), strict=True))
    plan = Sweep(design=CHIP, chips=sized(chips, 1), treatments=(treatment,), knobs=few, data=data, seed=FIRST, **sizes)
    tried: dict[tuple[str, float], list[float]] = {}
    for row in trials(plan):
        loss = row["error" if data is None else "residual"]
        tried.setdefault((row["knob"], row["value"]), []).append(loss if np.isfinite(loss) else 10.0)
    rows = [
        {"use": name, "knob": k, "value": v, "losses": each, "median": float(np.median(each))}
        for (k, v), each in tried.items()
    ]
    for row in rows:
        print(row, flush=True)
    return rows if not only else _with_kept(f"knobs {name}", rows, "knob", list(KNOBS))


def _with_kept(result: str, rows: list[Row], by: str, order: list[str]) -> list[Row]:
    """Rows measured anew and those of before that they do not replace."""
    anew = {row[by] for row in rows}
    kept = json.loads(RESULTS.read_text(encoding="utf-8"))[result]["rows"]
    return sorted([row for row in kept if row[by] not in anew] + rows, key=lambda row: order.index(row[by]))


# -- the uses ------------------------------------------------------------------------------------------------------


def ratings() -> list[Row]:
    """RMSE of 100 users' ratings held out, digital and on five chips by what is done about their errors."""
    use, rows = rated(sized(100, 2)), []
    for name, design, chip_kind in (
        ("as written", CHIP, "raw"),
        ("as written, cells filled to half", HALF, "raw"),
        ("offsets cancelled, as by default", CHIP, DEFAULT),
        ("offsets cancelled, cells filled to half", HALF, DEFAULT),
        ("repaired, offsets cancelled", CHIP, f"repaired, {DEFAULT}"),
        ("calibrated", CHIP, "calibrated"),
        ("3 % stuck, offsets cancelled", STUCK, DEFAULT),
        ("3 % stuck, repaired, offsets cancelled", STUCK, f"repaired, {DEFAULT}"),
        ("wires left out", CHIP.with_(row_ohms=0.0, column_ohms=0.0, bus_ohms=0.0, tile_rows=None), "raw"),
        ("no resistance between tiles", CHIP.with_(bus_ohms=0.0), "raw"),
        ("refined on the chip", CHIP.with_(output="switched"), "refined"),
    ):
        few = SEEDS[: 1 if chip_kind == "refined" else None]
        scores = [use.score(_engine(design, seed, chip_kind)) for seed in few]
        rows.append({"way": name, "chips": len(few), "digital": use.digital, "rmse": scores})
        print(rows[-1], flush=True)
    return rows


DEFAULT = "default"
HALF = CHIP.with_(fill=0.5)
STUCK = CHIP.with_(stuck_low=0.015, stuck_high=0.015)


def _engine(design: ChipDesign, seed: int, kind: str) -> Any:
    chip = Chip(design, seed=seed)
    if "repaired" in kind:
        chip.repair()
    if "refined" in kind:
        return Refined(chip)
    calibrate = None if DEFAULT in kind else "calibrated" in kind
    return Analog(chip, calibrate=calibrate, readback="read back" in kind, probe="probed" in kind)


def photo() -> list[Row]:
    """A picture factored by six iterations on the chip, then one and two digital sweeps; digital ones beside."""
    rows = []
    for (side, k), names in PHOTOS.items():
        X = np.asarray(camera(sized(side, 16)), np.float64)
        for name in names:
            found = [_factored(X, sized(k, 3), name, seed) for seed in SEEDS]
            rows.append({"way": name, "side": side, "k": k, "chips": len(found), "psnr": np.transpose(found).tolist()})
            print(rows[-1], flush=True)
    return rows


ITERATIONS = 6
EXACT = "digital, half-steps exact"
"""As those of a chip are; digital ones are a few sweeps else."""
BEST = f"repaired, {DEFAULT}, read back and probed"
WAYS = ("digital", EXACT, "as written", f"repaired, {DEFAULT}", BEST)
STUCK_WAYS = tuple(f"3 % stuck, {way}" for way in ("as written", BEST))
PHOTOS = {(128, 32): WAYS, (64, 16): (*WAYS, *STUCK_WAYS, "calibrated and probed", "refined")}


def _factored(X: np.ndarray, k: int, way: str, seed: int) -> list[float]:
    """PSNR at the end, after one digital sweep more, and after two."""
    design = STUCK if "stuck" in way else CHIP.with_(output="switched") if way == "refined" else CHIP
    digital = {"digital": "digital", EXACT: Hybrid(CHIP, passes=ITERATIONS, seed=0)}
    engine = digital[way] if way in digital else _engine(design, seed, way)
    started = NMF(k, engine=engine, max_iter=ITERATIONS, tol=0, random_state=seed, init="random").fit(X)
    W, H = started.W_, started.components_
    found = [_psnr(X, W @ H)]
    for sweeps in (1, 2):
        more = NMF(k, max_iter=sweeps, tol=0, init="custom").fit(X, W=W.copy(), H=H.copy())
        found.append(_psnr(X, more.W_ @ more.components_))
    return found


def _psnr(X: np.ndarray, R: np.ndarray) -> float:
    return float(-10 * np.log10(np.mean((X - R) ** 2)))


# -- least squares -------------------------------------------------------------------------------------------------


def problem(m: int, k: int, n: int, residual: float, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return A, right-hand sides with half of each answer at zero and a residual, and scipy's answers."""
    rng = np.random.default_rng([25, seed])
    A = rng.random((m, k))
    B = A @ np.maximum(rng.standard_normal((k, n)), 0)
    B = np.maximum(B + residual * B.std() * rng.standard_normal(B.shape), 0)
    return A, B, np.column_stack([nnls(A, b)[0] for b in B.T])


UNTILED = {"tile_rows": None, "bus_ohms": 0.0, "input_ratio": 1.0}
CASES: list[tuple[str, ChipDesign, tuple[int, int], float]] = [
    ("128 x 16, everything, one array, inputs of one cell", CHIP.with_(**UNTILED), (128, 16), 0.05),
    ("128 x 16, tiles of 64", CHIP, (128, 16), 0.05),
    ("128 x 16, tiles of 64, cells filled to half", HALF, (128, 16), 0.05),
    ("128 x 16, tiles of 64, residual of 30 %", CHIP, (128, 16), 0.3),
    ("128 x 16, tiles of 64, no offset", CHIP.with_(offset=0.0), (128, 16), 0.05),
    ("128 x 16, tiles of 64, 100 uV", CHIP.with_(offset=1e-4), (128, 16), 0.05),
    ("128 x 16, a gain of 1,000 alone", preset("ideal").with_(gain=1e3), (128, 16), 0.05),
    ("512 x 32, tiles of 64", CHIP, (512, 32), 0.05),
]


def errors(*only: str) -> list[Row]:
    """Mean error of the answers over the seeds: as written, calibrated, and calibrated for a probe and probed."""
    rows, names = [], [name for name, *_ in CASES]
    if not set(only) <= set(names):
        sys.exit(f"one of {names}, got {only}")
    for name, design, size, residual in [case for case in CASES if case[0] in (only or names)][: sized(None, 1)]:
        each = np.array([_errors(design, sized(size, (12, 3)), residual, seed) for seed in SEEDS])
        rows.append({"case": name, "each": each.tolist(), "mean": each.mean(axis=0).tolist()})
        print(name, each.mean(axis=0).round(4), flush=True)
    return rows if not only else _with_kept("errors", rows, "case", names)


def _errors(design: ChipDesign, size: tuple[int, int], residual: float, seed: int) -> list[float]:
    A, B, exact = problem(*size, sized(30, 3), residual, seed)
    array = Chip(design, seed=seed).program(A)
    try:
        answers = [array.solve(B)]
    except ChipError:
        answers = [np.full_like(exact, np.nan)]
    array.calibrate(A)
    answers.append(array.solve(B))
    array.calibrate(A, probe=True)
    Y = array.solve(B)
    answers.append(np.maximum(2 * Y - array.solve(A @ Y), 0))
    return [float(np.linalg.norm(X - exact) / np.linalg.norm(exact)) for X in answers]


def repair() -> list[Row]:
    """Share of the loss by stuck cells that repair leaves, by squares; chips within 5 %, of two kinds of problems."""
    rows, clean = [], preset("pku-2025-4bit")
    size, chips = sized((128, 16), (16, 3)), range(FIRST, FIRST + sized(20, 1))
    for share in (0.01, 0.03):
        stuck = clean.with_(stuck_low=share / 2, stuck_high=share / 2)
        for spare in sized((0, 8), (0,)):
            found = np.array([_repaired(clean, stuck, spare, size, seed) for seed in chips])
            none, none_repaired, raw, repaired = np.sqrt(np.mean(found**2, axis=0))
            left = float(np.sqrt(max(repaired**2 - none_repaired**2, 0.0) / (raw**2 - none**2)))
            rows.append({"stuck": share, "spare_rows": spare, "left": left, "each": found.tolist()})
            print(share, spare, left, found.mean(axis=0), flush=True)
        for first in sized((FIRST, FIRST + 1), (FIRST,)):
            found = np.transpose([_drawn(design, size, first) for design in (clean, stuck)], (2, 0, 1)).reshape(-1, 4)
            rows.append({"stuck": share, "seed": first, "each": found.tolist()})
            print(share, "drawn", first, (found <= 0.05).mean(axis=0), flush=True)
    return rows


def _repaired(clean: ChipDesign, stuck: ChipDesign, spare: int, size: tuple[int, int], seed: int) -> list[float]:
    """Error without stuck cells, as written and repaired, and with them likewise."""
    A, B, exact = problem(*size, sized(30, 3), 0.05, seed)
    errors = []
    for design in (clean, stuck):
        for repaired in (False, True):
            chip = Chip(design, seed=seed)
            if repaired:
                chip.repair(spare_rows=spare)
            errors.append(float(np.linalg.norm(chip.program(A).solve(B) - exact) / np.linalg.norm(exact)))
    return errors


def _drawn(design: ChipDesign, size: tuple[int, int], seed: int) -> list[list[float]]:
    """Errors (treatments, chips) on the problems of `mho chip yield`, as written and repaired."""
    plan = Sweep(design=design, chips=sized(40, 2), rows=size[0], columns=size[1], seed=seed, treatments=TREATMENTS[:2])
    found = [row["error"] for row in trials(plan)]
    return [found[: plan.chips], found[plan.chips :]]


COMMANDS: dict[str, Callable[..., list[Row]]] = {
    "knobs": knobs,
    "ratings": ratings,
    "photo": photo,
    "errors": errors,
    "repair": repair,
}
OF_PARTS = {"knobs": 2, "errors": 1}
"""Commands that may be given a part, and the words of what each is kept as."""


def main() -> None:
    """Run the command that is asked for."""
    asked = arguments()
    if smoke():
        for name in USES:
            knobs(name)
        for name in ("ratings", "photo", "errors", "repair"):
            COMMANDS[name]()
    elif not asked or asked[0] not in COMMANDS or asked == ["knobs"] or (asked[1:] and asked[0] not in OF_PARTS):
        sys.exit(f"one of knobs NAME, {', '.join(COMMANDS)}, got {asked}\n{__doc__}")
    else:
        rows, seconds = timed(lambda: COMMANDS[asked[0]](*asked[1:]))
        told = {"command": f"python benchmarks/chip/good_enough.py {' '.join(asked)}"} | where()
        name = " ".join(asked[: OF_PARTS.get(asked[0], 1)])
        keep(RESULTS, {name: told | {"seconds": round(seconds), "rows": rows}})


if __name__ == "__main__":
    main()
