"""A monitor of level channels as C99 of fixed memory: features, codes, score and probability."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mho.monitor.group import BLOCK
from mho.monitor.monitor import Monitor
from mho.monitor.stream import GATE

__all__ = ["CSource", "export_c"]

_SWEEPS = 400
_KNOWN_SHARE = 0.5
_RIDGE = 1e-3


@dataclass(frozen=True)
class CSource:
    """C source, and what it takes.

    Attributes
    ----------
    text : str
        C99, without allocation and without dependencies but ``math.h``.
    ram, flash : int
        Bytes of state, and of constants.
    operations : int
        Multiplications and additions of one window at the most.
    """

    text: str
    ram: int
    flash: int
    operations: int


def export_c(monitor: Monitor, *, name: str = "monitor") -> CSource:
    """Return a monitor of one stream of level channels as C.

    Raises
    ------
    ValueError
        It has waveforms, whose transforms it would need a library for, or more than one stream.
    """
    if len(monitor.streams) != 1 or monitor.streams[0].channels[0].kind != "level":
        raise ValueError("the model must have level channels of one rate alone to be written as C; learn these apart")
    model = monitor.streams[0]
    if [group.plan.name for group in model.groups] != ["mean"]:
        raise ValueError("the model must have the feature group mean alone to be written as C")
    group, tail = model.groups[0], model.tails[0]
    c, e, k, w = len(model.channels), *group.factors.shape, model.window
    gram = group.factors.T @ group.factors + _RIDGE * np.eye(k)
    tables = {
        "SCALE": group.scale,
        "FACTORS": group.factors,
        "GRAM": gram,
        "MEAN": group.mean,
        "SPREAD": group.spread,
        "START": model.centers[0],
        "SCORES": tail.scores,
    }
    seconds = monitor.adaptation.seconds
    keep = float(np.exp(-1 / (model.rate * seconds))) if np.isfinite(seconds) else 1.0
    numbers = {
        "LOG_LIMIT": float(np.log(monitor.limits[0])),
        "LOG_GATE": float(np.log(GATE)),
        "THRESHOLD": tail.threshold,
        "SHARE": tail.share,
        "TAIL_SCALE": tail.scale,
        "INDEPENDENT": tail.independent,
        "KEEP": keep,
        "KNOWN": max(1.0, _KNOWN_SHARE * w),
    }
    sizes = {"C": c, "E": e, "K": k, "W": w, "N": len(tail.scores), "BLOCK": BLOCK, "SWEEPS": _SWEEPS}
    lines = [f"/* {name}: model {monitor.hash}, channels {', '.join(ch.name for ch in model.channels)} */"]
    lines += ["#include <math.h>", "#include <stdint.h>", ""]
    lines += [f"enum {{ {', '.join(f'{key} = {value}' for key, value in sizes.items())} }};"]
    lines += [f"static const double {key} = {value!r};" for key, value in numbers.items()]
    lines += [_table(key, table) for key, table in tables.items()]
    text = "\n".join(lines) + _CODE
    flash = 8 * sum(table.size for table in tables.values())
    ram = 8 * (w * c + 3 * c + 1) + 8 + 8 * (2 * e + 2 * k + 2 * c)
    operations = 2 * w * c + 2 * e * k * 2 + _SWEEPS * 2 * k * k + 6 * e
    return CSource(text, ram, flash, operations)


def _table(key: str, table: np.ndarray) -> str:
    numbers = [repr(float(value)) for value in table.ravel()]
    rows = [", ".join(numbers[i : i + 4]) for i in range(0, len(numbers), 4)]
    return f"static const double {key}[] = {{\n  " + ",\n  ".join(rows) + "\n};"


_CODE = """

/* All that is remembered between two rows; begin with monitor_reset. */
typedef struct {
  double window[W * C], center[C], total[C], count[C];
  int32_t next, at;
} monitor_state;

static void monitor_reset(monitor_state *s) {
  for (int i = 0; i < W * C; i++) s->window[i] = NAN;
  for (int j = 0; j < C; j++) { s->center[j] = START[j]; s->total[j] = s->count[j] = 0.0; }
  s->next = s->at = 0;
}

