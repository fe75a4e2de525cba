"""The shape of the sources: short functions and files, specific names, one reader of the environment."""

import ast
import json
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]

MAX_STATEMENTS = 25
MAX_LINES = 300

# Generated files, by path: their length does not matter.
GENERATED: frozenset[str] = frozenset()

# Names that don't describe the content of a file.
EMPTY_NAMES = frozenset({"utils", "helpers", "common", "core", "models", "interfaces"})

ENVIRONMENT = frozenset({"environ", "environb", "getenv", "getenvb"})
SETTING = re.compile(r"HUBBUB_[A-Z0-9_]+")

# The module constant that a call of `monkeypatch.setattr` names.
REPLACED_CONSTANT = re.compile(r"\bsetattr\(\s*(?:\w+,\s*)?\"(?:[\w.]+\.)?(_?[A-Z][A-Z_]+)\"")

LOCKS = re.compile(
    r"(^|/)(requirements/[^/]+\.txt|[^/]+\.lock|package-lock\.json|npm-shrinkwrap\.json|[^/]+-lock\.yaml)$"
)


@cache
def files() -> tuple[str, ...]:
    """List the paths that are tracked by git, or untracked and not ignored."""
    # The checkout may belong to another user than the tests run as, which git rejects by default.
    git = ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(git, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    return tuple(sorted(path for path in set(listed) - {""} if (ROOT / path).is_file()))


def sources(*suffixes: str) -> list[str]:
    return [path for path in files() if path.endswith(suffixes) and path not in GENERATED]


def read(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def statements(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Count the statements of a function with its inner blocks and functions, without its docstring."""
    inside = sum(isinstance(node, ast.stmt) for node in ast.walk(function)) - 1
    return inside - (ast.get_docstring(function, clean=False) is not None)


def is_settings(path: str) -> bool:
    return path.endswith("/settings.py") or "/settings/" in path


def reads_of_environment(tree: ast.AST) -> Iterator[int]:
    """Find the lines that read the environment, or contain the name of one of our variables."""
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=ast.Name(id="os"), attr=name) if name in ENVIRONMENT:
                yield node.lineno
            case ast.ImportFrom(module="os", names=names) if any(
                alias.name in ENVIRONMENT for alias in names
            ):
                yield node.lineno
            case ast.Constant(value=str(text)) if SETTING.fullmatch(text):
                yield node.lineno


def without_funding(node: object) -> object:
    """Remove funding pages from a package-lock.json, because no other address is allowed in it."""
    match node:
        case dict():
            return {key: without_funding(value) for key, value in node.items() if key != "funding"}
        case list():
            return [without_funding(value) for value in node]
    return node


def test_functions_are_short() -> None:
    # Ruff checks this too, but its `noqa` comments are no exception here.
    lengths = {
        f"{path}:{function.lineno} {function.name}": statements(function)
        for path in sources(".py")
        for function in functions(ast.parse(read(path), path))
    }
    assert not {name: n for name, n in lengths.items() if n > MAX_STATEMENTS}


def test_files_are_short() -> None:
    lines = {path: read(path).count("\n") for path in sources(".py", ".ts", ".tsx")}
    assert not {path: n for path, n in lines.items() if n > MAX_LINES}


def test_generated_files_exist() -> None:
    assert set(files()) >= GENERATED, "an obsolete exception"


def test_file_names_are_specific() -> None:
    def is_empty(path: str) -> bool:
        parts = path.split("/")
        return not EMPTY_NAMES.isdisjoint(part.split(".")[0].strip("_") for part in parts)

    assert not [path for path in sources(".py", ".ts", ".tsx") if is_empty(path)]


def test_only_the_settings_read_the_environment() -> None:
    outside = [path for path in sources(".py") if not is_settings(path) and not path.startswith("tests/")]
    found = {f"{path}:{line}" for path in outside for line in reads_of_environment(ast.parse(read(path)))}
    assert not found


def test_no_test_replaces_a_constant() -> None:
    tests = [path for path in sources(".py") if path.startswith("tests/")]
    found = {path: names for path in tests if (names := REPLACED_CONSTANT.findall(read(path)))}
    assert not found, "make it a parameter, or a value of Tuning"


def without_links(node: object) -> object:
    """Drop where the packages of a workspace are linked to: a folder of this checkout, not an address."""
    match node:
        case {"link": True, "resolved": str(folder), **others} if (ROOT / "clients" / folder).is_dir():
            return others
        case dict():
            return {key: without_links(value) for key, value in node.items()}
        case list():
            return [without_links(value) for value in node]
    return node


def test_lock_files_name_no_address() -> None:
    locks = [path for path in files() if LOCKS.search(path)]
    assert locks, "the pinned requirements are missing"
    for path in locks:
        text = read(path)
        if path.endswith(".json"):
            text = json.dumps(without_links(without_funding(json.loads(text))))
        assert '"resolved"' not in text, path
        assert "://" not in text, path
