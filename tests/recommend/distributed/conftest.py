import pytest

from mho.recommend import ImplicitModel, MixedModel, MixedRatingModel, NeighbourModel, RatingModel

NEIGHBOURS = NeighbourModel(l2=20.0, popularity=0.1, weighting="log")


@pytest.fixture(scope="session")
def client():
    """Two processes of this machine."""
    distributed = pytest.importorskip("distributed")
    dask = pytest.importorskip("dask")
    with (
        dask.config.set({"distributed.comm.timeouts.connect": "60s"}),  # of a busy machine
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=":0", silence_logs="CRITICAL"
        ) as cluster,
        distributed.Client(cluster, set_as_default=False) as client,
    ):
        yield client


@pytest.fixture(
    params=[
        RatingModel(),
        ImplicitModel(),
        NEIGHBOURS,
        MixedModel(factors=ImplicitModel(l2=4.0, popularity=0.0), neighbours=NEIGHBOURS, share=0.5, popularity=0.1),
        MixedRatingModel(factors=RatingModel(popularity=0.0), l2=8.0, share=1.0, over="raters"),
    ],
    ids=lambda model: type(model).__name__,
)
def model(request):
    """A model of each kind; those with weights between items settled, which takes the time of many fits."""
    return request.param
