"""Checks the order of the source tree: python -m tests.support.house.

- The prose is plain: few names that say nothing of their values, few sentences around "what" and "one".
- No folder has more than 15 modules, and no module imports more than 10 modules of this project. An `__init__` is not
  counted: it is the public face of a package, and imports to re-export.
- No module has more than 250 lines, and no function more than 40. `LONG` names the exceptions, which only shrink.
- Every module with logic in a folder of `MIRRORED` has its test file at the mirrored place.
"""

import ast
import io
import re
import sys
import tokenize
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("schemas/tasker_schemas", "producer/tasker_producer", "consumers/tasker_consumers")
TREES = ("schemas", "producer", "consumers", "tests", "benchmarks", "examples", "monitoring")
MOST_MODULES, MOST_IMPORTS, MOST_LINES, MOST_FUNCTION_LINES = 15, 10, 250, 40
#: Longer modules, with the lines that each has now. A module that gets shorter takes its entry along.
LONG = {
    "schemas/tasker_schemas/avro/_writer_c.pyx": 296,  # compiled as a whole: calls between modules are slower
    "benchmarks/publish.py": 256,
    "monitoring/boards.py": 309,
    "tests/integration/test_security.py": 264,
    "tests/integration/test_telemetry_answers.py": 268,
    "tests/support/telemetry/otlp.py": 276,
    "tests/unit/consumers/engine/faust/test_internals.py": 311,
    "tests/unit/consumers/importers/github/test_github.py": 264,
    "tests/unit/consumers/importers/wfcommons/test_wfcommons.py": 257,
    "tests/unit/consumers/stats/test_window_index.py": 274,
}

#: Names that could be bound to anything.
VAGUE_NAMES = frozenset(
    re.findall(
        r"\w+",
        """
        about above after around asked at before beside found fresh given heard it kept known left look looks more
        most new news now odd of one ones other others ours own place places rest said seen some taken theirs
        these thing things those told wanted what who whole words
        """,
    )
)
#: The most occurrences: of vague names per 1,000 lines of code, of words per 1,000 words of docstrings and comments.
LIMITS = {"vague names": 4.0, "what": 3.0, "one": 5.0}
#: Folders whose modules each have a test file, below a package and below `tests/unit`.
MIRRORED = (
    "schemas/avro",
    "producer/record",
    "producer/record/building",
    "producer/delivery",
    "consumers/engine/flow",
    "consumers/engine/state",
    "consumers/stats/core",
    "consumers/telemetry/core",
    "consumers/telemetry/processing",
    "consumers/telemetry/spans",
    "consumers/telemetry/spans/views",
)

_LAYOUT = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}


def bound_names(tree: ast.AST) -> Iterator[str]:
    """Yield every name that a variable, an argument or a function is given."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name


def prose(tree: ast.AST, source: str) -> Iterator[str]:
    """Yield docstrings without their examples, and comments."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield re.sub(r">>>.*|^\s*[\[({'].*$", "", ast.get_docstring(node) or "", flags=re.MULTILINE)
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.string


def code_lines(source: str) -> int:
    """Return how many lines hold code."""
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return len({line for t in tokens if t.type not in _LAYOUT for line in range(t.start[0], t.end[0] + 1)})


def vague_words(package: Path) -> Iterator[str]:
    """Yield a line for each figure of a package that is above its limit."""
    counts, lines, words = Counter[str](), 0, 0
    for path in sorted(package.rglob("*.py")):
        source = path.read_text(encoding="utf-8")
        tree = ast.parse(source)
        lines += code_lines(source)
        counts["vague names"] += sum(name.strip("_") in VAGUE_NAMES for name in bound_names(tree))
        spoken = [word.lower() for text in prose(tree, source) for word in re.findall(r"[A-Za-z][A-Za-z']*", text)]
        words += len(spoken)
        counts.update(word for word in spoken if word in LIMITS)
    for figure, limit in LIMITS.items():
        rate = 1000 * counts[figure] / max(1, lines if figure == "vague names" else words)
        if rate > limit:
            yield f"{package.name}: {figure}: {rate:.1f} per 1,000, at most {limit:g}"


def crowded_folders(package: Path) -> Iterator[str]:
    """Yield a line for each folder with too many modules."""
    for folder in (package, *(path for path in package.rglob("*") if path.is_dir())):
        modules = {path.stem for path in folder.iterdir() if path.suffix in {".py", ".pyx"}} - {"__init__", "__main__"}
        if len(modules) > MOST_MODULES:
            yield f"{folder.relative_to(ROOT)}: {len(modules)} modules, at most {MOST_MODULES}"


def busy_modules(package: Path) -> Iterator[str]:
    """Yield a line for each module but `__init__` that imports too many modules of this project."""
    for path in sorted(set(package.rglob("*.py")) - set(package.rglob("__init__.py"))):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module}
        own = sorted(name for name in imported if name.startswith("tasker_"))
        if len(own) > MOST_IMPORTS:
            yield f"{path.relative_to(ROOT)}: imports {len(own)} modules of ours, at most {MOST_IMPORTS}"


def long_modules(tree: Path) -> Iterator[str]:
    """Yield a line for each module and each function that is too long, and for each outdated entry of `LONG`."""
    for path in sorted(file for file in tree.rglob("*.py*") if file.suffix in {".py", ".pyx"}):
        source, name = path.read_text(encoding="utf-8"), path.relative_to(ROOT).as_posix()
        count, known = len(source.splitlines()), LONG.get(name)
        if count > (known or MOST_LINES):
            yield f"{name}: {count} lines, at most {known or MOST_LINES}"
        elif known is not None and count < known:
            lowered = f"write {count}" if count > MOST_LINES else "remove it"
            yield f"{name}: {count} lines, but LONG in tests/support/house.py says {known}: {lowered}"
        if path.suffix == ".py":
            yield from (f"{name}: {fault}" for fault in long_functions(ast.parse(source)))


def long_functions(tree: ast.AST) -> Iterator[str]:
    """Yield a line for each function that is too long, its decorators not counted."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            count = (node.end_lineno or node.lineno) - node.lineno + 1
            if count > MOST_FUNCTION_LINES:
                yield f"{node.name} has {count} lines, at most {MOST_FUNCTION_LINES}"


def missing_tests() -> Iterator[str]:
    """Yield a line for each module that lacks its test file; a module without a function has no logic."""
    for room in MIRRORED:
        top, _, rest = room.partition("/")
        for path in sorted((ROOT / top / f"tasker_{top}" / rest).glob("*.py*")):
            name = path.stem.removeprefix("_").removesuffix("_c").removesuffix("_py")
            has_logic = path.suffix == ".pyx" or (path.suffix == ".py" and "def " in path.read_text(encoding="utf-8"))
            test = ROOT / "tests" / "unit" / room / f"test_{name}.py"
            if has_logic and path.stem != "__init__" and not test.exists():
                yield f"{path.relative_to(ROOT)}: has no {test.relative_to(ROOT)}"


def main() -> int:
    """Print every line, and return 1 if there is any."""
    faults = list(missing_tests())
    for package in (ROOT / name for name in PACKAGES):
        faults += [*vague_words(package), *crowded_folders(package), *busy_modules(package)]
    faults += [fault for name in TREES for fault in long_modules(ROOT / name)]
    faults += [
        f"{name}: not there, but in LONG of tests/support/house.py" for name in LONG if not (ROOT / name).exists()
    ]
    print("\n".join(faults) if faults else "The house is in order.")  # noqa: T201
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
