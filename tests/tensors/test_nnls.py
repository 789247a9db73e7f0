"""`mho.torch`: answers of SciPy's, gradients of finite differences, layers that train."""

from functools import partial

import numpy as np
import pytest
from scipy.optimize import nnls as scipy_nnls

import mho
from mho.chip import Chip
from mho.engines import Analog

torch = pytest.importorskip("torch", reason="PyTorch is not installed: make test-torch")

import mho.torch  # noqa: E402
from mho.torch import AnalogLayer, NMFLayer  # noqa: E402


def _problem(seed, m=6, k=3, n=2, stack=()):
    rng = np.random.default_rng(seed)
    A, B = rng.random((*stack, m, k)), rng.standard_normal((*stack, m, n)) + 0.3
    return torch.tensor(A, requires_grad=True), torch.tensor(B, requires_grad=True)


@pytest.mark.parametrize("first", range(0, 200, 50))
def test_gradients_of_200_random_problems_are_those_of_finite_differences(first):
    for seed in range(first, first + 50):
        rng = np.random.default_rng(seed)
        k = int(rng.integers(1, 4))
        A, B = _problem(seed, k + int(rng.integers(0, 4)), k, int(rng.integers(1, 3)))
        l2, l1 = float(rng.integers(0, 2)) * 0.3, float(rng.integers(0, 2)) * 0.1
        solve = partial(mho.torch.nnls, l2=l2, l1=l1)
        assert torch.autograd.gradcheck(solve, (A, B), check_undefined_grad=False)


@pytest.mark.parametrize(
    ("of_A", "of_B"), [((3,), (3,)), ((), (2, 3)), ((2, 1), (3,)), ((4,), ())], ids=["own", "one A", "both", "one B"]
)
def test_stacks_are_solved_problem_by_problem(of_A, of_B):
    A, B = _problem(1, 5, 2, 2, of_A)[0], _problem(2, 5, 2, 2, of_B)[1]
    X = mho.torch.nnls(A, B)
    stack = np.broadcast_shapes(of_A, of_B)
    assert X.shape == (*stack, 2, 2)
    one_A, one_B = (np.broadcast_to(part.detach().numpy(), (*stack, *part.shape[-2:])) for part in (A, B))
    for place in np.ndindex(*stack):
        expected = np.column_stack([scipy_nnls(one_A[place], b)[0] for b in one_B[place].T])
        np.testing.assert_allclose(X[place].detach().numpy(), expected, atol=1e-9)
    assert torch.autograd.gradcheck(mho.torch.nnls, (A, B), check_undefined_grad=False)


def test_one_right_hand_side_and_single_precision():
    A, B = _problem(3)
    x = mho.torch.nnls(A.float(), B[:, 0].float())
    assert x.shape == (3,)
    assert x.dtype == torch.float32
    np.testing.assert_allclose(x.detach(), scipy_nnls(A.detach().numpy(), B[:, 0].detach().numpy())[0], atol=1e-5)


def test_an_entry_at_zero_whose_slope_is_zero_stays_there():
    A = torch.eye(2, dtype=torch.float64, requires_grad=True)
    b = torch.tensor([0.0, 1.0], dtype=torch.float64, requires_grad=True)
    mho.torch.nnls(A, b).sum().backward()
    assert b.grad.tolist() == [0, 1]
    assert A.grad[:, 0].tolist() == [0, 0]


def test_of_equal_columns_the_one_that_is_used_has_the_gradient():
    column = torch.tensor([[1.0], [2.0]], dtype=torch.float64)
    A, b = torch.cat([column, column], 1).requires_grad_(), torch.tensor([1.0, 2.0], dtype=torch.float64)
    x = mho.torch.nnls(A, b.requires_grad_())
    assert float(x.detach().sum()) == pytest.approx(1)
    x.sum().backward()
    np.testing.assert_allclose(b.grad, [0.2, 0.4])  # of (column' b) / 5
    assert torch.isfinite(A.grad).all()


def test_a_gradient_goes_straight_through_a_chip():
    A, B = _problem(5, 16, 4, 6)
    X = mho.torch.nnls(A, B, engine=Analog("pku-2025-4bit", seed=0))
    meant = mho.torch.nnls(A, B)
    off = float((X - meant).detach().norm() / meant.detach().norm())
    assert 1e-4 < off < 0.5
    X.backward(torch.ones_like(X))
    free, wanted = (X > 0).detach().numpy(), np.zeros(B.shape)
    for j, on in enumerate(free.T):  # at the chip's own active set
        part = A.detach().numpy()[:, on]
        wanted[:, j] = part @ np.linalg.solve(part.T @ part, np.ones(on.sum()))
    np.testing.assert_allclose(B.grad, wanted, rtol=1e-9)


