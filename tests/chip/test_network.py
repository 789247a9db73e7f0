"""The ports of the passive network against a nodal analysis that knows only which resistor joins which nodes."""

import numpy as np
import pytest

from mho.chip import Chip, preset
from mho.circuits.ports import Ports


def nodal_currents(c, on, x, s, b):
    """Currents into the sense nodes and out of the outputs, with r, x, s and the inputs as nodes of one Laplacian."""
    m, k = c.left.shape
    row, output, sense, source, ground = np.split(np.arange(2 * m + 2 * k + 1), np.cumsum([m, k, k, m]))
    G = np.zeros((2 * m + 2 * k + 1,) * 2)

    def join(one, other, siemens):
        G[[one, other], [one, other]] += siemens
        G[[one, other], [other, one]] -= siemens

    for i in np.flatnonzero(on):
        for j in range(k):
            join(row[i], output[j], c.left[i, j])
            join(row[i], sense[j], c.right[i, j])
        join(row[i], source[i], c.g_in)
        join(row[i], ground[0], c.comp[i])
    volts = np.zeros(len(G))
    volts[output], volts[sense], volts[source] = x, s, -b
    free = row[on]
    volts[free] = np.linalg.solve(G[np.ix_(free, free)], -G[free] @ volts)
    return -(G @ volts)[sense], (G @ volts)[output]


@pytest.mark.parametrize("every", [1, 3], ids=["all rows on", "some rows off"])
def test_ports_agree_with_nodal_analysis(every):
    rng = np.random.default_rng(0)
    design = preset("ideal").with_(sigma=0.05, g_min=0.5e-6)
    c = Chip(design, seed=0).program(rng.random((12, 4))).conductances
    on = np.arange(12) % every == 0
    ports = Ports.reduce(c, on)
    x, s, b = rng.random(4), rng.normal(size=4), rng.normal(size=12)
    w = ports.drive @ x - ports.sense @ s - ports.inputs @ b[on]
    delivered = ports.delivered(x, s, ports.feed @ b[on])
    for found, expected in zip((w, delivered), nodal_currents(c, on, x, s, b), strict=True):
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12 * np.abs(expected).max())
