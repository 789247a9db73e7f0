"""Alternations on the workers of a Dask cluster, out of Parquet blocks in a folder that all of them see.

from distributed import Client
from mho.recommend.distributed import DaskCluster

cluster = DaskCluster(Client("tcp://scheduler:8786"), "/shared/scratch")
mho.Recommender(32, cluster=cluster).fit(users, items, ratings)
"""

from mho.recommend.distributed.dask_cluster import DaskCluster

__all__ = ["DaskCluster"]
