"""The documentation site, for Sphinx: `make docs`. Pages keep the paths that they have in the repository."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from sphinx.application import Sphinx

ROOT: Final = Path(__file__).parents[2]

# Every page, below its heading in the side bar. The first page is the home page.
NAVIGATION: Final = {
    "": ["README", "docs/glossary", "CHANGELOG"],
    "Run it": [
        "docs/operations",
        "docs/the-page",
        "helm/README",
        "docs/guarantees",
        "docs/performance",
        "docs/performance-tables",
    ],
    "Build on it": [
        "clients/protocol/README",
        "docs/another-language",
        "docs/reference/python-sdk",
        "docs/writing-a-broker",
        "docs/reference/broker-contract",
        "docs/writing-an-archive",
        "docs/reference/archive-contract",
    ],
    "Change it": [
        "CONTRIBUTING",
        "docs/first-change",
        "docs/architecture",
        "docs/data-flow",
        "docs/library-internals",
        "docs/decisions/README",
    ],
}
DECISIONS: Final = sorted(f"docs/decisions/{path.stem}" for path in ROOT.glob("docs/decisions/0*.md"))

project = "hubbub"
version = release = re.findall(
    r'^__version__ = "(.+)"', (ROOT / "service" / "__init__.py").read_text(encoding="utf-8"), re.MULTILINE
)[0]
root_doc = "README"
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "mermaid"]
include_patterns = [f"{page}.*" for pages in NAVIGATION.values() for page in pages] + ["docs/decisions/*.md"]
exclude_patterns = [".*", "build", "clients/web", "**/node_modules", "**/__pycache__"]

# Anchors as on GitHub, down to h4.
myst_heading_anchors = 4
myst_enable_extensions = ["html_image"]
myst_fence_as_directive = ["mermaid"]

# Docstrings are written for Markdown: what stands between backticks is code.
default_role = "code"
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
python_use_unqualified_type_names = True

html_theme = "furo"
html_title = f"hubbub {release}"
html_favicon = "../../clients/web/src/favicon.svg"
html_extra_path = ["extra"]
html_static_path = ["static"]
html_css_files = ["hubbub.css"]
html_copy_source = False
html_show_sphinx = False
html_show_copyright = False


def setup(app: Sphinx) -> None:
    """Connect what adapts our sources to Sphinx."""
    app.connect("source-read", _add_navigation)
    app.connect("autodoc-process-docstring", _adapt_docstring, priority=100)  # ahead of Napoleon


def _add_navigation(_app: Sphinx, page: str, source: list[str]) -> None:
    """Give the pages that lead to others their table of contents, which GitHub would show as text."""
    trees = {"README": NAVIGATION, "docs/decisions/README": {"": DECISIONS}}.get(page, {})
    for caption, pages in trees.items():
        listed = "\n".join(f"/{name}" for name in pages if name != page)
        heading = f":caption: {caption}\n" if caption else ""
        source[0] += f"\n\n```{{toctree}}\n:hidden:\n{heading}\n{listed}\n```\n"


def _adapt_docstring(
    _app: Sphinx, what: str, _name: str, _object: object, _options: object, lines: list[str]
) -> None:
    """Show a docstring as it is meant.

    A module's stays as it is written: promises are aligned, examples are indented. An attribute's may have a
    colon, which Napoleon would take for the end of a type. A named tuple's fields have none of their own.
    """
    if what == "module" and any(lines[1:]):
        lines[1:] = ["", "::", "", *(f"    {line}" for line in lines[1:])]
    elif lines and lines[0].startswith("Alias for field number"):
        lines.clear()
    elif what in {"attribute", "data", "property"}:
        lines.insert(0, "")
