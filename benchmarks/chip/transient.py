"""The exact transient against ngspice, one right-hand side each, settling times against ngspice's, and a thousand:

    python benchmarks/chip/transient.py [--timeout SECONDS] [--two-poles] [--smoke]

Random conductances from 0.5 to 35 microsiemens, two copies 2 % apart, op-amps of 100 MHz and gain 1e5; every second
output ends at its clamp. From zero, for three of the slowest time constants, in steps of at most 1/400 of that and to a
relative tolerance of 1e-6. The twin's time is the least of 200 runs, from the circuit's conductances to all outputs at
each of ngspice's time points: the network's reduction, every clamp event until the loop rests, the waveforms. ngspice's
is one run of the program, from the netlist on: half a minute or more at 512x32. With wires of 2 ohms it is given up
after `--timeout`; there the reduction, which is done once for all right-hand sides, is timed apart.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

from mho import circuits, spice
from mho.circuits import equations
from mho.circuits.transient import settling_bound, settling_time, transient

sys.path.insert(0, str(Path(__file__).parents[1]))
from measure import least, parser, sized, timed

SIZES = sized((("compact", 64, 8), ("classic", 64, 8), ("compact", 512, 32)), (("compact", 12, 4),))
SIDES, REPEATS = sized((1000, 200), (20, 2))
SECOND_POLE = 0.3
"""Over the bandwidth."""
OHMS = 2.0
"""Of a wire from one cell to the next."""


Loop = circuits.CompactGinv | circuits.ClassicGinv


def circuit(kind: str, rows: int, columns: int, clamp: str = "rectifying", seed: int = 0) -> Loop:
    rng = np.random.default_rng(seed)
    G = rng.uniform(0.5e-6, 35e-6, (rows, columns))
    left, right = (G * (1 + 0.02 * rng.standard_normal(G.shape)) for _ in range(2))
    opamp = circuits.OpAmp(gain=1e5, bandwidth=1e8, clamp=clamp)
    g_in = float(G.sum(axis=1).mean())
    if kind == "classic":
        return circuits.ClassicGinv(g_left=left, g_right=right, g_feedback=np.full(rows, g_in), g_in=g_in, opamp=opamp)
    sums = (left + right).sum(axis=1)
    return circuits.CompactGinv(g_left=left, g_right=right, g_comp=sums.max() - sums, g_in=g_in, opamp=opamp)


def sides(loop: Loop, n: int) -> np.ndarray:
    rng = np.random.default_rng(1)
    rows, columns = loop.shape
    wanted = rng.uniform(0.08, 0.2, (columns, n))
    wanted[::2] *= -0.5
    return loop.g_left @ wanted / loop.g_in + 0.002 * rng.standard_normal((rows, n))


def settling_times() -> None:
    """Print when the loops at 64x8 have settled to 1 %, in the twin and in ngspice."""
    kind, rows, columns = SIZES[0]
    for clamp in ("rectifying", "single-supply"):
        for seed in range(sized(3, 1)):
            loop = circuit(kind, rows, columns, clamp, seed)
            volts = sides(loop, 1)[:, 0]
            waveform = transient(loop, volts)
            twin = waveform.settling_time(0.01)
            found = spice.run(spice.netlist(loop, volts, duration=3 * twin, step=3 * twin / 4000))
            rest = waveform.rest()
            off = np.abs(np.array([found.voltages[node] for node in loop.outputs]) - rest[:, None]).max(axis=0)
            last = np.flatnonzero(off > 0.01 * rest.max())[-1]
            there = np.interp(-0.01 * rest.max(), -off[last : last + 2], found.time[last : last + 2])
            print(
                f"{rows}x{columns}, {clamp}, seed {seed}: settled after {1e9 * twin:.2f} ns, "
                f"in ngspice {1e9 * there:.2f} ns"
            )


def side_by_side() -> None:
    """Print times, their ratio and the largest difference for each size."""
    for kind, rows, columns in SIZES:
        loop = circuit(kind, rows, columns)
        volts = sides(loop, 1)[:, 0]
        duration = 3 * circuits.time_constant(loop)
        netlist = spice.netlist(loop, volts, duration=duration, step=duration / 400)
        found, in_ngspice = timed(lambda netlist=netlist: spice.run(netlist, timeout=1800))
        time = np.minimum(found.time, duration)
        twin = least(lambda loop=loop, volts=volts, time=time: transient(loop, volts).outputs(time), REPEATS)
        expected = np.array([found.voltages[node] for node in loop.outputs])
        X = transient(loop, volts).outputs(time)
        print(
            f"{kind} {rows}x{columns}: ngspice {in_ngspice:.2f} s, mho {1e3 * twin:.2f} ms, {in_ngspice / twin:,.0f} "
            f"times as fast; {len(time)} time points, largest difference "
            f"{np.abs(X - expected).max() / expected.max():.1e} of full scale",
            flush=True,
        )


def with_wires(timeout: float) -> None:
    """Print the times at 512x32 where wires have resistance."""
    kind, rows, columns = SIZES[-1]
    loop = replace(circuit(kind, rows, columns), wires=circuits.Wires(row_ohms=OHMS, column_ohms=OHMS))
    volts = sides(loop, 1)[:, 0]
    motion, reduction = timed(lambda: equations(loop))
    settled = transient(motion, volts).settling_time()
    duration = 1.5 * settled
    time = np.linspace(0, duration, 2000)
    twin = least(lambda: transient(motion, volts).outputs(time), REPEATS)
    netlist = spice.netlist(loop, volts, duration=duration, step=duration / 400)
    try:
        in_ngspice = f"{timed(lambda: spice.run(netlist, timeout=timeout))[1]:.0f} s"
    except spice.NgspiceError as error:
        if "did not end" not in str(error):
            raise
        in_ngspice = f"more than {timeout:.0f} s"
    print(
        f"{kind} {rows}x{columns}, wires of {OHMS:g} ohms: ngspice {in_ngspice}; mho {1e3 * twin:.2f} ms, "
        f"{len(time)} time points, after {reduction:.2f} s for the network, once",
        flush=True,
    )


def two_poles() -> None:
    """Print times of op-amps with a second pole; ngspice's at 512x32 is extrapolated from fewer rows."""
    spent, twin = {}, float("nan")
    *fewer, most = sized((128, 256, 512), (8, 16, 32))
    for rows in (*fewer, most):
        loop = circuit("compact", rows, sized(32, 4))
        loop = replace(loop, opamp=replace(loop.opamp, second_pole=SECOND_POLE * loop.opamp.bandwidth))
        volts, duration = sides(loop, 1)[:, 0], 3 * circuits.time_constant(loop)
        time = np.linspace(0, duration, 1200)
        if rows < most:
            netlist = spice.netlist(loop, volts, duration=duration, step=duration / 400)
            found, spent[rows] = timed(lambda netlist=netlist: spice.run(netlist, timeout=120))
            time = np.minimum(found.time, duration)
            expected = np.array([found.voltages[node] for node in loop.outputs])
            off = np.abs(transient(loop, volts).outputs(time) - expected).max() / expected.max()
            print(f"two poles, {rows} rows: ngspice {spent[rows]:.1f} s, largest difference {off:.1e} of full scale")
        else:
            twin = least(lambda loop=loop, volts=volts, time=time: transient(loop, volts).outputs(time), 50)
    power = np.log2(spent[fewer[1]] / spent[fewer[0]])
    in_ngspice = spent[fewer[1]] * 2**power
    print(
        f"two poles, {most} rows: mho {1e3 * twin:.2f} ms; ngspice {in_ngspice:.0f} s, extrapolated as rows to the "
        f"{power:.2f}: {in_ngspice / twin:,.0f} times as fast"
    )


def batch() -> None:
    """Print the time that a thousand settling times take."""
    kind, rows, columns = SIZES[-1]
    loop = circuit(kind, rows, columns)
    volts = sides(loop, SIDES)
    spent = least(lambda: settling_time(loop, volts), 3)
    together, alone = settling_time(loop, volts), [settling_time(loop, b) for b in volts.T[:20]]
    error = np.abs(together[:20] / alone - 1).max()
    print(
        f"{SIDES} settling times at {rows}x{columns}: {spent:.2f} s, {together.min():.3g} to {together.max():.3g} s, "
        f"bound {settling_bound(loop):.3g} s; the first 20 are within {error:.1%} of the exact ones"
    )


def main() -> None:
    """Print everything."""
    options = parser(__doc__)
    options.add_argument("--timeout", type=float, default=400.0, help="seconds for ngspice with wires")
    options.add_argument("--two-poles", action="store_true", help="op-amps with a second pole alone")
    asked = options.parse_args()
    if asked.two_poles or asked.smoke:
        two_poles()
    if not asked.two_poles:
        settling_times()
        side_by_side()
        batch()
        with_wires(asked.timeout)


if __name__ == "__main__":
    main()
