"""What looks encoded and is written: names of programs, parts of expressions, paths."""

from __future__ import annotations

import re

CAMEL, CAMELS = re.compile(r"[A-Za-z][a-z]{2,}"), 0.55  # parts of names; of random signs they make a fifth
CODE = re.compile(
    r"[A-Za-z_]\w{0,30}|\d{1,6}(?:\.\d{1,6})?|\"[\w ./:%-]{0,30}\"|'[\w ./:%-]{0,30}'|[-+*/%<>=.,:&|~@]"
    r"|(?P<bracket>[\[\](){}])"
)
CODES = 0.33  # parts of names among a program's signs
# Parts of a path that are words, and their least share of its characters; random signs have a "/" every 32.
STEP = re.compile(r"\d{0,4}(?:[A-Z]?[a-z]{2,23}+(?![a-z])|[A-Z][a-z](?![a-z])|[A-Z]{2,8}+)++\d{0,4}|\d{1,8}")
PARTS, ODD_PART = 0.7, 10


def is_named(run: str) -> bool:
    """Return whether a run is names of a program with signs between, as in the lines of a log."""
    # Of an address its signs don't count.
    signs = sum(map(str.isalnum, run)) if "://" in run else len(run)
    named = sum(map(len, CAMEL.findall(run))) / max(1, signs)
    return named >= CAMELS or (named >= CODES and _is_code(run))


def _is_code(run: str) -> bool:
    """Return whether a run reads as part of an expression: names, short strings, brackets that match.

    Brackets may have been opened before the run, and may stay open behind it.
    """
    place, opened = 0, ""
    while place < len(run):
        token = CODE.match(run, place)
        if token is None:
            return False
        bracket = token["bracket"]
        if bracket and bracket in "([{":
            opened += bracket
        elif bracket:
            if opened and opened[-1] + bracket not in ("()", "[]", "{}"):
                return False
            opened = opened[:-1]
        place = token.end()
    return True


def is_path(run: str) -> bool:
    """Return whether a run is words with signs between, and but for a few short parts nothing else."""
    parts = [part for part in re.split(r"[/_+\-]", run) if part]
    odd = [part for part in parts if not STEP.fullmatch(part)]
    most = sum(map(len, parts)) * (1 - PARTS)
    return len(parts) > 2 and sum(map(len, odd)) <= most and max(map(len, odd), default=0) <= ODD_PART
