"""Detectors that a user would try first, on the same windows: each is fitted on rows (n, d) and scores rows."""

import numpy as np
import pandas as pd
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest
from sklearn.neighbors import NearestNeighbors


class Scaled:
    def fit(self, X):
        self.mean, self.scale = X.mean(axis=0), X.std(axis=0) + 1e-9
        self.learn((X - self.mean) / self.scale)
        return self

    def score(self, X):
        return self.rate((X - self.mean) / self.scale)

    def learn(self, Z):
        pass

    def rate(self, Z):
        raise NotImplementedError


class ZScore(Scaled):
    def rate(self, Z):
        return (Z**2).mean(axis=1)


class PCAStatistics(Scaled):
    """Larger of Hotelling's T2 and the squared prediction error Q, each over its 95 % point."""

    def __init__(self, share=0.85, q_only=False):
        self.share, self.q_only = share, q_only

    def learn(self, Z):
        self.pca = PCA(min(self.share, Z.shape[1] - 1) if self.share >= 1 else self.share).fit(Z)
        self.points = [1.0, 1.0]
        self.points = [np.quantile(part, 0.95) + 1e-12 for part in self.parts(Z)]

    def parts(self, Z):
        T = self.pca.transform(Z)
        rest = Z - self.pca.inverse_transform(T)
        return (rest**2).mean(axis=1), (T**2 / (self.pca.explained_variance_ + 1e-9)).sum(axis=1)

    def rate(self, Z):
        q, t2 = (part / point for part, point in zip(self.parts(Z), self.points, strict=True))
        return q if self.q_only else np.maximum(q, t2)


class Mahalanobis(Scaled):
    def learn(self, Z):
        self.inverse = np.linalg.inv(np.cov(Z.T) + 1e-2 * np.eye(Z.shape[1]))

    def rate(self, Z):
        return np.einsum("ni,ij,nj->n", Z, self.inverse, Z)


class Neighbours(Scaled):
    def learn(self, Z):
        self.known = NearestNeighbors(n_neighbors=5).fit(Z)

    def rate(self, Z):
        return self.known.kneighbors(Z)[0].mean(axis=1)


class Forest:
    def fit(self, X):
        self.forest = IsolationForest(n_estimators=200, random_state=0, n_jobs=1).fit(X)
        return self

    def score(self, X):
        return -self.forest.score_samples(X)


class Size:
    """Root of the mean square of the rows themselves, over the learned one."""

    def fit(self, X):
        self.size = np.sqrt((X**2).mean(axis=0)) + 1e-12
        return self

    def score(self, X):
        return np.sqrt(((X / self.size) ** 2).mean(axis=1))


ALL = {
    "z-score": ZScore,
    "RMS": Size,
    "PCA T2+Q": PCAStatistics,
    "Mahalanobis": Mahalanobis,
    "kNN": Neighbours,
    "IsolationForest": Forest,
}


def means(X, window=30):
    """Causal means of the last `window` rows."""
    return np.asarray(pd.DataFrame(X).rolling(window, min_periods=1).mean())
