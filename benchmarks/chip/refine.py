"""Refinement on the chip: digital accuracy from cells of three and four bits, with controls that have no chip.

python benchmarks/chip/refine.py steps        solves to ten digits, conjugate gradients without a chip beside them
python benchmarks/chip/refine.py realistic    the same on a realistic chip, calibrated and not, 512 x 32 as well
python benchmarks/chip/refine.py probe        error of an answer, as it is and after a probe of its own
python benchmarks/chip/refine.py operations   digital operations by size, and right-hand sides from which each side wins
python benchmarks/chip/refine.py inverse      24 bits of a square system: solves, and the frontier of exact products
python benchmarks/chip/refine.py hybrid       a photograph and ratings: chip first, digital last, with controls
python benchmarks/chip/refine.py coarse       ratings by cells of 5 %, and one digital sweep
python benchmarks/chip/refine.py consistency  50 chips at 10 ages: lists, clusters, a picture; critical answers digital
python benchmarks/chip/refine.py report       docs/learn/four-to-24-bits.md and its figure, of what the others found

Each but the last keeps its figures in docs/measured/refinement.json, with date, commit and machine; with --smoke all
run with the smallest sizes and keep none.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import nnls

from mho import NMF, Digital, Hybrid, Recommender
from mho.chip import BitSlices, Chip, ChipDesign, preset
from mho.data import camera, movielens
from mho.engines import Analog, Refined, close_ranks, solve_square
from mho.engines.refinement import KnownSystem, refine
from mho.recommend import rmse, split_random

sys.path.insert(0, str(Path(__file__).parents[1]))
from measure import ROOT, arguments, few, keep, sized, smoke, table, where, write

RESULTS = ROOT / "docs" / "measured" / "refinement.json"
PAGE = ROOT / "docs" / "learn" / "four-to-24-bits.md"
FIGURE = ROOT / "docs" / "figures" / "product-frontier.svg"

Row = dict[str, Any]

CONVERTERS = {"dac_bits": 8, "adc_bits": 8, "offset": 2e-5}
FOUR_BIT = preset("pku-2025-4bit").with_(**CONVERTERS)
THREE_BIT = preset("pku-2025").with_(**CONVERTERS)
WIRED = FOUR_BIT.with_(row_ohms=1.73, column_ohms=1.73)
CASES = [
    ("4 bits, 2 %", FOUR_BIT, 0.0),
    ("4 bits, 2 %", FOUR_BIT, 0.5),
    ("4 bits, 2 %", FOUR_BIT, 0.8),
    ("3 bits, 5 %", THREE_BIT, 0.0),
    ("3 bits, 5 %", THREE_BIT, 0.5),
    ("4 bits, 2 %, wires of 1.73 ohm", WIRED, 0.0),
]
SEEDS, COLUMNS = range(sized(5, 1)), sized(20, 2)
MOST_STEPS = 60
CASES, NOISES = (CASES, (0.0, 0.05, 0.3)) if not smoke() else (CASES[:1], (0.05,))


def problem(m: int, k: int, n: int, mix: float, noise: float, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return A, whose columns share a part `mix`, right-hand sides with a residual of `noise`, and scipy's answers."""
    rng = np.random.default_rng(seed)
    A = (1 - mix) * rng.random((m, k)) + mix * rng.random((m, 1))
    B = A @ np.maximum(rng.standard_normal((k, n)), 0)
    B += noise * B.std() * rng.standard_normal(B.shape)
    return A, B, np.column_stack([nnls(A, b)[0] for b in B.T])


def distances(X: np.ndarray, exact: np.ndarray) -> np.ndarray:
    """Return the relative error of each answer."""
    return np.linalg.norm(X - exact, axis=0) / np.linalg.norm(exact, axis=0)


