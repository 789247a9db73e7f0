from contextlib import contextmanager

import numpy as np
import pytest

from mho.chip import REFUSED_MATRICES, REFUSED_OPERANDS, ChipError, preset
from mho.engines import Analog, Digital, Hybrid, Instrument, Refined, Torch
from mho.instrument import InstrumentServer, SimulatedBoard

SWEEPS = 5000  # so many that coordinate descent has come to rest on the small problems here


def _torch(**settings):
    pytest.importorskip("torch", reason="PyTorch is not installed: make test-torch")
    return Torch(**settings)


class Served(Instrument):
    """A simulated chip behind SCPI over TCP, with a server of its own."""

    def __init__(self, design, seed=0):
        pytest.importorskip("pyvisa", reason="pyvisa is missing: pip install 'mho[instrument]'")
        self.server = InstrumentServer(SimulatedBoard(design, seed=seed)).__enter__()
        super().__init__(self.server.resource, visa_library="@py")

    def close(self):
        super().close()
        self.server.__exit__(None, None, None)


EXACT = {
    "digital": lambda: Digital(),
    "sweeps": lambda: Digital(sweeps=SWEEPS),
    "ideal chip": lambda: Analog("ideal"),
    "ideal probed chip": lambda: Analog("ideal", probe=True),
    "ideal hybrid": lambda: Hybrid("ideal"),
    "hybrid": lambda: Hybrid(seed=0),
    "ideal classic chip": lambda: Analog(preset("ideal").with_(topology="classic")),
    "ideal Gram chip": lambda: Analog(preset("ideal").with_(topology="gram")),
    "refined": lambda: Refined("pku-2025-4bit", seed=0, tolerance=1e-12),
    "torch": lambda: _torch(),
    "ideal chip behind SCPI": lambda: Served("ideal"),
}
WORN = dict(age=3600.0, stuck_low=0.01, dead=0.01, row_ohms=0.5, column_ohms=0.5)
WORN_GRAM = dict(topology="gram", dac_bits=8, adc_bits=8, sigma=0.002, gain=1e4, row_ohms=0.5, column_ohms=0.5)
NOISY = {
    "chip": lambda: Analog(seed=0),
    "written badly": lambda: Analog(preset("pku-2025").with_(dac_bits=None, adc_bits=None, sigma=0.1), seed=1),
    "coarse converters": lambda: Analog(preset("ideal").with_(dac_bits=5, adc_bits=5), seed=2),
    "classic chip": lambda: Analog(preset("pku-2025").with_(topology="classic"), seed=0),
    "Gram chip": lambda: Analog(preset("pku-2025").with_(topology="gram"), seed=0),
    "worn compact chip": lambda: Analog(preset("neurram").with_(**WORN), seed=0),
    "worn classic chip": lambda: Analog(preset("neurram").with_(**WORN, topology="classic"), seed=0),
    "worn Gram chip": lambda: Analog(preset("ideal").with_(**WORN_GRAM), seed=0),
    "one sweep": lambda: Digital(sweeps=1),
    "one torch sweep": lambda: _torch(sweeps=1),
    "chip behind SCPI": lambda: Served("pku-2025"),
}


@pytest.fixture(params=EXACT)
def exact(request):
    """An engine whose answer is the solution."""
    with _closed(_made(request)) as made:
        yield made


@pytest.fixture(params=EXACT | NOISY)
def engine(request):
    with _closed(_made(request)) as made:
        yield made


@contextmanager
def _closed(made):
    yield made
    if isinstance(made, Instrument):
        made.close()


MASKED = {
    "test_masked_columns_do_not_know_of_one_another",
    "test_the_same_question_has_the_same_answer",
    "test_nothing_for_nothing",
    "test_missing_nothing_is_missing_nothing",
    "test_nothing_that_is_given_is_changed",
    "test_a_missing_row_is_an_absent_row",
    "test_a_known_zero_is_not_a_missing_entry",
    "test_a_masked_right_hand_side_pays_the_whole_penalty",
    "test_with_nothing_known_a_ridge_gives_its_prior",
}


def _made(request):
    """The engine of a fixture; a chip has to refuse the masks and matrices that it declares refused."""
    made = (EXACT | NOISY)[request.param]()
    topology = made.chip.design.topology if isinstance(made, Analog) else None
    if (topology, "missing") in REFUSED_OPERANDS and request.node.originalname in MASKED:
        request.applymarker(pytest.mark.xfail(raises=ChipError, strict=True, reason="declared refused"))
    wide = request.node.callspec.params.get("m", 14) < 5
    if wide and (topology, "wide") in REFUSED_MATRICES and not made.chip.design.device.exact:
        request.applymarker(pytest.mark.xfail(raises=ChipError, strict=True, reason="declared refused"))
    return made


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
