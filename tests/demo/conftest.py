import pytest

from mho.demo import Plan, measure


@pytest.fixture(scope="session")
def small_plan():
    """Real data, but a small picture, low ranks and few iterations."""
    return Plan(
        picture_size=64,
        picture_components=12,
        digital_iterations=20,
        chip_iterations=6,
        rating_components=4,
        rating_iterations=4,
    )


@pytest.fixture(scope="session")
def progress_calls():
    return []


@pytest.fixture(scope="session")
def results(small_plan, progress_calls):
    return measure(small_plan, seed=1, progress=lambda *call: progress_calls.append(call))