def cg_steps(A: np.ndarray, b: np.ndarray, x: np.ndarray, exact: np.ndarray, tolerance: float = 1e-10) -> int:
    """Return the steps of conjugate gradients from x on, told which entries the answer has: the control."""
    A, x, exact = A[:, exact > 0], x[exact > 0], exact[exact > 0]
    r = A.T @ (b - A @ x)
    p, steps = r, 0
    while np.linalg.norm(x - exact) > tolerance * np.linalg.norm(exact):
        w = A.T @ (A @ p)
        length = (r @ r) / (p @ w)
        x, rest = x + length * p, r - length * w
        r, p, steps = rest, rest + (rest @ rest) / (r @ r) * p, steps + 1
    return steps


def without_chip(A: np.ndarray, B: np.ndarray, start: np.ndarray) -> np.ndarray:
    """Return the steps of the same refinement from the same start, A'A's diagonal for the chip; infinite: given up."""
    G = A.T @ A

    def correct(C: np.ndarray, free: np.ndarray, *_: np.ndarray) -> tuple[np.ndarray, dict[int, str]]:
        return np.where(free, C / G.diagonal(), 0.0), {}

    done = refine(
        KnownSystem(G, B.T @ A), correct, start.T.copy(), conjugate=True, tolerance=1e-10, most_steps=MOST_STEPS
    )
    return np.where([bool(reason) for reason in done.fallback], np.inf, done.steps)


def steps() -> list[Row]:
    """Solves to ten digits at 128 x 16, and those of conjugate gradients from the chip's answer on."""
    rows = []
    for name, design, mix in CASES:
        for noise in NOISES:
            found = [_one(design, problem(128, 16, COLUMNS, mix, noise, seed), seed) for seed in SEEDS]
            row = {"cells": name, "residual": noise, "columns": len(SEEDS) * COLUMNS} | _summary(found)
            print(row, flush=True)
            rows.append(row)
    return rows


REALISTIC = sized([(128, 16), (512, 32)], [(16, 4)])
TREATMENTS = ("as written", "calibrated", "repaired and calibrated")


def realistic() -> list[Row]:
    """Solves to ten digits by realistic chips, by what was done about their errors, with a residual of 5 %."""
    rows = []
    design = preset("pku-2025-realistic")
    for m, k in REALISTIC:
        for treatment in TREATMENTS:
            found = [_one(design, problem(m, k, COLUMNS, 0.0, 0.05, seed), seed, treatment) for seed in SEEDS]
            row = {"cells": f"{m} x {k}, {treatment}", "residual": 0.05, "columns": len(SEEDS) * COLUMNS}
            rows.append(row | _summary(found))
            print(rows[-1], flush=True)
    return rows


def _one(design: ChipDesign, drawn: tuple[np.ndarray, ...], seed: int, treatment: str = "as written") -> Row:
    A, B, exact = drawn
    engine = Refined(design, seed=seed)
    if "repaired" in treatment:
        engine.chip.repair()
    programmed = engine.program(A)
    if "calibrated" in treatment:
        programmed.array.calibrate(A)
    before = engine.ledger().copy()
    done = programmed.refine(B)
    own = np.array([not reason for reason in done.fallback])
    settlings = engine.ledger().since(before).solves / COLUMNS
    start = programmed.array.solve(B)
    told = np.array([cg_steps(A, *column) for column in zip(B.T, start.T, exact.T, strict=True)])
    same, taken = without_chip(A, B, start), np.where(own, done.steps, np.inf)
    return {
        "condition": [np.linalg.cond(A[:, x > 0]) for x in exact.T],
        "start": distances(start, exact),
        "solves": 1 + done.steps[own],
        "control": told,
        "same": same,
        "of_told": taken / told,
        "of_same": np.where(own, taken / same, np.inf),  # zero where that control is given up
        "fewer": taken < told,
        "fewer_than_same": taken < same,
        "contraction": done.contraction[own],
        "error": distances(done.X, exact),
        "own": own,
        "settlings": [settlings],
    }


