"""Sphinx configuration of the site; `make docs` builds it, strictly and without a network."""

import sys
from importlib.metadata import distribution, version
from pathlib import Path

import matplotlib

DOCS = Path(__file__).parent
sys.path.insert(0, str(DOCS.parent / "scripts"))
matplotlib.use("agg")

import site_pages  # noqa: E402 -- found by the path above

from mho.lab import export_page  # noqa: E402

project, author, copyright = "mho", "The mho developers", "The mho developers"
version = release = version("mho")

extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.mathjax",
    "sphinx_copybutton",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["_build", "gallery/**/*.ipynb", "gallery/**/*.py", "**/sg_execution_times.rst"]

myst_enable_extensions = ["dollarmath", "colon_fence", "deflist"]
myst_heading_anchors = 3

numpydoc_show_class_members = False
autodoc_member_order = "bysource"
autodoc_typehints = "none"

mathjax_path = "mathjax-tex-svg.js"  # one file, no fonts beside it: see setup

smartquotes = False  # --option is no dash

html_theme = "furo"
html_title = f"mho {release}"
html_static_path = ["_static", "figures/favicon.svg"]
html_favicon = "figures/favicon.svg"
html_css_files = ["site.css"]
html_theme_options = {"navigation_with_keys": True}
html_show_sphinx = False
html_copy_source = False
pygments_dark_style = "monokai"
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True

sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "gallery",
    "filename_pattern": r"plot_\w+\.py$",  # the others are shown and not run: they need what is not in `docs`
    "abort_on_example_error": True,
    "default_thumb_file": str(DOCS / "figures" / "chip.png"),  # of pages without a picture
    "download_all_examples": False,
    "show_memory": False,
    "min_reported_time": 1000,
    "reset_modules": ("matplotlib",),
    "write_computation_times": False,
}


def setup(app):
    """Generate the pages that come from the package itself, and copy the lab's page and MathJax from their packages."""
    app.connect("builder-inited", lambda app: site_pages.write(Path(app.srcdir)))
    app.connect("source-read", site_pages.add_loose_pages)
    app.connect("autodoc-process-docstring", site_pages.escape_markup)
    app.connect("build-finished", copy_pages)


def copy_pages(app, error):
    """Copy what the site's pages load: MathJax, and the lab, of which they show single views."""
    if error:
        return
    bundle = "sphinx-mathjax-offline/static/mathjax/tex-svg.js"
    mathjax = Path(str(distribution("sphinx-mathjax-offline").locate_file(bundle)))
    static = Path(app.outdir) / "_static"
    site_pages.copy(mathjax, static / mathjax_path)
    export_page(static / "lab")
