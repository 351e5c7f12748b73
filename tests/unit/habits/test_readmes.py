"""What the READMEs and tables name is there: links, files, modules, commands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.cli import OWN, delegated
from hub.places import places

CHECKOUT = places.checkout
FOLDERS = ("ansible", "egress_review", "hub", "images", "notebooks", "policies", "tests")
PAGES = sorted(
    [CHECKOUT / "README.md", *(path for name in FOLDERS for path in (CHECKOUT / name).rglob("*.md"))]
)
NAMES = {str(path.relative_to(CHECKOUT)) for name in FOLDERS for path in (CHECKOUT / name).rglob("*")}

LINK = re.compile(r"\]\(([^)\s#]+)[^)]*\)")
CODE = re.compile(r"`([^`\n]+)`")
BLOCK = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
# A path from the checkout's root, or any file of a kind that only we write; a test's name may follow.
PATH = re.compile(
    rf"(?<![\w/.-])(?:{'|'.join(FOLDERS)})/[\w./*-]*[\w*]|(?<![\w/.*{{-])[\w/-]+\.(?:py|rego|html|css|js)\b"
)
MODULE = re.compile(r"python3? -m ((?:hub|egress_review|tests)[\w.]*)")
COMMAND = re.compile(r"python3 -m hub ([a-z]+)\b")
# Made where the enclave runs, or by somebody who follows the page.
MADE = {"satre.html", "track.py", "verify.py", "images/workspace-NAME"}


def coded(page: Path) -> Iterator[str]:
    text = page.read_text(encoding="utf-8")
    yield from (match.group() for match in BLOCK.finditer(text))
    yield from CODE.findall(BLOCK.sub("", text))


def is_there(path: str) -> bool:
    """Say whether a path, in which * stands for anything, ends the path of some file of ours."""
    wanted = re.compile(r"(?:.*/)?" + re.escape(path).replace(r"\*", "[^/]*") + r"(?:\.py)?")
    return any(wanted.fullmatch(name) for name in NAMES)


def spelled_out(code: str) -> Iterator[str]:
    """Yield each line that a shell makes of one with {several,words} in braces."""
    if braces := re.search(r"\{([\w,-]+,[\w,-]+)\}", code):
        for word in braces[1].split(","):
            yield from spelled_out(code[: braces.start()] + word + code[braces.end() :])
    else:
        yield code


def named(page: Path) -> set[str]:
    lines = (line for code in coded(page) for line in spelled_out(code))
    return {path.rstrip("/") for line in lines for path in PATH.findall(line)} - MADE


def module_file(module: str) -> bool:
    path = CHECKOUT / module.replace(".", "/")
    return path.with_suffix(".py").is_file() or (path / "__main__.py").is_file()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(CHECKOUT)))
def test_what_a_page_names_is_there(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    links = [link for link in LINK.findall(text) if "://" not in link and not link.startswith("mailto:")]
    assert [link for link in links if not (page.parent / link).exists()] == []
    assert sorted(path for path in named(page) if not is_there(path)) == []
    assert [name for name in MODULE.findall(text) if not module_file(name.rstrip("."))] == []
    assert set(COMMAND.findall(text)) - {*OWN, *delegated.COMMANDS} == set()


def test_names_of_what_is_gone_are_found(tmp_path: Path) -> None:
    page = tmp_path / "README.md"
    page.write_text("`hub/gone/` and `gone.py`, beside `tests/unit/habits/test_readmes.py::test_x`\n")
    assert {path for path in named(page) if not is_there(path)} == {"hub/gone", "gone.py"}


def test_a_folders_readme_is_read_in_one_go() -> None:
    lines = {page: page.read_text(encoding="utf-8").count("\n") for page in PAGES if page.name == "README.md"}
    lines.pop(CHECKOUT / "README.md")
    assert {page: count for page, count in lines.items() if count > 80} == {}
