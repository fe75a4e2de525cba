"""The shape of the sources: short functions and files, names that say something, one reader of settings."""

import ast
import json
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]

MOST_STATEMENTS = 25
MOST_LINES = 300

# Files that a program wrote, by path: nobody reads them from top to bottom.
GENERATED: frozenset[str] = frozenset()

# Names for what belongs nowhere. Only an SDK may have a folder `core`: its part without sockets and clocks.
EMPTY_NAMES = frozenset({"utils", "helpers", "common", "core", "models", "interfaces"})
SDK_CORES = ("clients/cli/hubbub_client/core/", "clients/web/src/sdk/core/")

ENVIRONMENT = frozenset({"environ", "environb", "getenv", "getenvb"})
SETTING = re.compile(r"HUBBUB_[A-Z0-9_]+")

LOCKS = re.compile(
    r"(^|/)(requirements/[^/]+\.txt|[^/]+\.lock|package-lock\.json|npm-shrinkwrap\.json|[^/]+-lock\.yaml)$"
)


@cache
def files() -> tuple[str, ...]:
    """List the paths that are in git or could be: tracked, or untracked and not ignored."""
    # The checkout may belong to another user than the tests run as; git refuses that unless told.
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
    """Count the statements in a function, those of inner blocks and functions too, its docstring not."""
    inside = sum(isinstance(node, ast.stmt) for node in ast.walk(function)) - 1
    return inside - (ast.get_docstring(function, clean=False) is not None)


def is_settings(path: str) -> bool:
    return path.endswith("/settings.py") or "/settings/" in path


def reads_of_environment(tree: ast.AST) -> Iterator[int]:
    """Find the lines that reach for the environment, or hold the bare name of one of our variables."""
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
    """Drop the pages that ask for donations from a package-lock.json: no other address may stand there."""
    match node:
        case dict():
            return {key: without_funding(value) for key, value in node.items() if key != "funding"}
        case list():
            return [without_funding(value) for value in node]
    return node


def test_functions_are_short() -> None:
    # Ruff says so too, but an exception made for ruff is none here.
    lengths = {
        f"{path}:{function.lineno} {function.name}": statements(function)
        for path in sources(".py")
        for function in functions(ast.parse(read(path), path))
    }
    assert not {name: n for name, n in lengths.items() if n > MOST_STATEMENTS}


def test_files_are_short() -> None:
    lines = {path: read(path).count("\n") for path in sources(".py", ".ts", ".tsx")}
    assert not {path: n for path, n in lines.items() if n > MOST_LINES}


def test_generated_files_exist() -> None:
    assert set(files()) >= GENERATED, "an exception that nothing needs any more"


def test_file_names_are_specific() -> None:
    def is_empty(path: str) -> bool:
        named = next((path.removeprefix(core) for core in SDK_CORES if path.startswith(core)), path)
        parts = named.split("/")
        return not EMPTY_NAMES.isdisjoint(part.split(".")[0].strip("_") for part in parts)

    assert not [path for path in sources(".py", ".ts", ".tsx") if is_empty(path)]


def test_only_the_settings_read_the_environment() -> None:
    outside = [path for path in sources(".py") if not is_settings(path) and not path.startswith("tests/")]
    found = {f"{path}:{line}" for path in outside for line in reads_of_environment(ast.parse(read(path)))}
    assert not found


def test_lock_files_name_no_address() -> None:
    locks = [path for path in files() if LOCKS.search(path)]
    assert locks, "the pinned requirements are missing"
    for path in locks:
        text = read(path)
        if path.endswith(".json"):
            text = json.dumps(without_funding(json.loads(text)))
        assert '"resolved"' not in text, path
        assert "://" not in text, path
