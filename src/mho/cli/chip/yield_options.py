"""Options of `mho chip yield` and `mho chip require`: chips, what they solve, and the bar."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from mho.cli.chip.values import changed_preset
from mho.cli.errors import note
from mho.cli.settings import WholeNumber
from mho.cli.standard_input import file_of

__all__ = ["YieldOptions"]

_PICTURES = {".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff", ".ppm", ".mho"}
_MATRICES = {".npy", ".npz", ".mtx"}

_OF_RATINGS = {name: f"--{name}" for name in ("split", "time", "test", "users", "items")}
_OF_PROBLEMS = {name: f"--{name}" for name in ("rows", "rhs", "noise")}


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class YieldOptions:
    """Chips, what they solve, and the bar.

    Parameters
    ----------
    bar
        What a good chip reaches: without DATA error=NUMBER, the largest relative error of its answers; of ratings
        rmse=NUMBER, of a picture psnr=DECIBELS or rmse=NUMBER.
    loss
        In place of --bar: the share by which a good chip's root mean square error may be above the digital one.
    preset
        Design of the chips.
    sets
        A property that differs from the preset's, NAME=VALUE.
    cells
        CSV or Parquet table of your own reads with columns level, time and conductance: the cells are fitted to it.
    refits
        Fits to the reads of --cells drawn again, which chips are made with in turn, so that the interval counts what
        the table leaves open; 0: one fit to all.
    chips
        How many chips are made.
    treatments
        What is done about errors: as written, repaired, calibrated, repaired and calibrated, or repaired, calibrated
        and probed. By default all of them, of ratings the first two.
    split
        Of ratings: a share of each user's at random, the last ones of all, or the last one of each user is held out.
    time
        Column of numbers that grow with time, for --split time and leave-last.
    test
        Share of the ratings that is held out.
    n_components
        Components of what is learned from DATA.
    users
        Users with ratings held out whom each chip answers, drawn at random.
    items
        Items most often rated that a chip holds; ratings of others are left out.
    rows
        Rows of the matrix, without DATA.
    columns
        Columns of the matrix; of a table of ratings USER,ITEM,RATING, their names or numbers. [default: 16, or as the
        names say]
    rhs
        Right-hand sides, without DATA.
    noise
        Standard deviation of what is added to A x, as a share of its root mean square, without DATA.
    seed
        Of problems, splits and chips.
    """

    bar: str = ""
    loss: float | None = None
    preset: str = "pku-2025-realistic"
    sets: Annotated[list[str], Parameter(name="--set", negative="", show_default=False)] = field(default_factory=list)
    cells: Path | None = None
    refits: WholeNumber = 20
    chips: WholeNumber = 100
    treatments: Annotated[list[str], Parameter(name="--treatment", negative="", show_default=False)] = field(
        default_factory=list
    )
    split: Literal["random", "time", "leave-last"] = "random"
    time: str = ""
    test: float = 0.1
    n_components: Annotated[WholeNumber, Parameter(name=("-k", "--components"))] = 16
    users: WholeNumber = 100
    items: WholeNumber = 1024
    rows: WholeNumber = 128
    columns: Annotated[str, Parameter(show_default=False)] = ""
    rhs: WholeNumber = 100
    noise: float = 0.05
    seed: WholeNumber = 0

    def check(self, source: Path | None) -> None:
        """Refuse what cannot be before anything is read."""
        from mho import checks
        from mho.sweep import TREATMENTS

        if (self.loss is None) == (not self.bar):
            raise ValueError(
                "one of --bar and --loss must say which chips are good, as --bar error=0.05 or --loss 0.01"
            )
        if self.loss is not None:
            checks.positive_number(self.loss, "--loss")
            if source is None:
                raise ValueError(
                    "--loss is beside digital answers to DATA: give a table of ratings or a picture, or --bar"
                )
        else:
            self._bar()
        for treatment in self.treatments:
            checks.one_of(treatment, "--treatment", TREATMENTS)
        unused = _OF_RATINGS | {"n_components": "-k"} if source is None else _OF_PROBLEMS
        if source is not None and source.suffix.lower() in _PICTURES | _MATRICES:
            unused = unused | _OF_RATINGS | {"columns": "--columns"}
        for name, option in unused.items():
            if getattr(self, name) != type(self).__dataclass_fields__[name].default:
                raise ValueError(f"{option} has nothing to do here, where chips solve {_what(source)}")
        if source is None and self.bar.partition("=")[0] != "error":
            raise ValueError(f"--bar must be error=NUMBER without DATA, as error=0.05, got {self.bar}")

    def data(self, source: Path | None) -> Any:
        """Return the use of DATA that chips answer for, or None."""
        if source is None:
            return None
        source = file_of(source)
        found = self._picture(source) if source.suffix.lower() in _PICTURES | _MATRICES else self._table(source)
        note(found.about)
        return found

    def limit(self, data: Any) -> float:
        """Return the largest error of a good chip."""
        if self.loss is not None:
            return data.limit("loss", self.loss)
        name, value = self._bar()
        if data is None:
            return value
        if name not in data.bars:
            known = " or ".join(f"{bar}=NUMBER" for bar in data.bars if bar != "loss")
            raise ValueError(f"--bar must be {known} of these data, got {self.bar}")
        return data.limit(name, value)

    def plan(self, data: Any, treatments: tuple[str, ...], **more: Any) -> Any:
        """Return the library's `Sweep`."""
        from mho.sweep import Sweep

        design, devices = self._design()
        sizes = {"rows": self.rows, "columns": 16, "rhs": self.rhs, "noise": self.noise, "seed": self.seed}
        if data is None and self.columns:
            if not self.columns.isdecimal():
                raise ValueError(f"--columns must be a whole number without DATA, got {self.columns}")
            sizes["columns"] = int(self.columns)
        return Sweep(
            design=design, chips=self.chips, treatments=treatments, data=data, devices=devices, **sizes, **more
        )

    def treated(self, data: Any) -> tuple[str, ...]:
        """Return the treatments that are asked for, or those that there are by default."""
        from mho.sweep import TREATMENTS, RatedTable

        return tuple(self.treatments) or (TREATMENTS[:2] if isinstance(data, RatedTable) else TREATMENTS)

    def _bar(self) -> tuple[str, float]:
        name, _, value = self.bar.partition("=")
        try:
            number = float(value)
        except ValueError:
            number = 0.0
        if name not in ("error", "rmse", "psnr") or not 0 < number < float("inf"):
            raise ValueError(
                f"--bar must be error=NUMBER, rmse=NUMBER or psnr=NUMBER with a number above zero, got {self.bar}"
            )
        return name, number

    def _design(self) -> tuple[Any, tuple[Any, ...]]:
        """The design that is made, and the devices of --cells."""
        from mho.sweep import refitted, with_cells

        design = changed_preset(self.preset, self.sets)
        if self.cells is None:
            return design, ()
        table = _reads(self.cells)
        try:
            return with_cells(design, table), refitted(table, self.refits, seed=self.seed) if self.refits else ()
        except ValueError as error:
            raise ValueError(f"--cells {self.cells}: {error}") from None

    def _table(self, source: Path) -> Any:
        """Ratings of a table, some of them held out."""
        from mho.cli.recommend.bench import SplitOptions
        from mho.cli.recommend.table import TableOptions, read_table
        from mho.sweep import RatedTable

        splitting = SplitOptions(split=self.split, time=self.time, test=self.test, seed=self.seed)
        splitting.check()
        reading = TableOptions(columns=self.columns)
        table = read_table(source, reading)
        if table.ratings is None:
            raise ValueError(f"{source}: has no column of ratings; name it by --columns USER,ITEM,RATING")
        train, test = splitting.parts(source, table, reading)
        columns = table.users, table.items, table.ratings
        return RatedTable(
            *columns,
            train,
            test,
            n_components=self.n_components,
            most_users=self.users,
            most_items=self.items,
            seed=self.seed,
        )

    def _picture(self, source: Path) -> Any:
        """A picture as a matrix of grey levels."""
        from mho.sweep import Picture

        if source.suffix.lower() in _MATRICES:
            from mho.data.named_matrix import read_named_matrix

            X = read_named_matrix(source).X
            if hasattr(X, "toarray"):
                X = X.toarray()
        else:
            from mho.cli.image.source import read
            from mho.image.codec import read_picture

            pixels = read_picture(read(str(source)), str(source))[0].pixels / 255
            X = pixels if pixels.ndim == 2 else pixels @ (0.299, 0.587, 0.114)
            if pixels.ndim > 2:
                note(f"{source}: is taken as grey")
        return Picture(X, n_components=self.n_components, seed=self.seed)


def _what(source: Path | None) -> str:
    """The chips' task in words."""
    if source is None:
        return "problems drawn at random"
    return f"{'a picture' if source.suffix.lower() in _PICTURES | _MATRICES else 'a table of ratings'}, {source}"


def _reads(path: Path) -> Any:
    """A user's table of reads."""
    import pandas

    if not path.is_file():
        raise ValueError(f"--cells {path}: there is no such file")
    if path.suffix not in (".csv", ".parquet"):
        raise ValueError(f"--cells must be a .csv or .parquet file, got {path}")
    try:
        return pandas.read_csv(path) if path.suffix == ".csv" else pandas.read_parquet(path)
    except (ValueError, OSError) as error:
        raise ValueError(f"{path}: cannot be read as a table: {str(error).partition(chr(10))[0]}") from None
