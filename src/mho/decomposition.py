"""Drop-in for ``sklearn.decomposition``'s NMF: its interface and checks, the iterations of `mho.NMF`."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from sklearn.decomposition import NMF as _SklearnNMF
from sklearn.decomposition import MiniBatchNMF as _SklearnMiniBatchNMF
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_array

from mho.engines import Digital, Penalty
from mho.engines.solve import as_known
from mho.nmf.divergence import fold_in
from mho.nmf.estimator import NMF as _NMF
from mho.nmf.multiplicative import GeneralLoss, fold_in_generally

__all__ = ["NMF", "MiniBatchNMF", "non_negative_factorization"]


class NMF(_SklearnNMF):
    """scikit-learn's `sklearn.decomposition.NMF` on mho's kernels.

    A program that imports it from here takes the same arguments, attributes and errors. The factors differ as those of
    two solvers do: `solver` is checked and otherwise does not count, each loss having one way to iterate; iterations
    end by mho's rule for `tol`; `transform` solves to rest.

    Parameters
    ----------
    n_components : int, "auto" or None
        Number of components k; all features where it is None, those of the given factors where it is "auto".
    init : {"random", "nndsvd", "nndsvda", "nndsvdar", "custom"} or None
        Factors to start from, as scikit-learn makes them.
    solver : {"cd", "mu"}
        Checked alone; "cd" is for beta_loss="frobenius".
    beta_loss : float, "frobenius", "kullback-leibler" or "itakura-saito"
        Divergence that is minimised; 2, 1 and 0 are those with a name.
    tol : float
        Stop when the loss falls by less than this share.
    max_iter : int
        Iterations at most.
    random_state : int, RandomState or None
        Of the start.
    alpha_W : float
        Weight of the penalty of W, times the number of features.
    alpha_H : float or "same"
        Weight of the penalty of H, times the number of samples.
    l1_ratio : float
        Share of the sum in the penalty; the rest is of squares.
    verbose : bool or int
        Whether each iteration is printed.
    shuffle : bool
        Order of the coordinates; not used here.

    Examples
    --------
    >>> import numpy as np
    >>> from mho.decomposition import NMF
    >>> X = np.array([[1, 1], [2, 1], [3, 1.2], [4, 1], [5, 0.8], [6, 1]])
    >>> model = NMF(n_components=2, init="random", random_state=0, alpha_W=1e-4)
    >>> model.fit_transform(X).shape
    (6, 2)
    """

    def _fit_transform(
        self, X: Any, y: Any = None, W: Any = None, H: Any = None, update_H: bool = True
    ) -> tuple[np.ndarray, np.ndarray, int]:
        self._check_params(X)
        if X.min() == 0 and self._beta_loss <= 0:
            raise ValueError(
                "When beta_loss <= 0 and X contains zeros, the solver may diverge. "
                "Please add small values to X, or use a positive beta_loss."
            )
        if not update_H and H is not None and np.ndim(H) == 2 and not np.any(H):
            return np.zeros((X.shape[0], len(H)), X.dtype), H, 1  # as penalties may leave it
        W, H = self._check_w_h(X, W, H, update_H)
        if not update_H:
            l1_W, _, l2_W, _ = self._compute_regularization(X)
            return _best_W(X, H, self._beta_loss, Penalty(l1=l1_W, l2=l2_W)), H, 1
        model = _model(self).fit(X, W=W, H=H)
        if model.n_iter_ == self.max_iter and self.tol > 0:
            message = f"Maximum number of iterations {self.max_iter} reached. Increase it to improve convergence."
            warnings.warn(message, ConvergenceWarning, stacklevel=2)
        return model.W_, model.components_, model.n_iter_


class MiniBatchNMF(_SklearnMiniBatchNMF):
    """scikit-learn's `sklearn.decomposition.MiniBatchNMF`, whose W for given components is mho's, solved to rest.

    Parameters
    ----------
    n_components, init, beta_loss, tol, max_iter, random_state, alpha_W, alpha_H, l1_ratio, verbose
        As for `NMF`; `tol` and `max_iter` count epochs.
    batch_size : int
        Samples of a mini-batch.
    max_no_improvement : int or None
        Mini-batches without a lower smoothed cost after which to stop.
    forget_factor : float
        Share of what was learned that a mini-batch leaves.
    fresh_restarts : bool
        Whether W is solved anew for each mini-batch.
    fresh_restarts_max_iter, transform_max_iter : int or None
        Not used here: W is solved to rest.

    Examples
    --------
    >>> import numpy as np
    >>> from mho.decomposition import MiniBatchNMF
    >>> X = np.random.default_rng(0).random((60, 5))
    >>> MiniBatchNMF(2, random_state=0, batch_size=20).fit(X).transform(X).shape
    (60, 2)
    """

    def _solve_W(self, X: Any, H: np.ndarray, max_iter: int) -> np.ndarray:
        l1_W, _, l2_W, _ = self._compute_regularization(X)
        return _best_W(X, H, self._beta_loss, Penalty(l1=l1_W, l2=l2_W))


def non_negative_factorization(
    X: Any,
    W: Any = None,
    H: Any = None,
    n_components: int | str | None = "auto",
    *,
    init: str | None = None,
    update_H: bool = True,
    **settings: Any,
) -> tuple[np.ndarray, np.ndarray, int]:
    """Return W (n_samples, k), H (k, n_features) and the iterations done, as scikit-learn's function of this name.

    Parameters
    ----------
    X : array_like or sparse of shape (n_samples, n_features)
        Non-negative.
    W, H : array_like, optional
        Factors to start from, with init="custom"; H is held where `update_H` is False.
    n_components : int, "auto" or None
        As for `NMF`.
    init : str or None
        As for `NMF`.
    update_H : bool
        Whether H moves too.
    **settings
        Further arguments of `NMF`.

    Examples
    --------
    >>> import numpy as np
    >>> from mho.decomposition import non_negative_factorization
    >>> W, H, n_iter = non_negative_factorization(np.eye(3), n_components=2, random_state=0)
    >>> W.shape, H.shape
    ((3, 2), (2, 3))
    """
    model = NMF(**{"n_components": n_components, "init": init, **settings})
    model._validate_params()
    forms: dict[str, Any] = {"accept_sparse": ("csr", "csc"), "dtype": [np.float64, np.float32]}
    X = check_array(X, **forms)
    return model._fit_transform(X, W=W, H=H, update_H=update_H)


def _model(settings: NMF) -> _NMF:
    """Return the estimator of mho's that iterates for these settings."""
    return _Quiet(
        settings._n_components,
        loss=settings._beta_loss,
        max_iter=settings.max_iter,
        tol=settings.tol,
        alpha_W=settings.alpha_W,
        alpha_H=settings.alpha_H,
        l1_ratio=settings.l1_ratio,
        random_state=settings.random_state,
        callback=_said if settings.verbose else None,
    )


class _Quiet(_NMF):
    """Without warnings of its own: scikit-learn's are given by who asks."""

    def fit(self, X: Any, y: Any = None, **given: Any) -> _Quiet:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return super().fit(X, y, **given)


def _said(record: dict[str, Any]) -> None:
    print(f"iteration {record['iteration']}, error {record['error']:.6g}")


def _best_W(X: Any, H: np.ndarray, beta: float, penalty: Penalty) -> np.ndarray:
    """Return the W (m, k) that is best for fixed components (k, n)."""
    known = as_known(X, None, "X", nonnegative=True)
    H = np.asarray(H, known.dtype)
    if beta == 2:
        W = Digital().program(H.T, penalty=penalty).solve(known.T).T
    elif beta in (0, 1):
        W = fold_in(H.T, known.T, "kullback-leibler" if beta == 1 else "itakura-saito", penalty).T
    else:
        W = fold_in_generally(H, known, GeneralLoss("beta", float(beta)), penalty)
    return np.ascontiguousarray(W).astype(known.dtype, copy=False)