def _summary(found: list[Row]) -> Row:
    each = {key: np.concatenate([one[key] for one in found]) for key in found[0]}
    own, same = bool(each["own"].any()), each["same"]
    return {
        "condition": float(np.median(each["condition"])),
        "start": float(np.median(each["start"])),
        "solves": float(np.median(each["solves"])) if own else None,
        "most_solves": int(each["solves"].max()) if own else None,
        "control": float(np.median(each["control"])),
        "same_control": float(np.median(same)) if np.isfinite(np.median(same)) else None,
        "same_given_up": float(np.mean(np.isinf(same))),
        "of_told": float(np.median(each["of_told"])),
        "of_same": float(np.median(each["of_same"])),
        "fewer": float(each["fewer"].mean()),
        "fewer_than_same": float(each["fewer_than_same"].mean()),
        "contraction": float(np.median(each["contraction"])) if own else None,
        "error": float(each["error"].max()),
        "fallen_back": float(1 - each["own"].mean()),
        "settlings": float(each["settlings"].mean()),
    }


def probe() -> list[Row]:
    """Error of an answer, and after the chip has solved for A times it."""
    designs = {
        "4 bits, 2 %": FOUR_BIT,
        "4 bits, 2 %, wires of 1.73 ohm": WIRED,
        "3 bits, 5 %": THREE_BIT,
    }
    rows = []
    for name, design in designs.items():
        for m, k in sized(((128, 16), (512, 32)), ((16, 4),)):
            errors = [_probed(design, m, k, seed) for seed in SEEDS]
            plain, probed, solves = np.mean(errors, axis=0)
            row = {"cells": name, "size": f"{m} x {k}", "plain": plain, "probed": probed, "solves": solves}
            print(row, flush=True)
            rows.append(row)
    return rows


def _probed(design: ChipDesign, m: int, k: int, seed: int) -> list[float]:
    A, B, exact = problem(m, k, COLUMNS, 0.0, 0.05, seed)
    found, solves = [], 0.0
    for asked in (False, True):
        engine = Analog(Chip(design, seed=seed), probe=asked, calibrate=False)
        X = engine.program(A).solve(B)
        found.append(float(np.linalg.norm(X - exact) / np.linalg.norm(exact)))
        solves = engine.ledger().solves / COLUMNS
    return [*found, solves]


SIZES = sized(((128, 16), (256, 32), (512, 64), (1024, 128)), ((16, 4),))


def operations() -> list[Row]:
    """Digital operations for a right-hand side, one model for all: what follows and what a Gram matrix costs.

    A'b takes 2 m k, a Gram matrix m k (k + 1) for all n, a product by it 2 k^2 and by A and A' 4 m k. Directly: one
    Cholesky factorization, k^3 / 3 + 2 k^2, the set of positive entries known beforehand.
    """
    rows = []
    for m, k in SIZES:
        A, B, exact = problem(m, k, COLUMNS, 0.0, 0.05, 0)
        programmed = Refined(FOUR_BIT, seed=0).program(A)
        done = programmed.refine(B)
        start = programmed.array.solve(B)
        control = float(np.mean([cg_steps(A, *column) for column in zip(B.T, start.T, exact.T, strict=True)]))
        shared = m * k * (k + 1)
        chip = float(np.mean(done.operations)) - shared / COLUMNS
        count = float(np.mean(done.steps))
        row = {
            "m": m,
            "k": k,
            "steps": count,
            "control_steps": control,
            "gram": shared,
            "refined": chip,
            "cg": 2 * m * k + (control + 1) * 2 * k**2 + control * 10 * k,
            "cholesky": 2 * m * k + k**3 / 3 + 2 * k**2,
            "refined_without_gram": chip + (count + 1) * (4 * m * k - 2 * k**2),
            "refined_by_analogue_products": chip - 2 * m * k - (count + 1) * 2 * k**2,
        }
        row |= {f"wins_over_{other}": _wins(row, other) for other in ("cg", "cholesky")}
        row["gram_pays_from"] = int(np.ceil(shared / (row["refined_without_gram"] - chip)))
        print(row, flush=True)
        rows.append(row)
    return rows


