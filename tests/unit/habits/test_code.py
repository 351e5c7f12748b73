"""How the code is written: what fits in the head stays so, and no check is silenced without a reason."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions

from hub.cli import locked
from hub.places import places

MODULE_LINES, FUNCTION_LINES = 400, 40
# Longer for now: parting them is work on the checks themselves.
LONGER = {"egress_review/screening/names.py:check", "egress_review/screening/pictures.py:read"}
GENERATED = "migrations"
SILENCER = re.compile(r"# (?:noqa\b(?:: [A-Z0-9]+(?:, [A-Z0-9]+)*)?|type: ignore\b(?:\[[\w, -]+\])?)")


# Beside what an enclave runs on: a database of its own, and what the measurements draw with.
OURS = ("postgresql", "test")
# Imported where they are put: environments of their own, the sessions' image.
ELSEWHERE = {
    "egress_review/bench/acro_says.py": {"acro"},
    "tests/fuzz/drive.py": {"atheris"},
    "tests/unit/client/conftest.py": {"parlatory"},
}


def modules(*folders: str) -> Iterator[tuple[str, str]]:
    for folder in folders:
        for path in sorted((places.checkout / folder).rglob("*.py")):
            if GENERATED not in path.parts:
                yield str(path.relative_to(places.checkout)), path.read_text(encoding="utf-8")


def functions(text: str) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, (node.end_lineno or 0) - node.lineno + 1


def imported(text: str) -> set[str]:
    """Return the libraries that a module imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module)
    return {name.partition(".")[0] for name in found} - {
        "egress_review",
        "hub",
        "tests",
        *sys.stdlib_module_names,
    }


def says_no_reason(line: str) -> bool:
    """Say whether a line silences a check and does not say why."""
    first = SILENCER.search(line)
    return first is not None and not re.search(r"[a-z]{2}", SILENCER.sub("", line[first.start() :]))


def test_modules_and_functions_fit_in_the_head() -> None:
    texts = dict(modules("hub", "egress_review", "images/workspace"))
    assert {name for name, text in texts.items() if text.count("\n") > MODULE_LINES} == set()
    long = {
        f"{name}:{function}"
        for name, text in texts.items()
        for function, lines in functions(text)
        if lines > FUNCTION_LINES
    }
    assert long - LONGER == set(), "part them: see what they do one after the other"


def test_no_check_is_silenced_without_a_reason() -> None:
    assert says_no_reason("x = 1  # noqa" + ": E501") and says_no_reason("x = 1  # type" + ": ignore[misc]")
    assert not says_no_reason("x = 1  # type" + ": ignore[misc]  # the library carries no types")
    silenced = [
        f"{name}:{number}"
        for name, text in modules("hub", "egress_review", "images", "notebooks", "tests")
        for number, line in enumerate(text.splitlines(), 1)
        if says_no_reason(line)
    ]
    assert silenced == []


def test_every_library_that_is_imported_is_asked_for_by_name() -> None:
    """What another library happens to bring along may be gone with its next version."""
    extras = tomllib.loads((places.checkout / "pyproject.toml").read_text())["project"][
        "optional-dependencies"
    ]
    asked = {True: locked.direct(places.checkout, extras), False: locked.direct(places.checkout, OURS)}
    brought = packages_distributions()
    unasked = {
        f"{name}: {module}"
        for name, text in modules("hub", "egress_review", "tests")
        for module in imported(text) - ELSEWHERE.get(name, set())
        if not {locked.normal(one) for one in brought.get(module, [])} & asked[name.startswith("tests/")]
    }
    assert unasked == set()
