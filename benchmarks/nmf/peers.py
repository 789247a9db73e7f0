"""The libraries that mho is compared with, for matrices of which every entry is known."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from adapter import THREADS, Fit, Input, timed


def scikit_learn(data: Input) -> Fit:
    """Coordinate descent, float32."""
    from sklearn.decomposition import NMF

    def run(n: int) -> tuple[float, tuple[np.ndarray, np.ndarray]]:
        settings: dict[str, Any] = {"n_components": data.case.k, "init": "custom", "max_iter": n, "tol": 0}
        model, start = NMF(**settings), (data.W.copy(), data.H.copy())
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that it has not converged
            seconds, W = timed(lambda: model.fit_transform(data.X, W=start[0], H=start[1]))
        return seconds, (W, model.components_)

    return run


def nmf_torch(data: Input) -> Fit:
    """HALS, one sweep an iteration, float32."""
    import torch
    from nmf.nmf_models import NMFBatchHALS

    class FromGivenStart(NMFBatchHALS):
        """It calls the samples' factor H."""

        def _initialize_H_W(self, eps: float = 1e-6) -> None:
            self.H, self.W = torch.tensor(data.W), torch.tensor(data.H)

    options = {"beta_loss": 2.0, "random_state": 0, "fp_precision": "float", "device_type": "cpu"}
    no_penalty = {"alpha_W": 0.0, "l1_ratio_W": 0.0, "alpha_H": 0.0, "l1_ratio_H": 0.0}

    def run(n: int) -> tuple[float, tuple[np.ndarray, np.ndarray]]:
        limits = {"n_jobs": THREADS, "max_iter": n, "hals_max_iter": 1, "tol": -1.0}
        model = FromGivenStart(data.case.k, init="random", **options, **no_penalty, **limits)
        seconds, _ = timed(lambda: model.fit(data.X))
        return seconds, (model.H.numpy(), model.W.numpy())

    return run


def tensorly(data: Input) -> Fit:
    """HALS of the non-negative PARAFAC of an array of two axes, NumPy backend, float32."""
    from tensorly.decomposition import non_negative_parafac_hals

    def run(n: int) -> tuple[float, tuple[np.ndarray, np.ndarray]]:
        start = np.ones(data.case.k, np.float32), [data.W.copy(), data.H.T.copy()]
        limits = {"n_iter_max": n, "tol": 0}
        seconds, (_, factors) = timed(
            lambda: non_negative_parafac_hals(data.X, data.case.k, init=start, **limits),
        )
        return seconds, (factors[0], factors[1].T)

    return run


def scipy_nnls(data: Input) -> Fit:
    """scipy.optimize.nnls in a loop; timed on a sample."""
    return _one_by_one(data, data.A, data.B, 0.0)


def scipy_nnls_qr(data: Input) -> Fit:
    """scipy.optimize.nnls on the k rows that are left after one QR decomposition of A; timed on a sample."""
    seconds, (Q, R) = timed(lambda: np.linalg.qr(data.A))
    product, QtB = timed(lambda: Q.T @ data.B)
    return _one_by_one(data, R, QtB, seconds + product)


def _one_by_one(data: Input, A: np.ndarray, B: np.ndarray, before: float, sample: int = 200) -> Fit:
    from scipy.optimize import nnls

    def run(n: int) -> tuple[float, tuple[np.ndarray, np.ndarray]]:
        seconds, X = timed(lambda: [nnls(A, b)[0] for b in B.T[:sample]])
        return before + seconds * B.shape[1] / sample, (data.A, np.array(X).T)

    return run


def nmf_torch_bpp(data: Input) -> Fit:
    """nmf-torch's block principal pivoting, float64."""
    import torch
    from nmf.utils import nnls_bpp

    torch.set_num_threads(THREADS)
    A, B = torch.from_numpy(data.A), torch.from_numpy(data.B)

    def solve() -> np.ndarray:
        X = torch.ones((A.shape[1], B.shape[1]), dtype=torch.double)
        nnls_bpp(A.T @ A, A.T @ B, X, "cpu")
        return X.numpy()

    def run(n: int) -> tuple[float, tuple[np.ndarray, np.ndarray]]:
        seconds, X = timed(solve)
        return seconds, (data.A, X)

    return run
