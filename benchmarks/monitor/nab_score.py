"""Score of the Numenta Anomaly Benchmark: early detections earn most, false ones cost (Lavin-2015).

A detection inside a window earns a sigmoid of its place in it, the earliest counts; one outside costs the more the
further it is from the window before. Of each detector one threshold for all files is taken, the best. 0 is a detector
that says nothing, 100 one that says all windows at once.
"""

import numpy as np

PROFILES = {"standard": (0.11, 1.0), "low FP": (0.22, 1.0), "low FN": (0.11, 2.0)}
"""Cost of a false detection and of a missed window, by the benchmark's names."""


def sigmoid(place):
    """Value of a detection at a place: -1 is a window's beginning, 0 its end, beyond 0 past it."""
    return np.where(place > 3, -1.0, 2 / (1 + np.exp(5 * np.clip(place, -10, 10))) - 1)


def values_of(labels, cost):
    """Earned or paid by a detection at each row, and the number of the window that each row is in, -1 outside."""
    edges = np.flatnonzero(np.diff(np.r_[0, labels, 0]))
    begins, ends = edges[::2], edges[1::2] - 1
    values, windows = np.full(len(labels), -cost), np.full(len(labels), -1)
    for number, (begin, end) in enumerate(zip(begins, ends, strict=True)):
        width = end - begin + 1
        rows = np.arange(begin, end + 1)
        values[rows] = sigmoid(-(end - rows + 1) / width) / sigmoid(np.array(-1.0))
        windows[rows] = number
        until = begins[number + 1] if number + 1 < len(begins) else len(labels)
        after = np.arange(end + 1, until)
        values[after] = cost * sigmoid((after - end) / max(1, width - 1))
    return values, windows


def nab_score(files, profile="standard"):
    """Score (0 silent, 100 perfect) of `files`, pairs of scores (n,) and labels (n,), at the best threshold.

    Rows before the probation's end are left out by the caller.
    """
    cost, missed = PROFILES[profile]
    scores = np.concatenate([scores for scores, _ in files])
    values, windows, offset = [], [], 0
    for _, labels in files:
        value, window = values_of(np.asarray(labels), cost)
        values.append(value)
        windows.append(np.where(window >= 0, window + offset, -1))
        offset += window.max(initial=-1) + 1
    values, windows = np.concatenate(values), np.concatenate(windows)
    order = np.argsort(-scores, kind="stable")
    best, found, total = -missed * offset, np.zeros(offset), -missed * offset
    for place, row in enumerate(order):
        window = windows[row]
        if window < 0:
            total += values[row]
        elif not found[window]:
            total += missed + values[row]
            found[window] = values[row] or 1e-12
        elif values[row] > found[window]:
            total += values[row] - found[window]
            found[window] = values[row]
        if place + 1 == len(order) or scores[order[place + 1]] < scores[row]:
            best = max(best, total)
    return 100 * (best + missed * offset) / (offset * (1 + missed))
