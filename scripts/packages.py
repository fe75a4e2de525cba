"""The packages that we deliver: from the locks, with their licences, and as a bill of materials."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageMetadata, PackageNotFoundError, metadata
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parents[1]
# What the container image and the client packages contain.
PYTHON_LOCKS: Final = ("requirements/image.txt", "requirements/run.txt")
NPM_LOCK: Final = "clients/package-lock.json"
_PINNED: Final = re.compile(r"^([A-Za-z0-9._-]+)==([^ ;\\\n]+)", re.MULTILINE)

# Licences that ask for no more than a notice. Another one needs a decision.
ALLOWED: Final = frozenset(
    {
        "0BSD",
        "Apache-2.0",
        "BSD-2-Clause",
        "BSD-3-Clause",
        "ISC",
        "MIT",
        "MIT-0",
        "PSF-2.0",
        "TCL",
        "Unlicense",
    }
)
# Changes of a file under this licence must be published. We change none.
ALLOWED_UNCHANGED: Final = frozenset({"MPL-2.0"})
# What packages write instead of an SPDX identifier.
_SPELLINGS: Final = {
    "Apache 2 License": "Apache-2.0",
    "Apache License 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Public Domain": "Unlicense",
}


@dataclass(frozen=True, slots=True)
class Package:
    """A package that is pinned. `kind` is that of its registry (`pypi`, `npm`)."""

    kind: str
    name: str
    version: str
    licence: str

    @property
    def purl(self) -> str:
        """The package URL."""
        return f"pkg:{self.kind}/{self.name.replace('@', '%40')}@{self.version}"


def python_packages(locks: Iterable[str] = PYTHON_LOCKS) -> list[Package]:
    """Read the packages of the locks, each once."""
    found: dict[str, Package] = {}
    for lock in locks:
        for name, version in _PINNED.findall((ROOT / lock).read_text(encoding="utf-8")):
            found[name] = Package("pypi", name, version, _licence_of(name))
    return sorted(found.values(), key=lambda package: package.name)


def npm_packages() -> list[Package]:
    """Read the packages that the page and the SDK contain; what only builds them is left out."""
    lock = json.loads((ROOT / NPM_LOCK).read_text(encoding="utf-8"))
    return [
        Package("npm", path.rpartition("node_modules/")[2], each["version"], each.get("license", "unknown"))
        for path, each in sorted(lock["packages"].items())
        if "node_modules/" in path and not each.get("dev") and not each.get("link")
    ]


def _licence_of(name: str) -> str:
    try:
        return stated_licence(metadata(name))
    except PackageNotFoundError:
        return ""  # for another platform or an older Python


def stated_licence(stated: PackageMetadata) -> str:
    """Return the licence that a Python package states, as an SPDX expression where that is known."""
    fields: Mapping[str, Any] = stated.json
    if expression := fields.get("license_expression"):
        return str(expression)
    names = [str(fields.get("license", "")).strip()]
    classifiers = fields.get("classifier", [])
    names += [each.rpartition(" :: ")[2] for each in classifiers if each.startswith("License :: OSI")]
    known = (_SPELLINGS.get(name, name) for name in names if name and "\n" not in name)
    return next((name for name in known if name in ALLOWED | ALLOWED_UNCHANGED), names[0] or "unknown")


def refused_licences(packages: Iterable[Package]) -> Iterator[str]:
    """Give the packages whose licence is not allowed."""
    for package in packages:
        if package.licence and not is_allowed(package.licence):
            yield f"{package.name} {package.version}: {package.licence[:60]}"


def is_allowed(expression: str) -> bool:
    """Return whether an SPDX expression without brackets permits what we do."""
    return any(
        all(name.strip() in ALLOWED | ALLOWED_UNCHANGED for name in choice.split(" AND "))
        for choice in expression.split(" OR ")
    )


def bill_of_materials(version: str) -> dict[str, Any]:
    """Make the bill of materials of the image (CycloneDX 1.6). It is the same for the same locks."""
    packages = [*python_packages(PYTHON_LOCKS[:1]), *npm_packages()]
    ours = {"type": "application", "bom-ref": "hubbub", "name": "hubbub", "version": version}
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": ours},
        "components": [_component(package) for package in packages],
        "dependencies": [{"ref": "hubbub", "dependsOn": [package.purl for package in packages]}],
    }


def _component(package: Package) -> dict[str, Any]:
    component: dict[str, Any] = {
        "type": "library",
        "bom-ref": package.purl,
        "name": package.name,
        "version": package.version,
        "purl": package.purl,
    }
    if package.licence:
        component["licenses"] = [{"expression": package.licence}]
    return component
