"""Pages of one HTML file: recordings learned, or scores, limit and alarms over time; offline, light and dark."""

from __future__ import annotations

import html
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mho.data import replacing
from mho.monitor.alarms import Alarm
from mho.monitor.explain import Explanation
from mho.monitor.monitor import Monitor, Result
from mho.monitor.recording import Recording
from mho.monitor.timestamps import spoken_moment
from mho.monitor.waveform import WaveformFeatures

__all__ = ["write_page"]

_WIDTH, _HEIGHT, _STRIP = 960, 220, 60
_POINTS = 1200
"""Points of a curve at most: of more, the highest of each stretch is drawn."""


def write_page(
    path: Path,
    monitor: Monitor,
    *,
    title: str,
    results: Sequence[Result] = (),
    note: str = "",
    recordings: Sequence[Recording] = (),
) -> None:
    """Write a page.

    Parameters
    ----------
    path : Path
        HTML file.
    monitor : Monitor
        Its alarms are shown.
    title, note : str
        Heading, and text below it.
    results : sequence of Result
        Windows in order.
    recordings : sequence of Recording
        Shown as strips, one a channel.
    """
    streams = dict.fromkeys(result.stream for result in results)
    parts = [_scores([one for one in results if one.stream == stream], stream) for stream in streams]
    parts += [_strips(recording) for recording in recordings[:4]]
    if results:
        parts.append(_alarms(monitor))
    with replacing(path) as temporary:
        body = "\n".join(parts)
        text = f"<p class=note>{html.escape(note)}</p>" if note else ""
        temporary.write_text(_PAGE.format(title=html.escape(title), note=text, body=body), encoding="utf-8")


def _scores(results: list[Result], stream: str) -> str:
    """Return a chart of score and limit over time, with alarms as bars, and a strip of deviations for each channel."""
    times = np.array([result.time for result in results])
    scores = np.array([result.score for result in results])
    limit = -float(np.log10(results[0].limit))
    begin, end = float(times[0]), float(max(times[-1], times[0] + 1e-9))
    top = max(float(np.nanmax(scores, initial=0.0)), limit) * 1.08 or 1.0
    x = lambda t: 50 + (t - begin) / (end - begin) * (_WIDTH - 70)  # noqa: E731
    y = lambda s: _HEIGHT - 25 - s / top * (_HEIGHT - 45)  # noqa: E731
    bars = "".join(
        f'<rect class="alarm" x="{x(a):.1f}" y="10" width="{max(1.5, x(b) - x(a)):.1f}" height="{_HEIGHT - 35}"/>'
        for a, b in _spans(times, np.array([result.state == "alarm" for result in results]))
    )
    bars += "".join(
        f'<rect class="unknown" x="{x(a):.1f}" y="{_HEIGHT - 25}" width="{max(1.5, x(b) - x(a)):.1f}" height="5"/>'
        for a, b in _spans(times, np.isnan(scores))
    )
    curve = _curve(times, scores, x, y)
    ticks = "".join(
        f'<text x="{x(t):.0f}" y="{_HEIGHT - 6}" text-anchor="{anchor}">{_clock(t, begin)}</text>'
        for t, anchor in zip(np.linspace(begin, end, 6), ("start", *4 * ("middle",), "end"), strict=True)
    )
    strips = "".join(_channel_strip(results, name, times, x) for name in _channel_names(results))
    return (
        f"<h2>{html.escape(stream)}</h2><figure tabindex=0><svg viewBox='0 0 {_WIDTH} {_HEIGHT}' role=img "
        f"aria-label='score and limit over time'>{bars}<path class=score d='{curve}'/>"
        f"<line class=limit x1=50 x2={_WIDTH - 20} y1={y(limit):.1f} y2={y(limit):.1f} />"
        f"<text x={_WIDTH - 22} y={y(limit) - 5:.1f} text-anchor=end>limit p = {results[0].limit:.3g}</text>"
        f"<text x=8 y=8>-log p</text><text x=44 y={y(0):.0f} text-anchor=end>0</text>"
        f"<text x=44 y={y(top / 1.08):.0f} text-anchor=end>{top / 1.08:.3g}</text>{ticks}</svg>"
        f"<figcaption>Score of each window, its limit, alarms as bars; windows without a score are marked below."
        f"</figcaption></figure>{strips}"
    )


