"""Promises around the code: a quick import, names that resolve, arguments that are documented, examples that run."""

import ast
import doctest
import importlib
import inspect
import pkgutil
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

import mho

HEAVY = {
    "cyclopts",
    "fastapi",
    "matplotlib",
    "numpy",
    "pandas",
    "PIL",
    "pyarrow",
    "rich",
    "safetensors",
    "scipy",
    "skimage",
    "sklearn",
    "threadpoolctl",
    "torch",
}


def _modules():
    names = ["mho", *(info.name for info in pkgutil.walk_packages(mho.__path__, "mho."))]
    return [name for name in names if not name.endswith(("._core", "__main__"))]


_ON_TORCH = ("mho.engines.tensor_", "mho.engines.torch", "mho.torch")
_NO_TORCH = pytest.mark.skipif(find_spec("torch") is None, reason="PyTorch is not installed: make test-torch")
MODULES = [pytest.param(name, marks=_NO_TORCH if name.startswith(_ON_TORCH) else ()) for name in _modules()]
ROOMS = (
    "chip",
    "circuits",
    "cluster",
    "cost",
    "data",
    "engines",
    "image",
    "nmf",
    "recommend",
    "spice",
    "sweep",
    "signatures",
    "topics",
)


def _fresh(statement):
    done = subprocess.run([sys.executable, "-W", "error", "-c", statement], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_importing_the_package_imports_nothing_heavy():
    loaded = ast.literal_eval(_fresh("import sys, mho; print({name.split('.')[0] for name in sys.modules})"))
    assert "mho" in loaded
    assert loaded & HEAVY == set()


def test_asking_what_there_is_imports_nothing_heavy():
    loaded = ast.literal_eval(
        _fresh("import sys, mho; dir(mho); mho.__all__; print({name.split('.')[0] for name in sys.modules})")
    )
    assert loaded & HEAVY == set()


def test_the_chip_and_nnls_do_not_need_scikit_learn():
    script = "import sys; from mho import nnls, Chip, Hybrid; print({name.split('.')[0] for name in sys.modules})"
    assert ast.literal_eval(_fresh(script)) & {"sklearn", "pandas", "matplotlib", "rich", "cyclopts"} == set()


def test_every_public_name_is_there():
    for name in mho.__all__:
        assert getattr(mho, name) is not None
    assert set(mho.__all__) <= set(dir(mho))
    with pytest.raises(AttributeError, match="module 'mho' has no attribute 'nothing'"):
        _ = mho.nothing


def test_the_type_checker_sees_the_same_names():
    """Names are imported lazily, so what the type checker reads is written a second time."""
    tree = ast.parse(inspect.getsource(mho))
    imported = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module.startswith("mho")]
    seen = {alias.asname: node.module for node in imported for alias in node.names}
    assert seen == mho._HOMES | dict.fromkeys(mho._PACKAGES, "mho")


@pytest.mark.parametrize("name", MODULES)
def test_every_name_a_module_lists_is_there(name):
    module = importlib.import_module(name)
    missing = [public for public in getattr(module, "__all__", ()) if not hasattr(module, public)]
    assert missing == []
    assert module.__doc__, f"{name} says nothing about itself"


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_in_docstrings_run(name):
    failed, _ = doctest.testmod(importlib.import_module(name), optionflags=doctest.NORMALIZE_WHITESPACE)
    assert failed == 0


def _public_callables():
    """What the rooms that users write code against export, and the public methods of it."""
    seen = {}
    for room in ROOMS:
        module = importlib.import_module(f"mho.{room}")
        for name in module.__all__:
            thing = getattr(module, name)
            if callable(thing) and not (inspect.isclass(thing) and issubclass(thing, Exception)):
                seen[f"{room}.{name}"] = thing
    for path, thing in list(seen.items()):
        if inspect.isclass(thing):
            methods = {name: m for name, m in vars(thing).items() if not name.startswith("_") and inspect.isfunction(m)}
            seen |= {f"{path}.{name}": method for name, method in methods.items() if not _overrides(thing, name)}
    return seen


def _overrides(kind, name):
    """Whether a method of the package's own is overridden, so that the contract stands there."""
    return any(name in vars(base) for base in kind.__mro__[1:] if base.__module__.startswith("mho."))


CALLABLES = _public_callables()


def _documented(doc):
    """Names under the headings Parameters and Attributes of a numpydoc docstring."""
    names, section, listing = set(), "", re.compile(r"(\*{0,2}\w+(?:, \*{0,2}\w+)*)( :|$)")
    lines = inspect.cleandoc(doc).splitlines()
    for line, below in zip(lines, [*lines[1:], ""], strict=True):
        if re.fullmatch("-{3,}", below):
            section = line
        elif section in ("Parameters", "Attributes") and (match := listing.match(line)):
            names |= {name.lstrip("*") for name in match[1].split(", ")}
    return names


def _parameters(thing):
    return [
        name for name in inspect.signature(thing).parameters if name not in ("self", "cls") and not name.startswith("_")
    ]


@pytest.mark.parametrize("path", sorted(CALLABLES))
def test_public_things_have_a_docstring(path):
    assert inspect.getdoc(CALLABLES[path]), f"{path} has no docstring"


@pytest.mark.parametrize("path", sorted(CALLABLES))
def test_what_is_documented_is_what_there_is(path):
    """A parameter is documented by its name; those of short functions may be part of the sentence."""
    thing = CALLABLES[path]
    doc, parameters = inspect.getdoc(thing) or "", _parameters(thing)
    listed = _documented(doc)
    mentioned = listed | set(re.findall(r"\w+", doc))
    assert [name for name in parameters if name not in mentioned] == []
    if not inspect.isclass(thing) and "Parameters\n---" in doc:
        assert sorted(listed - set(parameters)) == []
        assert sorted(set(parameters) - listed) == []


def test_every_package_is_there_after_import_mho():
    """As `mho.cost` and `mho.data` are used in the README, without an import of their own."""
    folder = Path(mho.__file__).parent
    absent = set() if find_spec("torch") else {"torch"}  # needs PyTorch, and says so when it is asked for
    packages = {path.parent.name for path in folder.glob("*/__init__.py")} - {"cli"} - absent
    code = f"import mho; print([getattr(mho, name).__name__ for name in {sorted(packages)}])"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.strip() == str([f"mho.{name}" for name in sorted(packages)])
    assert packages <= set(dir(mho))


@pytest.mark.skipif(find_spec("torch") is not None, reason="PyTorch is installed")
def test_without_pytorch_one_sentence_says_how_to_get_it():
    for call in (lambda: mho.torch, lambda: mho.nnls([[1.0]], [1.0], engine="torch")):
        with pytest.raises(ImportError, match=r"needs PyTorch: pip install 'mho\[torch\]'"):
            call()
