"""Build hook: put our other packages into a wheel, as private subpackages of the one that imports them.

A wheel that named them as requirements would have pip ask an index for these names, where they are not ours.
Under their own names they would collide with those of another wheel of this project in the same environment.
So `hubbub_protocol` becomes `hubbub_client._private.hubbub_protocol`, and imports of it are rewritten. An
editable installation uses the packages of the checkout.
"""

import re
import shutil
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from typing_extensions import override

_PRIVATE = "_private"


class PrivatePackages(BuildHookInterface[Any]):
    """Fills a wheel with rewritten copies of its own package and of `packages`, given by their folders."""

    @override
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":
            return
        self._copies = Path(tempfile.mkdtemp())
        own = Path(self.root, self.config["package"])
        others = [Path(self.root, folder) for folder in self.config["packages"]]
        for folder in (own, *others):
            if not folder.is_dir():
                raise FileNotFoundError(f"{folder} is missing: build the wheel in a checkout of hubbub")
        target = self._copies / own.name
        _copy(own, target)
        for other in others:
            _copy(other, target / _PRIVATE / other.name)
        (target / _PRIVATE / "__init__.py").write_text('"""Other packages of hubbub, for this one only."""\n')
        for module in target.rglob("*.py"):
            module.write_text(
                _rewritten(module, own.name, [other.name for other in others]), encoding="utf-8"
            )
        # One by one: a file of this list replaces the project's own with the same path, a folder does not.
        build_data["force_include"] |= {
            str(file): str(file.relative_to(self._copies)) for file in target.rglob("*") if file.is_file()
        }

    @override
    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        if version != "editable":
            shutil.rmtree(self._copies)


def _copy(package: Path, to: Path) -> None:
    shutil.copytree(package, to, ignore=shutil.ignore_patterns("__pycache__"))


def _rewritten(module: Path, own: str, others: list[str]) -> str:
    """Return the module with `from other import` as `from own._private.other import`."""
    names = "|".join(others)
    text = module.read_text(encoding="utf-8")
    if plain := re.search(rf"^\s*import (?:{names})\b.*", text, re.MULTILINE):
        raise ValueError(f"{module}: write `from … import` instead of {plain[0].strip()!r}")
    return re.sub(rf"^(\s*from )({names})(?=[. ])", rf"\1{own}.{_PRIVATE}.\2", text, flags=re.MULTILINE)