def _channel_names(results: list[Result]) -> list[str]:
    return next((list(result.channels) for result in results if result.channels), [])


def _channel_strip(results: list[Result], name: str, times: np.ndarray, x: Any) -> str:
    sizes = np.array([result.channels.get(name, np.nan) for result in results])
    top = max(float(np.nanmax(sizes, initial=0.0)), 1.5)
    curve = _curve(times, sizes, x, lambda s: _STRIP - 6 - s / top * (_STRIP - 14))
    return (
        f"<svg class=strip viewBox='0 0 {_WIDTH} {_STRIP}' role=img aria-label='deviation of {html.escape(name)}'>"
        f"<path class=score d='{curve}'/><text x=52 y=12>{html.escape(name)}, up to {top:.3g} deviations</text></svg>"
    )


def _strips(recording: Recording) -> str:
    times, found = recording.times, [f"<h2>{html.escape(Path(recording.source).name)}</h2>"]
    assert times is not None
    begin, end = float(times[0]), float(max(times[-1], times[0] + 1e-9))
    for number, name in enumerate(recording.names[:16]):
        values = recording.values[:, number]
        low, high = float(np.nanmin(values, initial=np.inf)), float(np.nanmax(values, initial=-np.inf))
        if not low <= high:
            continue
        span = (high - low) or 1.0
        curve = _curve(
            times,
            values,
            lambda t: 50 + (t - begin) / (end - begin) * (_WIDTH - 70),
            lambda v, low=low, span=span: _STRIP - 6 - (v - low) / span * (_STRIP - 20),
        )
        label = f"{html.escape(name)}: {low:.4g} to {high:.4g}"
        found.append(
            f"<svg class=strip viewBox='0 0 {_WIDTH} {_STRIP}' role=img aria-label='{label}'>"
            f"<path class=score d='{curve}'/><text x=52 y=12>{label}</text></svg>"
        )
    return "".join(found)


def _alarms(monitor: Monitor) -> str:
    if not monitor.alarms:
        return "<h2>No alarms</h2>"
    items = []
    for alarm in monitor.alarms:
        why = Explanation(**alarm.explanation) if alarm.explanation else None
        until = "open" if alarm.closed is None else f"to {spoken_moment(alarm.closed)}"
        chart = _spectrum(monitor, alarm, why) if why is not None and why.entries else ""
        items.append(
            f"<details><summary><b>{alarm.kind}</b> {spoken_moment(alarm.opened)} {until}, p = {alarm.p:.2g}</summary>"
            f"<p>{html.escape(str(why or ''))}</p>{chart}<p class=note>{alarm.id}, model {alarm.model}, "
            f"{alarm.engine}</p></details>"
        )
    count, shown = monitor.raised, len(monitor.alarms)
    latest = f", the latest {shown:,}" if shown < count else ""
    return f"<h2>{count:,} alarm{'s' * (count > 1)}{latest}</h2>{''.join(items)}"