MANY = [*range(1, 200), 10**3, 10**4, 10**6]


def _wins(row: Row, other: str) -> list[int]:
    """Fewest and most right-hand sides with which refinement takes fewer operations than the other; empty: never.

    Each goes the better way. Both need the Gram matrix, or neither does: conjugate gradients without it take products
    by A and A' too.
    """
    m, k, steps_ = row["m"], row["k"], row["control_steps"]
    won = []
    for n in MANY:
        ours = min(row["refined"] + row["gram"] / n, row["refined_without_gram"])
        theirs = row[other] + row["gram"] / n
        if other == "cg":
            theirs = min(theirs, row["cg"] + (steps_ + 1) * (4 * m * k - 2 * k**2))
        if ours < theirs:
            won.append(n)
    return [min(won), max(won)] if won else []


def inverse() -> list[Row]:
    """Solves of a 16 x 16 inverse to 2^-23, and the error that products in bit slices leave."""
    rows = []
    for condition in sized((2, 8, 32), (2,)):
        for name, product in (("digital", None), ("3 bits, .2 %, 8 columns", _sliced(3, 0.002, 8))):
            found = [_system(condition, product, seed) for seed in range(sized(10, 1))]
            solves, errors = zip(*found, strict=True)
            row = {"kind": "solves", "condition": condition, "product": name, "error": max(errors)}
            rows.append(row | {"solves": float(np.median(solves)), "most_solves": int(max(solves))})
            print(rows[-1], flush=True)
    for sigma in sized((0.002, 0.005, 0.01, 0.02, 0.05), (0.01,)):
        for bits in sized((1, 2, 3), (3,)):
            for columns in sized((2, 4, 8, 16), (8,)):
                errors = [_system(8, _sliced(bits, sigma, columns), seed)[1] for seed in range(sized(3, 1))]
                rows.append(
                    {"kind": "frontier", "sigma": sigma, "bits": bits, "columns": columns, "error": max(errors)}
                )
        print(f"frontier at sigma {sigma}", flush=True)
    return rows