/* Non-negative least squares of the known entries by coordinate descent. */
static void monitor_codes(const double *x, double *h) {
  double g[K * K], b[K];
  for (int p = 0; p < K; p++) {
    b[p] = h[p] = 0.0;
    for (int q = 0; q < K; q++) g[p * K + q] = GRAM[p * K + q];
  }
  for (int i = 0; i < E; i++) {
    if (isnan(x[i])) {
      for (int p = 0; p < K; p++)
        for (int q = 0; q < K; q++) g[p * K + q] -= FACTORS[i * K + p] * FACTORS[i * K + q];
    } else {
      for (int p = 0; p < K; p++) b[p] += FACTORS[i * K + p] * x[i];
    }
  }
  for (int sweep = 0; sweep < SWEEPS; sweep++) {
    double most = 0.0;
    for (int p = 0; p < K; p++) {
      double gradient = b[p];
      for (int q = 0; q < K; q++) gradient -= g[p * K + q] * h[q];
      double to = h[p] + (g[p * K + p] > 0.0 ? gradient / g[p * K + p] : 0.0);
      if (to < 0.0) to = 0.0;
      double change = fabs(to - h[p]);
      if (change > most) most = change;
      h[p] = to;
    }
    if (most < 1e-10) break;
  }
}

static double monitor_log_p(double score) {
  if (score > THRESHOLD) {
    double excess = (score - THRESHOLD) / (INDEPENDENT * TAIL_SCALE);
    return log(SHARE) - INDEPENDENT * log1p(excess);
  }
  int low = 0, high = N;
  while (low < high) {
    int middle = (low + high) / 2;
    if (SCORES[middle] < score) low = middle + 1; else high = middle;
  }
  double body = log((double)(N - low + 1) / (N + 1));
  return body > log(SHARE) ? body : log(SHARE);
}

/* Take in one row of C samples, NAN where missing; return the logarithm of the probability, NAN without a score. */
static double monitor_row(monitor_state *s, const double *row) {
  double mean[C], x[E], h[K];
  int known = 0;
  for (int j = 0; j < C; j++) {
    double sum = 0.0;
    int count = 0;
    s->window[s->next * C + j] = row[j];
    for (int i = 0; i < W; i++) {
      double v = s->window[i * C + j];
      if (!isnan(v)) { sum += v; count++; }
    }
    mean[j] = count >= KNOWN ? sum / count : NAN;
    known += !isnan(mean[j]);
  }
  s->next = (s->next + 1) % W;
  double result = NAN;
  if (known) {
    double square = 0.0;
    for (int j = 0; j < C; j++) {
      double z = (mean[j] - s->center[j]) / SCALE[j];
      x[j] = isnan(z) ? NAN : fmax(4.0 + z, 0.0);
      x[C + j] = isnan(z) ? NAN : fmax(4.0 - z, 0.0);
    }
    monitor_codes(x, h);
    for (int i = 0; i < E; i++) {
      if (isnan(x[i])) continue;
      double left = x[i];
      for (int p = 0; p < K; p++) left -= FACTORS[i * K + p] * h[p];
      left = (left - MEAN[i]) / SPREAD[i];
      square += left * left;
    }
    result = monitor_log_p(sqrt(square / E));
    if (result > 0.0) result = 0.0;
    double weight = (result - LOG_LIMIT) / (LOG_GATE - LOG_LIMIT);
    weight = weight < 0.0 ? 0.0 : weight > 1.0 ? 1.0 : weight;
    for (int j = 0; j < C; j++)
      if (!isnan(mean[j])) { s->total[j] += weight * mean[j]; s->count[j] += weight; }
  }
  if (++s->at == BLOCK) {
    s->at = 0;
    for (int j = 0; j < C; j++) {
      if (KEEP < 1.0 && s->count[j] > 0.0)
        s->center[j] += (1.0 - pow(KEEP, s->count[j])) * (s->total[j] / s->count[j] - s->center[j]);
      s->total[j] = s->count[j] = 0.0;
    }
  }
  return result;
}
"""
