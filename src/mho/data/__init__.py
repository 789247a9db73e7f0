"""Small real data that comes with mho, and readers for the user's own files.

Whatever a file claims is checked before memory is taken for it, nothing in it is executed, and what is wrong with it is
one `DataError` naming the file.
"""

from mho.data.bundled import Ratings, camera, movielens
from mho.data.categorical import Categorical
from mho.data.columns import Columns, interaction_columns
from mho.data.errors import DataError
from mho.data.factors import read_factors, write_factors
from mho.data.file_lock import lock_folder
from mho.data.interactions import InteractionTable, Rejected, interaction_parts, parquet_columns, read_interactions
from mho.data.matrix import LAYOUTS, read_matrix
from mho.data.output import replacing
from mho.data.table_format import TableFormat
from mho.data.title_table import title_rows
from mho.moved import moved

__all__ = [
    "LAYOUTS",
    "Categorical",
    "Columns",
    "DataError",
    "InteractionTable",
    "Ratings",
    "Rejected",
    "TableFormat",
    "camera",
    "interaction_columns",
    "interaction_parts",
    "lock_folder",
    "movielens",
    "parquet_columns",
    "read_factors",
    "read_interactions",
    "read_matrix",
    "replacing",
    "title_rows",
    "write_factors",
]

__getattr__ = moved(__name__)