def test_a_layer_gives_amounts_of_its_parts():
    rng = np.random.default_rng(0)
    model = mho.NMF(3, random_state=0, max_iter=5, tol=0).fit(rng.random((20, 8)))
    layer = NMFLayer.of(model, l2=0.1)
    x = rng.random((2, 5, 8))
    w = layer(torch.tensor(x))
    expected = mho.nnls(model.components_.T, x.reshape(10, 8).T, l2=0.1).T
    np.testing.assert_allclose(w.detach().reshape(10, 3), expected, atol=1e-12)
    np.testing.assert_allclose(layer(torch.tensor(x[0, 0])).detach(), expected[0], atol=1e-12)
    np.testing.assert_allclose(layer.reconstruct(w).detach(), w.detach().numpy() @ model.components_)
    assert set(layer.state_dict()) == {"weight"}


def _trained(layer, X, steps=60):
    optimizer = torch.optim.Adam(layer.parameters(), lr=0.05)
    errors = []
    for _ in range(steps):
        optimizer.zero_grad()
        loss = (layer.reconstruct(layer(X)) - X).square().mean()
        loss.backward()
        optimizer.step()
        errors.append(loss.item())
    return errors


def test_layers_learn_parts_digitally_and_through_a_chip():
    rng = np.random.default_rng(0)
    X = torch.tensor(rng.random((40, 3)) @ rng.random((3, 8)))
    torch.manual_seed(0)
    digital = NMFLayer(8, 3, dtype=torch.float64)
    chip = Chip("pku-2025", seed=0)
    analog = AnalogLayer(8, 3, chip=chip, dtype=torch.float64)
    analog.load_state_dict(digital.state_dict())
    errors = _trained(digital, X)
    assert errors[-1] < errors[0] / 20
    noisy = _trained(analog, X, 30)
    assert noisy[-1] < noisy[0] / 3
    analog(X)
    pulses = chip.ledger.pulses
    analog(X)  # is written when the weights have changed, and not before each
    assert chip.ledger.pulses == pulses
    analog.weight.data.mul_(2)  # torch counts no version here
    analog(X)
    assert chip.ledger.pulses > pulses


def _gradless():
    return torch.ones(3, 2, requires_grad=True)


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: mho.torch.nnls(np.ones((3, 2)), torch.ones(3, 1)), TypeError, "A must be a tensor of torch's, got nd"),
        (lambda: mho.torch.nnls(torch.ones(3, 2), torch.ones(3, 1).double()), TypeError, "B must be torch.float32 as"),
        (lambda: mho.torch.nnls(torch.ones(3, 2).bfloat16(), torch.ones(3, 1)), TypeError, "A must be a dense tensor"),
        (lambda: mho.torch.nnls(torch.ones(3, 2).to_sparse(), torch.ones(3, 1)), TypeError, "A must be a dense tensor"),
        (
            lambda: mho.torch.nnls(torch.ones(3, 2), torch.ones(3, 1, device="meta")),
            ValueError,
            "B must be on cpu",
        ),
        (lambda: mho.torch.nnls(torch.ones(3, 2), torch.ones(4, 1)), ValueError, "B must have 3 rows, as many as A"),
        (lambda: mho.torch.nnls(torch.ones(3), torch.ones(3)), ValueError, r"must have shapes \(..., m, k\)"),
        (
            lambda: mho.torch.nnls(torch.ones(3, 2), torch.ones(3), l2=-1),
            ValueError,
            "l2 must be finite",
        ),
        (lambda: mho.torch.nnls(torch.ones(3, 2), torch.full((3, 1), torch.nan)), ValueError, "B contains NaN"),
        (lambda: mho.torch.nnls(torch.ones(2, 3, 2), torch.full((3, 1), torch.nan)), ValueError, "B contains NaN"),
        (lambda: mho.torch.nnls(torch.ones(2, 3, 2), torch.ones(3, 1), engine="analog"), ValueError, "two dimensions"),
        (lambda: mho.nnls(_gradless(), np.ones(3)), TypeError, r"A requires a gradient.*A\.detach\(\), or mho\.torch"),
        (lambda: mho.NMF(1).fit(_gradless()), TypeError, r"X requires a gradient"),
        (lambda: NMFLayer(8, 0), ValueError, "n_components must be at least 1"),
        (lambda: NMFLayer(8, 2)(torch.ones(3, 7)), ValueError, "x must have 8 features in its last dimension"),
        (lambda: NMFLayer.of(mho.NMF(2)), ValueError, "model must have been fitted"),
        (lambda: AnalogLayer(8, 2, chip="nothing"), ValueError, "nothing"),
    ],
)
def test_what_cannot_be_is_said_in_one_sentence(call, error, says):
    with pytest.raises(error, match=says):
        call()
