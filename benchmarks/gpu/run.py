"""The torch engine on a GPU beside the CPU's kernels, nmf-torch, torchnmf and the roofline of `mho cost`.

    python benchmarks/gpu/run.py [--device cuda] [--smoke] [-o docs/measured/gpu.json]

Under ten minutes: each case has its share of them, and repeats while it lasts. Peers are those that are installed
(``pip install nmf-torch torchnmf``); who cannot take a case is left out with the reason. Times are of one iteration,
the least of three differences between a long and a short run, so that neither copying X to the device nor compiling
counts; the copy is told beside it. The error is that after the long run.

Without a GPU the cases are small, to see that the script runs; its figures then say nothing about one.
RcppML has published no seconds of its CUDA backend that were found, so there is no line for it.
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp
import torch

from mho import NMF
from mho.cost import PLATFORMS, Roofline, Workload
from mho.engines import Digital, Torch

sys.path.insert(0, str(Path(__file__).parents[1]))
from measure import machine, parser

SHORT, LONG = 3, 13
SECONDS = 500.0
"""For all of it."""

Run = Callable[[int], tuple[float, float]]
"""Seconds and relative error of that many iterations."""


@dataclass(frozen=True)
class Case:
    """A matrix made from a seed.

    `each` entries are stored in each row; None: all of them.
    """

    name: str
    m: int
    n: int
    k: int
    each: int | None = None
    missing: bool = False

    def matrix(self) -> Any:
        """Return a matrix of k parts and noise, float32."""
        rng = np.random.default_rng(0)
        W, H = (rng.gamma(0.5, size=shape).astype(np.float32) for shape in ((self.m, self.k), (self.k, self.n)))
        if self.each is None:
            return W @ H + 0.1 * rng.random((self.m, self.n), dtype=np.float32)
        stride = self.n // self.each
        idx = (rng.integers(0, stride, (self.m, self.each)) + np.arange(self.each) * stride).astype(np.int32)
        values = np.einsum("ik,kij->ij", W, H[:, idx]) + np.float32(0.1)
        ptr = np.arange(self.m + 1, dtype=np.int32) * self.each
        return sp.csr_array((values.astype(np.float32).ravel(), idx.ravel(), ptr), shape=(self.m, self.n))

    def start(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the factors that everybody begins with."""
        rng = np.random.default_rng(1)
        return rng.random((self.m, self.k), dtype=np.float32), rng.random((self.k, self.n), dtype=np.float32)

    def workload(self) -> Workload:
        """Return the sizes as `mho cost` takes them."""
        return Workload(
            m=self.m, n=self.n, k=self.k, known=self.each and self.m * self.each, missing=self.missing or not self.each
        )


CASES = (
    Case("dense", 20_000, 10_000, 32),
    Case("dense, wide k", 10_000, 10_000, 128),
    Case("sparse", 200_000, 30_000, 32, each=60),
    Case("masked", 60_000, 18_000, 32, each=150, missing=True),
)
SMALL = (
    Case("dense", 400, 300, 8),
    Case("sparse", 2_000, 600, 8, each=20),
    Case("masked", 600, 400, 8, each=30, missing=True),
)


def main() -> None:
    """Measure and write."""
    options = parser(__doc__)
    options.add_argument("--device", default="auto", help="as torch names it")
    options.add_argument("-o", "--output", type=Path, help="a .json file; standard output without it")
    given = options.parse_args()
    engine = Torch(device=given.device)
    device = torch.device(engine.device)
    small = given.smoke or device.type == "cpu"
    cases, begun = SMALL if small else CASES, time.perf_counter()
    rows = []
    for number, case in enumerate(cases):
        left = SECONDS - (time.perf_counter() - begun)
        rows += measured(case, engine, left / (len(cases) - number))
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else device.type
    about = machine() | {"device": name, "torch": torch.__version__, "small": small}
    text = json.dumps({"about": about, "rows": rows}, indent=1) + "\n"
    if given.output:
        given.output.write_text(text, encoding="utf-8")
    else:
        print(text, end="")


