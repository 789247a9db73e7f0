"""Monitors as C: compiled, run, and equal to Python on healthy and faulty stretches."""

import shutil
import subprocess

import numpy as np
import pytest
from monitor_machine import GROUPS, RATE, levels, recording, vibration

from mho.cli import main
from mho.monitor import Monitor, Recording
from mho.monitor.export_c import export_c

STRICT = ["-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Werror", "-O1"]
SENSOR = ("ok", "missing", "flat", "clipped")

ROWS = """
#include <stdio.h>
#include "model.c"
static monitor_state state;
int main(void) {
  double row[C];
  monitor_reset(&state);
  printf("%zu\\n", sizeof state);
  while (fread(row, sizeof row, 1, stdin) == 1) printf("0 %.17g\\n", monitor_row(&state, row));
}
"""

SAMPLES = """
#include <stdio.h>
#include "model.c"
static monitor_state state;
int main(void) {
  float sample;
  monitor_reset(&state);
  printf("%zu\\n", sizeof state);
  while (fread(&sample, sizeof sample, 1, stdin) == 1)
    if (monitor_sample(&state, sample)) printf("%d %.17g\\n", (int)state.state, state.log_p);
}
"""

needs_cc = pytest.mark.skipif(shutil.which("cc") is None, reason="needs a C compiler")


def compiled_and_run(folder, source, drive, samples):
    """Bytes of state, states of the sensor and logarithms of probabilities."""
    (folder / "model.c").write_text(source.text)
    (folder / "main.c").write_text(drive)
    subprocess.run(["cc", *STRICT, "main.c", "-o", "main", "-lm"], cwd=folder, check=True)
    printed = subprocess.run([folder / "main"], input=samples.tobytes(), capture_output=True, check=True).stdout.split()
    rows = np.array(printed[1:], float).reshape(-1, 2)
    return int(printed[0]), rows[:, 0].astype(int), rows[:, 1]


@pytest.fixture(scope="module")
def fan():
    monitor = Monitor(features=GROUPS)
    monitor.learn([Recording(vibration(6, seed), rate=RATE, names=("acc",)) for seed in range(3)])
    return monitor


@needs_cc
def test_level_channels_in_c_are_those_in_python(tmp_path):
    pump = Monitor(features=("mean", "codes", "spread"), false_alarms=0.05)
    pump.learn(recording(levels(900, 0)))
    values = levels(600, 9, shift=3.0)
    values[200:230, 0] = np.nan
    values[300:340] = np.nan
    values[500:600, 2] = values[500, 2]  # stuck
    source = export_c(pump)
    size, _, found = compiled_and_run(tmp_path, source, ROWS, values)
    results = list(pump.run(recording(values)))
    expected = np.log([result.p for result in results])
    assert np.isnan(expected).sum() > 20
    assert {result.state for result in results} == {"ok", "alarm", "missing"}
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert size == source.ram


@needs_cc
def test_a_channel_that_never_changes_again_stays_flat_in_c(tmp_path):
    """Its run was counted on beyond 2^31, which is undefined in C, and a sound channel where it wraps."""
    pump = Monitor(features=("mean",), false_alarms=0.05)
    pump.learn(recording(levels(300, 0)))
    stuck = "for (int j = 0; j < C; j++) state.run[j] = INT32_MAX;\n  while (fread"
    drive = ROWS.replace("while (fread", f"monitor_row(&state, (double[C]){{0.0}});\n  {stuck}")
    _, _, found = compiled_and_run(tmp_path, export_c(pump), drive, np.zeros((pump.streams[0].window + 5, 3)))
    assert np.isnan(found[-5:]).all()


@needs_cc
def test_a_waveform_in_c_is_that_in_python(fan, tmp_path):
    samples = np.concatenate([vibration(6, 11), vibration(6, 9, defect=2.0), np.full(6000, 0.25), vibration(6, 12)])
    samples[[7000, 7001, 7900, 12_000]] = np.nan  # few enough to be interpolated
    samples[30_000:30_400] = np.nan
    samples[62_000:62_090] = 6.0
    samples[62_040:62_042] = np.nan
    samples = samples.astype("f4")
    source = export_c(fan)
    size, states, found = compiled_and_run(tmp_path, source, SAMPLES, samples)
    results = list(fan.run(Recording(samples.astype(float), rate=RATE, names=("acc",))))
    expected = [result.state for result in results]
    assert set(expected) == {"ok", "alarm", "missing", "flat", "clipped"}
    assert [SENSOR[state] for state in states] == ["ok" if state == "alarm" else state for state in expected]
    log_p = np.log([result.p for result in results])
    assert (log_p > np.log(fan.limits[0])).sum() > 15 < (log_p < np.log(fan.limits[0])).sum()
    np.testing.assert_allclose(found, log_p, rtol=1e-5, atol=1e-5)
    assert size == source.ram
    assert "malloc" not in source.text


@needs_cc
@pytest.mark.parametrize("count", [2 * 3 * 5 * 7 * 11, 4**3 * 25, 121, 16])
def test_the_transform_in_c_is_numpys(fan, count, tmp_path):
    turns = [np.exp(-2j * np.pi * part / count) for part in (np.arange(64), np.arange(0, count, 64))]
    low, high = (", ".join(f"{value!r}f" for value in turn.view(float).tolist()) for turn in turns)
    drive = f"""
#include <stdio.h>
#include "model.c"
static const float LOW[] = {{ {low} }}, HIGH[] = {{ {high} }};
static monitor_complex x[{count}], y[{count}];
static monitor_state state;
int main(void) {{
  monitor_circle circle = {{ {count}, LOW, HIGH }};
  monitor_reset(&state);
  printf("%zu\\n", fread(x, sizeof x, 1, stdin) + (size_t)monitor_sample(&state, 0.0f));
  const monitor_complex *out = monitor_fft(&circle, {count}, x, y);
  for (int i = 0; i < {count}; i++) printf("%.9g %.9g\\n", (double)out[i].re, (double)out[i].im);
}}
"""
    signal = np.random.default_rng(0).standard_normal((count, 2)).astype("f4")
    (tmp_path / "model.c").write_text(export_c(fan).text)
    (tmp_path / "main.c").write_text(drive)
    subprocess.run(["cc", *STRICT[:-1], "-O0", "main.c", "-o", "main", "-lm"], cwd=tmp_path, check=True)
    printed = subprocess.run([tmp_path / "main"], input=signal.tobytes(), capture_output=True, check=True).stdout
    found = np.array(printed.split()[1:], float).reshape(-1, 2) @ [1, 1j]
    expected = np.fft.fft(signal.astype(float) @ [1, 1j])
    assert np.abs(found - expected).max() < 2e-6 * np.abs(expected).max()


def test_the_command_writes_one_stream_and_says_what_it_takes(tmp_path, capsys):
    both = Monitor()
    both.learn(
        [
            Recording(np.stack([vibration(5, seed), vibration(5, seed + 9)], 1), rate=RATE, names=("a", "b"))
            for seed in (0, 1)
        ]
    )
    both.save(tmp_path / "fan.mon")
    command = ["monitor", "export", "--c", str(tmp_path / "fan.mon"), "-o", str(tmp_path / "fan.c")]
    assert main(command) == 2
    assert "channel must be one of a, b" in capsys.readouterr().err
    assert main([*command, "--channel", "b"]) == 0
    assert "RAM" in capsys.readouterr().out
    assert "channels b\n" in (tmp_path / "fan.c").read_text()
