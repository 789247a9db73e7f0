"""Alternations on the workers of a Dask cluster, out of Parquet blocks in a folder that all of them see.

A table that fits the memory of one machine, and its work spread:

from distributed import Client
from mho.recommend.distributed import DaskCluster

cluster = DaskCluster(Client("tcp://scheduler:8786"), "/shared/scratch")
mho.Recommender(32, cluster=cluster).fit(users, items, ratings)

Ratings that no memory holds:

ratings = ParquetRatings("ratings.parquet")
table = BlockTable.write("/shared/table", ratings, ratings.shape, ids=ratings.ids)
OutOfCore(client=Client("tcp://scheduler:8786"), folder="/shared/fit", n_components=32).fit(table)
mho.Recommender.load("/shared/fit")
"""

from mho.recommend.distributed.block_step import Work
from mho.recommend.distributed.block_table import BlockTable
from mho.recommend.distributed.dask_cluster import DaskCluster
from mho.recommend.distributed.out_of_core import BlockFit, OutOfCore
from mho.recommend.distributed.parquet_ratings import ParquetRatings

__all__ = ["BlockFit", "BlockTable", "DaskCluster", "OutOfCore", "ParquetRatings", "Work"]