def _spectrum(monitor: Monitor, alarm: Alarm, why: Explanation) -> str:
    """Return the spectrum of a waveform's alarm in front of healthy ones, with the lines that deviate most."""
    own = [model for model in monitor.streams if model.name == why.channel]
    if not own or why.group not in ("envelope", "spectrum") or alarm.id not in monitor.worst:
        return ""
    extract, group = WaveformFeatures(own[0].rate), next(g for g in own[0].groups if g.plan.name == why.group)
    hertz, places = extract.spectrum_hertz, slice(None)
    if why.group == "envelope":
        hertz, half = extract.envelope_hertz, len(extract.envelope_hertz) // 2
        first = why.entries[0]["what"] == extract.envelope_name(0)
        places = slice(0, half) if first else slice(half, None)
    hertz, found = hertz[places], monitor.worst[alarm.id][why.group][places]
    examples = own[0].examples[:, places] if why.group == "envelope" else group.center[None, places]
    low, high = examples.min(axis=0), examples.max(axis=0)
    bottom, top = min(0.0, float(min(low.min(), found.min()))), float(max(high.max(), found.max())) * 1.05
    x = lambda f: 50 + f / hertz[-1] * (_WIDTH - 100)  # noqa: E731
    y = lambda v: 118 - (v - bottom) / (top - bottom) * 84  # noqa: E731
    band = _curve(hertz, high, x, y) + _curve(hertz[::-1], low[::-1], x, y).replace("M", "L", 1) + "Z"
    lines, right = "", -np.inf
    for one in sorted((one for one in why.entries if "hertz" in one), key=lambda one: one["hertz"]):
        at = x(one["hertz"])
        lines += f'<line class="limit" x1="{at:.1f}" x2="{at:.1f}" y1="34" y2="118"/>'
        right = max(at - 20, right + 70)  # labels side by side
        lines += f'<text x="{right:.1f}" y="28">{one["hertz"]:.4g} Hz</text>'
    return (
        f"<svg viewBox='0 0 {_WIDTH} 138' role=img aria-label='{why.group} of the alarm and of healthy windows'>"
        f"<path class=healthy d='{band}'/><path class=score d='{_curve(hertz, found, x, y)}'/>{lines}"
        f"<text x=50 y=134>{why.group} up to {hertz[-1]:.0f} Hz: the alarm's, in front of healthy windows; "
        f"dashed: where it deviates most</text></svg>"
    )


def _spans(times: np.ndarray, mask: np.ndarray) -> list[tuple[float, float]]:
    edges = np.flatnonzero(np.diff(np.concatenate([[0], mask.astype(np.int8), [0]])))
    return [(float(times[a]), float(times[b - 1])) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def _curve(times: np.ndarray, values: np.ndarray, x: Any, y: Any) -> str:
    """Return a path of at most `_POINTS` points, broken where values are not known."""
    step = -(-len(values) // _POINTS)
    path, drawing = [], False
    for begin in range(0, len(values), step):
        part = values[begin : begin + step]
        if np.isnan(part).all():
            drawing = False
            continue
        at = begin + int(np.nanargmax(np.abs(part)))
        path.append(f"{'L' if drawing else 'M'}{x(times[at]):.1f} {y(values[at]):.1f}")
        drawing = True
    return "".join(path)


def _clock(time: float, begin: float) -> str:
    seconds = time - begin
    if seconds >= 7200:
        return f"{seconds / 3600:.2f} h"
    return f"{seconds / 60:.1f} min" if seconds >= 120 else f"{seconds:.1f} s"


_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title><style>
:root {{ color-scheme: light dark; --ink: #1b1f24; --paper: #fff; --line: #2563a8; --bar: #d9482b; --soft: #8a929b; }}
@media (prefers-color-scheme: dark) {{ :root {{ --ink: #e6e9ec; --paper: #14171a; --line: #79b8ff; --bar: #ff7b5c; }} }}
body {{ font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 1000px;
  margin: 2rem auto; padding: 0 1rem; }}
svg {{ width: 100%; height: auto; display: block; }} svg text {{ font-size: 12px; fill: var(--ink); }}
.score {{ fill: none; stroke: var(--line); stroke-width: 1.3; }} .limit {{ stroke: var(--bar); stroke-dasharray: 5 4; }}
.healthy {{ fill: var(--soft); opacity: .35; }}
.alarm {{ fill: var(--bar); opacity: .25; }} .unknown {{ fill: var(--soft); }} figure {{ margin: 0; }}
figcaption, .note {{ color: var(--soft); font-size: 14px; white-space: pre-line; }}
details {{ border-top: 1px solid var(--soft); padding: .4rem 0; }} summary {{ cursor: pointer; }}
:focus-visible {{ outline: 2px solid var(--line); }}
</style></head><body><h1>{title}</h1>{note}
{body}
</body></html>
"""
