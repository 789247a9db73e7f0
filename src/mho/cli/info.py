"""`mho info`: what this installation has."""

from __future__ import annotations

import platform
import re
from collections import defaultdict
from importlib import metadata

from mho.cli.report import Json, as_json
from mho.cli.tables import table

__all__ = ["info"]

_LIBRARIES = ("numpy", "scipy", "scikit-learn", "safetensors")
_FOR_DEVELOPERS = ("dev", "docs", "all")


def info(*, json: Json = False) -> None:
    """Show versions, kernels, threads, and what is not installed.

    Parameters
    ----------
    json
        Print JSON.
    """
    import mho

    rows = [("mho", mho.__version__), ("python", f"{platform.python_version()} on {platform.platform()}")]
    rows += [(name, metadata.version(name)) for name in _LIBRARIES]
    rows += _arithmetic()
    rows.append(("ngspice", _ngspice()))
    rows += [(f"mho[{extra}]", _state(extra, names)) for extra, names in _extras().items()]
    print(as_json(dict(rows)) if json else table(rows))


def _arithmetic() -> list[tuple[str, str]]:
    import scipy.linalg  # noqa: F401 -- loads the BLAS that threadpoolctl is to find
    from threadpoolctl import threadpool_info

    from mho import kernels

    pools = [f"{pool['internal_api']} {pool['version']}, {pool['num_threads']} threads" for pool in threadpool_info()]
    return [
        ("kernels", f"{kernels.isa()}, {kernels.thread_count()} threads (MHO_NUM_THREADS)"),
        ("blas", "; ".join(sorted(set(pools))) or "not known to threadpoolctl"),
    ]


def _ngspice() -> str:
    from mho import spice

    try:
        return spice.version()
    except spice.NgspiceMissing:
        return "not found (only `mho.spice` and its tests need it)"
    except spice.NgspiceError as error:
        return f"does not run: {error}"


def _extras() -> dict[str, list[str]]:
    """Packages of each optional extra, as the installed package itself lists them."""
    found = defaultdict(list)
    for requirement in metadata.requires("mho") or []:
        match = re.match(r"([\w.-]+).*extra == ['\"]([\w-]+)['\"]", requirement)
        if match and match[2] not in _FOR_DEVELOPERS:
            found[match[2]].append(match[1])
    return dict(found)


def _state(extra: str, names: list[str]) -> str:
    versions = {name: _installed(name) for name in names}
    if all(versions.values()):
        return ", ".join(f"{name} {found}" for name, found in versions.items())
    missing = ", ".join(name for name, found in versions.items() if found is None)
    return f"without {missing}; pip install 'mho[{extra}]'"


def _installed(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