def _sliced(bits: int, sigma: float, columns: int) -> ChipDesign:
    base = preset("pku-2025").with_(topology="mvm", adc_bits=8, gain=1e5, sigma=sigma, columns=columns)
    return base.with_(slices=24 // bits, bits_per_cell=bits)


def _system(condition: float, product: ChipDesign | None, seed: int) -> tuple[int, float]:
    rng = np.random.default_rng(seed)
    Q = np.linalg.qr(rng.standard_normal((16, 16)))[0]
    A = BitSlices.of(Q @ np.diag(np.geomspace(1 / condition, 1, 16)) @ Q.T, 12, 2).matrix
    b = rng.standard_normal(16)
    exact = np.linalg.solve(A, b)
    design = preset("pku-2025").with_(levels=8, sigma=0.02, dac_bits=8, adc_bits=8, gain=1e5)
    found = solve_square(A, b, inverse=design, product=product, seed=seed)
    return found.solves, float(np.linalg.norm(found.x - exact) / np.linalg.norm(exact))


PHOTO = preset("pku-2025-4bit").with_(sigma=0.05)
RATINGS = preset("pku-2025-4bit")
K, SWEEPS = sized((64, 100), (4, 10))


def hybrid() -> list[Row]:
    """A photograph by 10 % of the digital sweeps, and ratings by one, after the chip; controls with the same ones."""
    rows = []
    X = _picture(sized(256, 32))
    last = SWEEPS // 10
    ways = {
        f"digital, {SWEEPS} sweeps": ("digital", SWEEPS),
        f"digital, {last} sweeps alone": ("digital", last),
        f"digital, {last} sweeps alone, each exact": (Hybrid(PHOTO, passes=last, seed=1), last),
        f"chip raw, {last} digital sweeps": (Hybrid(PHOTO, passes=last, seed=1), SWEEPS),
        f"chip read back, {last} digital sweeps": (Hybrid(PHOTO, passes=last, seed=1, readback=True), SWEEPS),
        f"chip read back and probed, {last} digital sweeps": (
            Hybrid(PHOTO, passes=last, seed=1, readback=True, probe=True),
            SWEEPS,
        ),
    }
    for name, (engine, most) in few(ways.items()):
        model = NMF(K, engine=engine, max_iter=most, tol=0, random_state=0, init="random").fit(X)
        rows.append({"kind": "photograph", "way": name, "score": _psnr(X, model.W_ @ model.components_)} | _used(model))
        print(rows[-1], flush=True)
    makers: dict[str, Callable[[int], tuple[Any, int]]] = {
        "digital, 10 sweeps": lambda seed: ("digital", 10),
        "digital, 1 sweep alone": lambda seed: ("digital", 1),
        "chip raw, 1 digital sweep": lambda seed: (Hybrid(RATINGS, passes=1, seed=seed), 10),
        "chip read back, 1 digital sweep": lambda seed: (Hybrid(RATINGS, passes=1, seed=seed, readback=True), 10),
    }
    return rows + list(_ratings("ratings", makers))


def coarse() -> list[Row]:
    """Ratings by cells of 5 % and one digital sweep: ten sweeps in all, and fifteen; ways found before stay."""
    makers: dict[str, Callable[[int], tuple[Any, int]]] = {
        "digital, 10 sweeps": lambda seed: ("digital", 10),
        "chip raw, 1 digital sweep, 10 in all": lambda seed: (Hybrid(PHOTO, passes=1, seed=seed), 10),
        "chip read back, 1 digital sweep, 10 in all": lambda seed: (
            Hybrid(PHOTO, passes=1, seed=seed, readback=True),
            10,
        ),
        "chip read back, 1 digital sweep, 15 in all": lambda seed: (
            Hybrid(PHOTO, passes=1, seed=seed, readback=True),
            15,
        ),
        "digital, 15 sweeps": lambda seed: ("digital", 15),
    }
    rows = [] if smoke() else _kept().get("coarse", {}).get("rows", [])
    for way, make in few(makers.items()):
        if way not in [row["way"] for row in rows]:
            rows += _ratings("ratings, cells of 5 %", {way: make})
            _keep("coarse", rows)
    return rows


def _ratings(kind: str, makers: dict[str, Callable[[int], tuple[Any, int]]]) -> Iterator[Row]:
    """Ratings held out, the mean of three splits, of each way to make an engine and a number of sweeps."""
    for name, make in few(makers.items()):
        found = [_held_out(*make(seed), seed) for seed in range(sized(3, 1))]
        scores = [score for score, _ in found]
        row = {"kind": kind, "way": name, "score": float(np.mean(scores)), "each": scores} | found[0][1]
        print(row, flush=True)
        yield row


def _picture(size: int) -> np.ndarray:
    X = np.asarray(camera(size), np.float64)
    return X / X.max()


def _psnr(X: np.ndarray, R: np.ndarray) -> float:
    return float(-10 * np.log10(np.mean((X - R) ** 2)))


def _used(model: Any) -> Row:
    engines = [record["engine"] for record in model.history_]
    ledger = model.engine_.ledger()
    return {
        "chip_sweeps": engines.count("analog"),
        "digital_sweeps": engines.count("digital"),
        "solves": 0.0 if ledger is None else ledger.solves,
    }


def _held_out(engine: Any, sweeps: int, seed: int) -> tuple[float, Row]:
    table = movielens()
    train, test = (part[:: sized(1, 50)] for part in split_random(len(table.ratings), 0.1, seed))
    model = Recommender(16, engine=engine, max_iter=sweeps, random_state=seed)
    model.fit(table.users[train], table.items[train], table.ratings[train])
    return rmse(table.ratings[test], model.predict(table.users[test], table.items[test])), _used(model)


AGEING = preset("neurram").with_(levels=16, off_state="digital")
AGES = np.geomspace(1.0, 172_800.0, sized(10, 2))
CHIPS = sized(50, 1)


def consistency() -> list[Row]:
    """Lists, clusters and a picture by 50 chips at 10 ages each, against digital answers; uses found before stay."""
    rows = [] if smoke() else _kept().get("consistency", {}).get("rows", [])
    for name, (A, B, quality, scores, critical) in _uses().items():
        if name in [row["use"] for row in rows]:
            continue
        exact = Digital().program(A).solve(B)
        found = [one for chip in range(CHIPS) for one in _aged(chip, A, B, exact, quality, scores, critical)]
        plain, checked, share = np.array(found).T
        rows.append(
            {"use": name, "chips": CHIPS, "ages": len(AGES)}
            | {f"plain_{q}": float(np.quantile(plain, q / 100)) for q in (5, 50)}
            | {f"checked_{q}": float(np.quantile(checked, q / 100)) for q in (5, 50)}
            | {"plain_mean": float(plain.mean()), "checked_mean": float(checked.mean()), "share": float(share.mean())}
        )
        print(rows[-1], flush=True)
    return rows


def _aged(
    seed: int, A: np.ndarray, B: np.ndarray, exact: np.ndarray, quality: Any, scores: Any, critical: Any
) -> Iterator[tuple[float, float, float]]:
    programmed, age = Hybrid(AGEING, seed=seed).program(A), 0.0
    for until in AGES:
        programmed.analog.array.age(until - age)
        age = until
        checked = programmed.solve_checked(B, scores, critical)
        yield quality(checked.plain, exact), quality(checked.X, exact), checked.share


def _uses() -> dict[str, tuple[Any, ...]]:
    """Matrix, right-hand sides, quality, scores and critical of each use."""
    from sklearn.metrics import adjusted_rand_score

    rated, picture = _rated(), _picture(64)
    H = NMF(10, random_state=0).fit(rated[rated.any(axis=1)]).components_
    patches = picture.reshape(8, 8, 8, 8).swapaxes(1, 2).reshape(64, 64).T
    W = NMF(16, random_state=0).fit(patches).W_
    rng = np.random.default_rng(0)
    topics = rng.gamma(0.3, size=(100, 8))
    mixed = 0.15 * rng.random((8, 100))
    mixed[rng.integers(8, size=100), np.arange(100)] += 1
    texts = rng.poisson(20 * topics @ mixed).astype(np.float64)
    T = NMF(8, random_state=0).fit(texts).W_
    T = T / T.sum(axis=0)
    some = rated[rated.any(axis=1)][:60].T
    seen = some > 0

    def unseen(X: np.ndarray) -> np.ndarray:
        return np.where(seen, -np.inf, H.T @ X)

    def overlap(X: np.ndarray, exact: np.ndarray) -> float:
        lists = [np.argsort(-unseen(Y), axis=0)[:10] for Y in (X, exact)]
        return float(np.mean([len(np.intersect1d(a, b)) / 10 for a, b in zip(*(Y.T for Y in lists), strict=True)]))

    def scored(X: np.ndarray) -> np.ndarray:
        return np.where(seen, 0.0, H.T @ X)

    return {
        "overlap of lists of 10": (H.T, some, overlap, scored, close_ranks(10)),
        "adjusted Rand index of clusters": (
            T,
            texts,
            lambda X, exact: adjusted_rand_score(exact.argmax(axis=0), X.argmax(axis=0)),
            lambda X: X,
            close_ranks(1),
        ),
        "PSNR of a picture, dB": (
            W,
            patches,
            lambda X, _: _psnr(patches, W @ X),
            lambda X: X,
            lambda S, E: np.zeros(S.shape[1], bool),
        ),
    }


def _rated() -> np.ndarray:
    """Who of 200 users rated which of the 300 films rated most often."""
    table = movielens()
    items, counts = np.unique(table.items, return_counts=True)
    popular = items[np.argsort(-counts, kind="stable")[:300]]
    users = np.unique(table.users)[:200]
    kept = np.isin(table.items, popular) & np.isin(table.users, users)
    X = np.zeros((200, 300))
    order = np.argsort(popular)
    X[
        np.searchsorted(users, table.users[kept]),
        order[np.searchsorted(popular[order], table.items[kept])],
    ] = table.ratings[kept]
    return X


# -- the page ------------------------------------------------------------------------------------------------------


def report() -> None:
    """Write the tables of the page, and its figure."""
    kept = json.loads(RESULTS.read_text(encoding="utf-8"))
    kept["shares"] = kept["realistic"]
    page = PAGE.read_text(encoding="utf-8")
    for name, made in TABLES.items():
        if name in kept:
            text = "\n".join(made(kept[name]["rows"]))
            page = re.sub(
                rf"(<!-- {name} -->\n).*?(<!-- end -->)", lambda m, t=text: f"{m[1]}{t}\n{m[2]}", page, flags=re.DOTALL
            )
    write(PAGE, page)
    _frontier([row for row in kept["inverse"]["rows"] if row["kind"] == "frontier"])


def _steps_table(rows: list[Row]) -> Iterator[str]:
    yield from table(
        "| cells | condition | residual | first answer | corrections, median (most) | told: steps, fewer than those "
        "in | untold: steps (given up), fewer than those in | contraction | fell back |",
        (
            f"| {r['cells']} | {r['condition']:.0f} | {r['residual']:.0%} | {r['start']:.1%} | "
            + (f"{r['solves'] - 1:.0f} ({r['most_solves'] - 1})" if r["solves"] else "-")
            + f" | {r['control']:.0f}, {r['fewer']:.0%} | "
            + ("-" if r["same_control"] is None else f"{r['same_control']:.0f}")
            + f" ({r['same_given_up']:.0%}), {r['fewer_than_same']:.0%} | "
            + (f"{r['contraction']:.2f}" if r["contraction"] else "-")
            + f" | {r['fallen_back']:.0%} |"
            for r in rows
        ),
    )


def _probe_table(rows: list[Row]) -> Iterator[str]:
    yield from table(
        "| cells | size | first answer | after its own probe |",
        (f"| {r['cells']} | {r['size']} | {r['plain']:.1%} | {r['probed']:.1%} |" for r in rows),
    )


def _operations_table(rows: list[Row]) -> Iterator[str]:
    def with_(won: list[int]) -> str:
        if not won:
            return "never"
        first, last = won
        return f"n = {first}" if first == last else f"n >= {first}" if last == MANY[-1] else f"n = {first} to {last}"

    yield from table(
        "| size | steps (control) | Gram matrix, once | refined | conjugate gradients | Cholesky | residual by an "
        "analogue product | fewer than conjugate gradients | fewer than Cholesky | Gram matrix pays |",
        (
            f"| {r['m']} x {r['k']} | {r['steps']:.1f} ({r['control_steps']:.1f}) | {r['gram']:,.0f} | "
            f"{r['refined']:,.0f} | {r['cg']:,.0f} | {r['cholesky']:,.0f} | {r['refined_by_analogue_products']:,.0f} | "
            f"{with_(r['wins_over_cg'])} | {with_(r['wins_over_cholesky'])} | from n = {r['gram_pays_from']} |"
            for r in rows
        ),
    )


def _inverse_table(rows: list[Row]) -> Iterator[str]:
    yield from table(
        "| condition | product | chip solves, median (most) | largest error |",
        (
            f"| {r['condition']} | {r['product']} | {r['solves']:.0f} ({r['most_solves']}) | {r['error']:.1e} |"
            for r in rows
            if r["kind"] == "solves"
        ),
    )


def _frontier(rows: list[Row]) -> None:
    import matplotlib
    from matplotlib.figure import Figure
    from matplotlib.ticker import NullLocator

    matplotlib.rcParams["svg.hashsalt"] = "mho"  # the same figures make the same file
    figure = Figure(figsize=(8.4, 2.9), layout="constrained")
    for axes, bits in zip(figure.subplots(1, 3, sharey=True), (1, 2, 3), strict=True):
        for columns in (2, 4, 8, 16):
            line = [r for r in rows if (r["bits"], r["columns"]) == (bits, columns)]
            axes.loglog([100 * r["sigma"] for r in line], [r["error"] for r in line], "o-", label=f"{columns} columns")
        axes.axhline(2.0**-23, color="0.5", linewidth=0.8)
        axes.set(title=f"{bits} bit{'s' * (bits > 1)} a cell", xlabel="error of a cell, % of full scale")
        axes.xaxis.set_minor_locator(NullLocator())
        axes.set_xticks([0.2, 0.5, 1, 2, 5], ["0.2", "0.5", "1", "2", "5"])
    figure.axes[0].set_ylabel("error of the answer")
    figure.axes[0].legend(frameon=False, fontsize=8)
    figure.savefig(FIGURE, metadata={"Date": None})


def _hybrid_table(rows: list[Row]) -> Iterator[str]:
    yield from table(
        "| | way | PSNR, or RMSE held out | sweeps on the chip | digital sweeps | chip solves |",
        (
            f"| {r['kind']} | {r['way']} | "
            + (f"{r['score']:.2f} dB" if r["kind"] == "photograph" else f"{r['score']:.4f}")
            + f" | {r['chip_sweeps']} | {r['digital_sweeps']} | {r['solves']:,.0f} |"
            for r in rows
        ),
    )


def _consistency_table(rows: list[Row]) -> Iterator[str]:
    yield from table(
        "| | chip alone: 5th percentile, median | checked: 5th percentile, median | computed again |",
        (
            f"| {r['use']} | {r['plain_5']:.3g}, {r['plain_50']:.3g} | {r['checked_5']:.3g}, {r['checked_50']:.3g} | "
            f"{r['share']:.0%} |"
            for r in rows
        ),
    )


def _shares_table(rows: list[Row]) -> Iterator[str]:
    yield from table(
        "| corrections over the steps of a control, median | told | untold |",
        (f"| {r['cells']} | {r['of_told']:.2f} | {r['of_same']:.2f} |" for r in rows),
    )


TABLES: dict[str, Callable[[list[Row]], Iterator[str]]] = {
    "steps": _steps_table,
    "realistic": _steps_table,
    "shares": _shares_table,
    "probe": _probe_table,
    "operations": _operations_table,
    "inverse": _inverse_table,
    "hybrid": _hybrid_table,
    "coarse": _hybrid_table,
    "consistency": _consistency_table,
}


def _keep(name: str, rows: list[Row]) -> None:
    keep(RESULTS, {name: {"command": f"python benchmarks/chip/refine.py {name}"} | where() | {"rows": rows}})


def _kept() -> dict[str, Any]:
    return json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}


COMMANDS = {
    "steps": steps,
    "realistic": realistic,
    "probe": probe,
    "operations": operations,
    "inverse": inverse,
    "hybrid": hybrid,
    "coarse": coarse,
    "consistency": consistency,
}


def main() -> None:
    """Run the command that is asked for."""
    names = list(COMMANDS) if smoke() else arguments()
    if names == ["report"]:
        report()
    elif not names or not COMMANDS.keys() >= set(names):
        sys.exit(f"one of {', '.join(COMMANDS)} or report, got {names}\n{__doc__}")
    else:
        for name in names:
            _keep(name, COMMANDS[name]())


if __name__ == "__main__":
    main()
