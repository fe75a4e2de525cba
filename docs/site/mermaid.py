"""Show ```mermaid blocks as diagrams, by the script that `npm ci` installed here and not from the network."""

from __future__ import annotations

import html
from pathlib import Path
from typing import Final

from docutils import nodes
from docutils.parsers.rst import Directive
from sphinx.application import Sphinx

_SCRIPTS: Final = Path(__file__).parent / "node_modules" / "@mermaid-js" / "tiny" / "dist"
_START: Final = "mermaid.initialize({ startOnLoad: true });"


class Mermaid(Directive):
    """A diagram as text. Without scripts the text is shown."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        text = html.escape("\n".join(self.content))
        return [nodes.raw("", f'<pre class="mermaid">\n{text}\n</pre>', format="html", classes=["mermaid"])]


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the block, and add the script to the pages that have one."""
    app.add_directive("mermaid", Mermaid)
    app.connect("builder-inited", _find_script)
    app.connect("html-page-context", _add_script)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _find_script(app: Sphinx) -> None:
    app.config.html_static_path.append(str(_SCRIPTS))


def _add_script(
    app: Sphinx, _page: str, _template: str, _context: object, tree: nodes.document | None
) -> None:
    if tree is not None and any("mermaid" in node.get("classes", ()) for node in tree.findall(nodes.raw)):
        app.add_js_file("mermaid.tiny.js")
        app.add_js_file(None, body=_START)
