"""Energy that the processor itself counts (running average power limit), where Linux lets one read it."""

from __future__ import annotations

from pathlib import Path

__all__ = ["Rapl"]


class Rapl:
    """Joules since it was made.

    Parameters
    ----------
    folder : Path
        Of the counters, in microjoules, one folder for each processor package.

    Raises
    ------
    OSError
        There are none, or they must not be read.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from mho.cost import Rapl
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     package = Path(folder, "intel-rapl:0")
    ...     package.mkdir()
    ...     _ = (package / "max_energy_range_uj").write_text("1000000")
    ...     _ = (package / "energy_uj").write_text("200000")
    ...     meter = Rapl(Path(folder))
    ...     _ = (package / "energy_uj").write_text("700000")
    ...     print(meter.joules())
    0.5
    """

    def __init__(self, folder: Path = Path("/sys/class/powercap")) -> None:
        self._packages = sorted(p for p in folder.glob("intel-rapl:*") if p.name.count(":") == 1)
        if not self._packages:
            raise FileNotFoundError(f"{folder} has no energy counters")
        self._turns = [_read(p / "max_energy_range_uj") for p in self._packages]
        self._begun = self._counters()

    def joules(self) -> float:
        """Return the energy of all packages since the beginning, J; a counter that passed zero once is put right."""
        return 1e-6 * sum(
            (now - begun) % turn for now, begun, turn in zip(self._counters(), self._begun, self._turns, strict=True)
        )

    def _counters(self) -> list[int]:
        return [_read(p / "energy_uj") for p in self._packages]


def _read(path: Path) -> int:
    return int(path.read_text())
