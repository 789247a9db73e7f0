"""Scores of other ways to find somebody in a fixed camera's picture, one score a frame."""

import cv2
import numpy as np
from scipy import ndimage
from sklearn.decomposition import PCA

TOP = 12
LEARNING = 600
BLUR = 6.0


def top(deviations):
    """Mean of the largest deviations of each frame (n, p)."""
    return np.partition(deviations, -TOP, axis=1)[:, -TOP:].mean(1)


def frame_difference(X):
    return np.r_[0, top(np.abs(np.diff(X, axis=0)))]


def median_background(X):
    """Per-pixel median, the frame's gain taken out."""
    median = np.median(X[:LEARNING], 0)
    return _deviations(X / np.median(X / np.maximum(median, 1), 1, keepdims=True))


def local_gain_median(X, shape):
    """Per-pixel median of frames over their own blur."""
    return _deviations(local_gain(X, shape)[0])


def _deviations(X):
    E = X - np.median(X[:LEARNING], 0)
    return top(np.abs(E) / (1.4826 * np.median(np.abs(E[:LEARNING]), 0) + 1))


def local_gain(X, shape):
    """Frames over their own blur, at its mean, and that gain."""
    blur = np.array([cv2.GaussianBlur(x.reshape(shape), (0, 0), BLUR) for x in X.astype(np.float32)])
    gain = (blur[:LEARNING:10].mean(0) + 1) / (blur + 1)
    return X * gain.reshape(len(X), -1), gain


def pca(X, k=6):
    model = PCA(k).fit(X[:LEARNING:3])
    E = X - model.inverse_transform(model.transform(X))
    return top(np.abs(E / (E[:LEARNING].std(0) + 1)))


def running_average(frames):
    """Frigate's and motion's way: a running average, and changes of the whole picture ignored as lightning."""
    average, scores = frames[0].astype(np.float32), []
    for frame in frames:
        share = float((np.abs(cv2.GaussianBlur(frame.astype(np.float32), (5, 5), 0) - average) > 30).mean())
        scores.append(0.0 if share > 0.8 else share)
        average += (0.2 if share > 0.8 else 0.01) * (frame - average)
    return np.array(scores)


def subtractor(frames, make, slow=False):
    """Scores of an OpenCV background subtractor: share of its pixels, and its largest blob."""
    model, shares, blobs = make(history=500, detectShadows=False), [], []
    for number, frame in enumerate(frames):
        rate = 0.0005 if slow and number >= LEARNING else -1
        mask = cv2.morphologyEx(model.apply(frame, learningRate=rate), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)) > 0
        shares.append(mask.mean())
        labels, count = ndimage.label(mask, np.ones((3, 3)))  # pyright: ignore[reportGeneralTypeIssues]
        blobs.append(np.bincount(labels.ravel())[1:].max() if count else 0)
    return np.array(shares), np.array(blobs, float)


def all_scores(frames, X, shape, *, opencv=True):
    """Scores of every baseline, by name.

    Parameters
    ----------
    frames : uint8 (n, h, w)
    X : float32 (n, p)
        Their cells, of `shape`.
    """
    scores = {
        "frame difference": frame_difference(X),
        "median, global gain": median_background(X),
        "median, local gain": local_gain_median(X, shape),
        "PCA k6": pca(X),
        "running average": running_average(frames),
    }
    return scores | (opencv_scores(frames, X, shape) if opencv else {})


def opencv_scores(frames, X, shape):
    """Scores of MOG2 and KNN, by share of pixels and by largest blob, with and without local gain taken out."""
    scores, gain = {}, local_gain(X, shape)[1]
    level = [
        np.clip(f * cv2.resize(g, f.shape[::-1]), 0, 255).astype(np.uint8) for f, g in zip(frames, gain, strict=True)
    ]
    ways = (("", frames, False), (", local gain", level, False), (", local gain, slow", level, True))
    for name, make in (("MOG2", cv2.createBackgroundSubtractorMOG2), ("KNN", cv2.createBackgroundSubtractorKNN)):
        for kind, seen, slow in ways:
            shares, blobs = subtractor(seen, make, slow)
            scores[f"{name} pixels{kind}"], scores[f"{name} blob{kind}"] = shares, blobs
    return scores
