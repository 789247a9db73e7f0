"""
One solve, as voltages
======================

A right-hand side is applied as voltages, and the outputs of eight op-amps settle to the answer. Beside it, SciPy's
active-set method on the same numbers and, where it is installed, the same circuit in ngspice, which never sees this
project's equations.
"""

import matplotlib.pyplot as plt
import numpy as np
from scipy.optimize import nnls

import mho
from mho import spice
from mho.chip import as_circuit
from mho.circuits.transient import settling_time, transient

rng = np.random.default_rng(3)
A = rng.random((32, 8))
b = A @ np.maximum(rng.normal(0.2, 0.6, 8), 0) + 0.2 * rng.random(32)

# %%
# An ideal chip, and one whose cells have eight levels and errors of writing.

exact = nnls(A, b)[0]
for name in ("ideal", "pku-2025"):
    x = mho.Chip(name, seed=0).program(A).solve(b[:, None])[:, 0]
    print(f"{name:9} off SciPy's answer by {np.linalg.norm(x - exact) / np.linalg.norm(exact):.2%}")

# %%
# On the way there: every clamp event is found, and between two of them the loop is linear and solved exactly.

array = mho.Chip("pku-2025", seed=0).program(A)
circuit, volts = as_circuit(array), array.volts(b[:, None])[:, 0]
waveform = transient(circuit, volts)
settled = float(settling_time(circuit, volts[:, None], tolerance=0.01)[0])
print(f"within 1 % after {1e9 * settled:.0f} ns")

# %%
# Each coloured line is one entry of the answer; those that fall back to zero are held there by their clamps.

time = np.linspace(0, 2.5 * settled, 500)
figure, axes = plt.subplots(figsize=(8, 4), layout="constrained")
axes.plot(1e9 * time, 1e3 * waveform.outputs(time).T)
axes.set_prop_cycle(None)
if spice.available():
    found = spice.run(spice.netlist(circuit, volts, duration=2.5 * settled, step=settled / 400))
    theirs = np.array([found.voltages[f"x{j}"] for j in range(8)])
    axes.plot(1e9 * found.time, 1e3 * theirs.T, "k--", linewidth=0.7)
    worst = np.abs(waveform.outputs(np.minimum(found.time, waveform.end)) - theirs).max() / theirs.max()
    print(f"ngspice (dashed) differs by at most {worst:.1e} of the largest output")
axes.axvline(1e9 * settled, color="gray", linewidth=0.8)
axes.set(xlabel="time, ns", ylabel="outputs, mV")
plt.show()
