"""What our sources use of libraries without a promise: private attributes, and overridden methods."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
SOURCES: Final = ("service", "brokers", "clients/cli", "clients/protocol", "clients/python")
OURS: Final = ("service", "brokers", "hubbub_protocol", "hubbub_client", "hubbub_cli")

# Private by their name alone: documented by Python.
_PYTHONS: Final = frozenset({"_exit", "_replace"})
# Methods that a library's documentation asks its users to override.
_DOCUMENTED: Final = {
    "sanic": frozenset[str](),
    "click": frozenset({"convert", "list_commands"}),
    "textual": frozenset({"compose", "render_line"}),
    "prometheus_client": frozenset({"collect"}),
}


def sources() -> Iterator[tuple[str, ast.Module]]:
    """Parse what we ship."""
    for folder in SOURCES:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "node_modules" not in path.parts:
                yield path.relative_to(ROOT).as_posix(), ast.parse(path.read_text(encoding="utf-8"))


def private_names() -> Iterator[tuple[str, str]]:
    """Find attributes that begin with one underscore and are assigned or defined nowhere in our sources."""
    parsed = list(sources())
    own = {name for _, tree in parsed for name in _defined(tree)} | _PYTHONS
    for path, tree in parsed:
        for name in _read(tree):
            if name.startswith("_") and not name.startswith("__") and name not in own:
                yield path, name


def overridden() -> Iterator[tuple[str, str]]:
    """Find the methods that override those of a library's class."""
    for path, tree in sources():
        imported = _imports(tree)
        for kind in [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]:
            bases = {imported[name] for base in kind.bases if (name := _root(base)) in imported}
            for library in bases:
                yield from ((path, name) for name in _overrides(kind) if name not in _documented(library))


def _documented(library: str) -> frozenset[str]:
    return _DOCUMENTED.get(library, frozenset())


def _overrides(kind: ast.ClassDef) -> Iterator[str]:
    for method in kind.body:
        if isinstance(method, ast.FunctionDef | ast.AsyncFunctionDef):
            marks = {mark.id for mark in method.decorator_list if isinstance(mark, ast.Name)}
            if "override" in marks and not method.name.startswith("__"):
                yield method.name


def _imports(tree: ast.Module) -> dict[str, str]:
    """Say of each name which library it comes from."""
    found: dict[str, str] = {}
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                found |= {name.asname or name.name.split(".")[0]: name.name for name in names}
            case ast.ImportFrom(module=str(module), names=names, level=0):
                found |= {name.asname or name.name: module for name in names}
    libraries = {name: module.split(".")[0] for name, module in found.items()}
    known = {*sys.stdlib_module_names, *OURS}
    return {name: library for name, library in libraries.items() if library not in known}


def _root(base: ast.expr) -> str:
    while isinstance(base, ast.Attribute | ast.Subscript):
        base = base.value
    return base.id if isinstance(base, ast.Name) else ""


def _defined(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(attr=name, ctx=ast.Store()):
                yield name
            case ast.Name(id=name, ctx=ast.Store()):
                yield name
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name


def _read(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(attr=name, ctx=ast.Load()):
                yield name
            case ast.Call(func=ast.Name(id="getattr"), args=[_, ast.Constant(value=str(name)), *_]):
                yield name