def measured(case: Case, engine: Torch, seconds: float) -> list[dict[str, Any]]:
    """Return a row for everybody who takes the case, within about so many seconds."""
    X, start, begun = case.matrix(), case.start(), time.perf_counter()
    runs = {
        "mho, torch": of_mho(case, X, start, engine),
        "mho, CPU": of_mho(case, X, start, Digital()),
        "nmf-torch HALS": lambda n: nmf_torch(case, X, start, engine.device, n),
        "torchnmf": lambda n: torchnmf(X, start, engine.device, n),
    }
    if case.each is None:
        short = Torch(device=engine.device, products="bfloat16")
        runs["mho, torch, bfloat16"] = of_mho(case, X, start, short)
    rows = [row(case, name, run, begun + seconds) for name, run in runs.items()]
    return [*rows, *rooflines(case)]


def row(case: Case, name: str, run: Run, until: float) -> dict[str, Any]:
    """Return the seconds of one iteration, the error, and what went before the first; or the reason for none."""
    print(f"{case.name}: {name}", file=sys.stderr, flush=True)
    facts = {"case": case.name, "m": case.m, "n": case.n, "k": case.k, "each": case.each, "who": name}
    try:
        run(1)  # loads and compiles
        pairs = []
        for _ in range(3):
            pairs.append((run(SHORT), run(LONG)))
            if time.perf_counter() > until:
                break
    except (ImportError, NotImplementedError, torch.OutOfMemoryError) as error:
        return facts | {"left_out": f"{type(error).__name__}: {error}"}
    each = min((long[0] - short[0]) / (LONG - SHORT) for short, long in pairs)
    before = min(short[0] for short, _ in pairs) - SHORT * each
    return facts | {"seconds": each, "before_seconds": max(0.0, before), "error": pairs[-1][1][1], "runs": len(pairs)}


def of_mho(case: Case, X: Any, start: tuple[np.ndarray, np.ndarray], engine: Any) -> Run:
    """Coordinate sweeps, four a half-step as the peers' one costs less than its products."""
    missing = "unstored" if case.missing else None

    def run(n: int) -> tuple[float, float]:
        model = NMF(case.k, engine=engine, algorithm="hals", missing=missing, max_iter=n, tol=0)
        begun = time.perf_counter()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # of columns that store nothing
            model.fit(X, W=start[0], H=start[1])
        return time.perf_counter() - begun, model.history_[-1]["error"]

    return run


def nmf_torch(case: Case, X: Any, start: Any, device: str, n: int) -> tuple[float, float]:
    """HALS of nmf-torch, one sweep an iteration; dense and fully known only."""
    if sp.issparse(X):
        raise NotImplementedError("takes dense matrices of which all is known")
    from nmf.nmf_models import NMFBatchHALS

    kind = "gpu" if device.startswith("cuda") else "cpu"
    none = dict.fromkeys(("alpha_W", "l1_ratio_W", "alpha_H", "l1_ratio_H"), 0.0)
    model = NMFBatchHALS(
        case.k, init="random", beta_loss=2.0, random_state=0, fp_precision="float", device_type=kind, n_jobs=-1,
        max_iter=n, hals_max_iter=1, tol=-1.0, **none,
    )  # fmt: skip
    begun = time.perf_counter()
    model.fit(X)
    _wait(device)
    seconds = time.perf_counter() - begun
    fitted = model.H.cpu().numpy() @ model.W.cpu().numpy()
    return seconds, float(np.linalg.norm(X - fitted) / np.linalg.norm(X))


def torchnmf(X: Any, start: Any, device: str, n: int) -> tuple[float, float]:
    """Multiplicative steps of torchnmf; dense and fully known only."""
    if sp.issparse(X):
        raise NotImplementedError("its sparse steps are for the Kullback-Leibler loss")
    from torchnmf.nmf import NMF as Model

    V = torch.from_numpy(X).to(device)
    model = Model(W=torch.from_numpy(start[1].T.copy()), H=torch.from_numpy(start[0])).to(device)
    begun = time.perf_counter()
    model.fit(V, beta=2, tol=0, max_iter=n)
    _wait(device)
    seconds = time.perf_counter() - begun
    with torch.no_grad():
        return seconds, float((V - model()).norm() / V.norm())


def _wait(device: str) -> None:
    if device.startswith("cuda"):
        torch.cuda.synchronize(device)


def rooflines(case: Case) -> list[dict[str, Any]]:
    """Return what one sweep takes on platforms of which `mho cost` has the data sheet: low, typical and high."""
    work = case.workload().work()
    return [
        {"case": case.name, "who": f"roofline {name}", "seconds_interval": [value.low, value.typical, value.high]}
        for name, platform in PLATFORMS.items()
        if isinstance(platform, Roofline)
        for value in [platform.cost(work).seconds]
    ]


if __name__ == "__main__":
    main()
