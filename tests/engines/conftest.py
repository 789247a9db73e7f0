import numpy as np
import pytest

from mho.chip import preset
from mho.engines import Analog, Digital, Hybrid

SWEEPS = 5000  # so many that coordinate descent has come to rest on the small problems here

EXACT = {
    "digital": lambda: Digital(),
    "sweeps": lambda: Digital(sweeps=SWEEPS),
    "ideal chip": lambda: Analog("ideal"),
    "ideal hybrid": lambda: Hybrid("ideal"),
    "hybrid": lambda: Hybrid(seed=0),
}
NOISY = {
    "chip": lambda: Analog(seed=0),
    "written badly": lambda: Analog(preset("pku-2025").with_(dac_bits=None, adc_bits=None, sigma=0.1), seed=1),
    "coarse converters": lambda: Analog(preset("ideal").with_(dac_bits=5, adc_bits=5), seed=2),
    "one sweep": lambda: Digital(sweeps=1),
}


@pytest.fixture(params=EXACT)
def exact(request):
    """An engine whose answer is the solution."""
    return EXACT[request.param]()


@pytest.fixture(params=EXACT | NOISY)
def engine(request):
    return (EXACT | NOISY)[request.param]()


def _problem(m=14, k=5, n=9, seed=0):
    """A (m, k) and right-hand sides (m, n), about half of the unconstrained solution negative."""
    rng = np.random.default_rng(seed)
    A = rng.random((m, k))
    return A, A @ rng.normal(0.3, 1.0, (k, n)) + 0.1 * rng.standard_normal((m, n))


@pytest.fixture
def problem():
    return _problem()


@pytest.fixture
def make_problem():
    return _problem
