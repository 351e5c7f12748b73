"""Values written in text: as YAML, as TOML or INI, as literals in brackets of whatever language.

Readers are patient: what can't be read ends a value, not the reading, so that a broken line hides nothing.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import islice

import yaml

from egress_review.screening.disclosure import objects
from egress_review.screening.disclosure.headers import COUNT, PEOPLE, bare
from egress_review.screening.limits import Limits
from egress_review.screening.tables import Table
from egress_review.screening.values import Json, cell, leaves, nodes, tables_in
from egress_review.screening.verdict import Finding, flag

READ = 400_000  # characters that are read
MOST = 400  # values of a text, tables of them, and pieces of it that may be YAML where the whole is none
YAML_LINE = re.compile(r"^\s*(?:-\s+)?['\"]?[^\s:#|][^:\n]{0,80}:(?:\s|$)", re.MULTILINE)
SETTING = re.compile(r"^\s*['\"]?[\w.\- ]{1,60}['\"]?\s*=\s*\S", re.MULTILINE)
SECTION, SET = (
    re.compile(r"\s*\[{1,2}([^\[\]]{1,80})\]{1,2}\s*$"),
    re.compile(r"\s*([\w.\- ]{1,60}?)\s*[=:]\s*(\S.{0,200})$"),
)
BETWEEN = re.compile(r"^[ \t]*(?:(?:```|~~~|---)[^\n]*)?\n", re.MULTILINE)
NUMBER = re.compile(r"[+-]?(?:0|[1-9]\d{0,24})(?:\.\d+)?(?:[eE][+-]?\d{1,3})?")
OPENING = re.compile(r"[(\[{]")
CALLEE = re.compile(r"[\w.:$]*[^\W_]$")
# What makes data of what it is handed by name, in Python and in R.
MAKES = frozenset(["dict", "list", "tuple", "set", "array", "json"]) | frozenset(
    ["c", "cbind", "rbind", "frame", "tibble", "table", "matrix", "vector", "structure"]
)
CLOSED_BY = {")": "(", "]": "[", "}": "{"}
TOKEN = re.compile(
    r"""(?P<string>"(?:[^"\\\n]|\\.)*+"|'(?:[^'\\\n]|\\.)*+'|`[^`\n]*+`)"""
    r"|(?P<number>[+-]?\d[\d_]*+(?:\.\d++)?(?:[eE][+-]?\d{1,3})?(?![\w.]))"
    r"|(?P<word>[^\W\d][\w.$\-]*+|[\w.]++)"
    r"|(?P<pair>=>|->|:=|::?|=(?!=))"
    r"|(?P<open>[(\[{])|(?P<close>[)\]}])|(?P<part>[,;])"
)
ESCAPED = re.compile(r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(.))")
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # only its events are used: it makes nothing
NAMED = re.compile(r"([\w.$\-]{1,60})['\"]?\s*(?:=>|->|<-|:=|:|=)?\s*(?:[\w.]{1,40})?\s*$")


@dataclass(frozen=True)
class Values:
    """What is written in a text: lists and objects by name, their tables, and whether that is all."""

    named: tuple[tuple[str, Json], ...]
    tables: tuple[Table, ...]
    whole: bool


@lru_cache(maxsize=2)
def read(content: str, limits: Limits) -> Values:
    """Return the lists and objects written in a text, as many as can be looked through."""
    found = [("", value) for value in _settings(content[:READ])]
    found += [("", value) for value in _outlines(content[:READ], limits)]
    # What stands in brackets within YAML has been read already.
    known = {json.dumps(node) for _, value in found for _, node in nodes(value, "")}
    bracketed = _in_brackets(content[:READ], limits)
    found += _together((name, value) for name, value in bracketed if json.dumps(value) not in known)
    held = [
        table
        for name, value in found[:MOST]
        for table in islice(tables_in({name: value} if name else value, limits, once=True), MOST)
        # The lines of a log, each with a colon in it, are no values.
        if not (len(table.rows) > limits.table_rows and _are_lines(table)) and not _is_handed(table)
    ]
    whole = len(content) <= READ and max(len(found), len(held)) < MOST
    return Values(tuple(found[:MOST]), tuple(held[:MOST]), whole)


def tables(content: str, where: str, limits: Limits) -> Iterator[Table]:
    """Yield the tables that the values written in a text can be read as."""
    for table in read(content, limits).tables:
        yield replace(table, where=", ".join(filter(None, (where, table.where))))


def check(content: str, limits: Limits, where: str = "") -> list[Finding]:
    """Return what the names of values written in a text say of people; a flag where there are too many."""
    values = read(content, limits)
    findings = [
        finding
        for name, value in values.named
        for finding in objects.check({name: value} if name else value, limits)
    ]
    if not values.whole:
        message = "The text holds more lists, objects and tables than can be looked through one by one."
        findings.append(flag("values_many", message, "Hand in a summary.", where))
    return findings[: limits.findings]


def _is_handed(table: Table) -> bool:
    """Return whether a table is what a call is handed, some of it by name; it has no groups."""
    bare = sum(bool(re.fullmatch(r"#\d+", row[0])) for row in table.rows if row)
    return 0 < bare < len(table.rows)


def _are_lines(table: Table) -> bool:
    """Return whether most cells beside a table's labels are several words or numbers each."""
    told = [cell for row in table.rows for cell in row[1:] if cell]
    return 2 * sum(" " in cell for cell in told) > len(told)


def scalar(written: str) -> Json:
    """Return what a bare word stands for: a number, yes or no, nothing, or itself."""
    if NUMBER.fullmatch(written):
        return float(written) if set(written) & set(".eE") else int(written)
    if written in ("true", "True", "TRUE", "false", "False", "FALSE"):
        return written[0] in "tT"
    return None if written in ("null", "None", "NULL", "nil", "~", "") else written


def _settings(content: str) -> Iterator[Json]:
    """Yield what a TOML or an INI file says."""
    if not SETTING.search(content):
        return
    try:
        yield _plain(tomllib.loads(content))
    except (ValueError, RecursionError):
        sections: dict[str, Json] = {}
        current: dict[str, Json] = {}
        for line in content.split("\n"):
            if section := SECTION.match(line):
                current = {}
                sections[section[1]] = current
            elif setting := SET.match(line):
                current[setting[1]] = scalar(setting[2].strip().strip("'\""))
        yield from (sections,) if sections else ()


def _plain(value: object, depth: int = Limits.json_depth) -> Json:
    if isinstance(value, dict) and depth:
        return {str(key): _plain(inner, depth - 1) for key, inner in value.items()}
    if isinstance(value, list) and depth:
        return [_plain(inner, depth - 1) for inner in value]
    return value if isinstance(value, bool | int | float | str) else str(value)


def _outlines(content: str, limits: Limits) -> Iterator[Json]:
    """Yield what a text says as YAML: the whole of it, or each of its blocks."""
    if not YAML_LINE.search(content):
        return
    value, whole = _yaml(content, limits)
    if whole:
        yield from () if value is None else (value,)
        return
    blocks = (block for block in BETWEEN.split(content) if YAML_LINE.search(block))
    for _, block in zip(range(MOST), blocks, strict=False):
        value, _ = _yaml(block, limits)
        yield from () if value is None else (value,)


@dataclass
class _Frame:
    """A list or an object that is still open: its entries, and the name of the next."""

    opened: str
    entries: list[tuple[str | None, Json]] = field(default_factory=list)
    name: str | None = None
    called: bool = False
    handed: bool = False  # to a function that makes something, so that what has a name is a setting
    anchor: str | None = None
    last: int = -1  # where in the text its last entry ended; -1 behind a comma
    loose: bool = False  # words stand side by side in it, as in prose or a program's lines

    def add(self, value: Json) -> None:
        self.entries.append((self.name, value))
        self.name = None

    def closed(self) -> Json:
        """Return what was opened; names that are there twice keep both their values."""
        if self.loose or (self.handed and any(name is not None for name, _ in self.entries)):
            self.entries = [(name, value) for name, value in self.entries if isinstance(value, list | dict)]
        if not any(name is not None for name, _ in self.entries):
            # What one thing is handed to, as a count to np.int64 or an object to Counter, is that thing.
            single = self.called and len(self.entries) == 1
            return self.entries[0][1] if single else [value for _, value in self.entries]
        found: dict[str, Json] = {}
        for at, (name, value) in enumerate(self.entries):
            key = f"#{at}" if name is None else name
            found[f"{key} #{at}" if key in found else key] = value
        return found


def _yaml(content: str, limits: Limits) -> tuple[Json, bool]:
    """Return a YAML text's lists and objects, as far as it can be read, and whether that was to its end."""
    outline = _Outline()
    whole = True
    try:
        for event in yaml.parse(content, Loader=LOADER):
            outline.take(event)
            if outline.weight > limits.json_values or len(outline.stack) > limits.json_depth:
                break
    except yaml.YAMLError:
        whole = False
    return outline.value(), whole


class _Outline:
    """What YAML's events build: no objects of any language, and what an alias repeats is counted again."""

    def __init__(self) -> None:
        self.stack = [_Frame("")]
        self.weight = 0
        self._anchors: dict[str, tuple[Json, int]] = {}

    def take(self, event: yaml.Event) -> None:
        """Take one event of the parser's."""
        match event:
            case yaml.SequenceStartEvent() | yaml.MappingStartEvent():
                opened = "[" if isinstance(event, yaml.SequenceStartEvent) else "{"
                self.stack.append(_Frame(opened, anchor=event.anchor))
            case yaml.SequenceEndEvent() | yaml.MappingEndEvent():
                self._close()
            case yaml.ScalarEvent():
                self._place(event.value if event.style else scalar(event.value))
            case yaml.AliasEvent():
                value, size = self._anchors.get(event.anchor or "", (event.anchor, 1))
                self._place(value, size)

    def _close(self) -> None:
        frame = self.stack.pop()
        value = frame.closed()
        if frame.anchor:
            self._anchors[frame.anchor] = (value, _size(value))
        self._place(value)

    def _place(self, value: Json, size: int = 1) -> None:
        """Put a value into what is open: in an object every other one is a name."""
        self.weight += size
        frame = self.stack[-1]
        if frame.opened == "{" and frame.name is None:
            frame.name = _label(value)
        else:
            frame.add(value)

    def value(self) -> Json:
        """Return the lists and objects that were read, what is still open closed."""
        while len(self.stack) > 1:
            self._close()
        kept: list[Json] = [value for _, value in self.stack[0].entries if isinstance(value, list | dict)]
        return kept[0] if len(kept) == 1 else kept or None


def _label(value: Json) -> str:
    """Return a value as the name of another: pairs of labels are said one behind the other."""
    return ", ".join(map(_label, value)) if isinstance(value, list) else cell(value)[:200]


def _size(value: Json) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + sum(map(_size, inner))


def _in_brackets(content: str, limits: Limits) -> Iterator[tuple[str, Json]]:
    """Yield the outermost lists and objects between brackets, each with the name before it."""
    at = 0
    left = limits.json_values
    while left > 0 and (opening := OPENING.search(content, at)):
        named = NAMED.search(content, max(0, opening.start() - 80), opening.start())
        callee = CALLEE.search(content, max(0, opening.start() - 80), opening.start())
        takes = callee is not None and _takes(opening[0], callee[0])
        stack = [_Frame(opening[0], called=callee is not None, handed=takes)]
        at = opening.end()
        while stack and left > 0 and (token := TOKEN.search(content, at)):
            at, left = token.end(), left - 1
            if token.lastgroup != "close":
                _read(token, stack, content)
            elif any(frame.opened == CLOSED_BY[token[0]] for frame in stack):
                while stack[-1].opened != CLOSED_BY[token[0]]:
                    _ended(stack)
                if len(stack) == 1:
                    break
                _ended(stack)
            if len(stack) > limits.json_depth:
                break
        else:
            at = len(content)
        while len(stack) > 1:
            _ended(stack)
        value = stack[0].closed()
        # Without numbers it is a call or a list of words, which is looked at as text.
        if isinstance(value, list | dict) and _counts(value):
            yield (named[1] if named else ""), value


def _counts(value: Json) -> bool:
    """Return whether a value holds several numbers."""
    numbers = (leaf for _, leaf in leaves(value, "") if NUMBER.fullmatch(cell(leaf)))
    return len(list(islice(numbers, 2))) == 2


def _ended(stack: list[_Frame]) -> None:
    value = stack.pop().closed()
    stack[-1].add(value)


def _read(token: re.Match[str], stack: list[_Frame], content: str) -> None:
    frame = stack[-1]
    if token.lastgroup in ("string", "number", "word"):
        frame.loose |= frame.last >= 0 and "\n" not in content[frame.last : token.start()]
        frame.last = token.end()
    match token.lastgroup:
        case "string":
            frame.add(ESCAPED.sub(_unescaped, token[0][1:-1]))
        case "number" | "word":
            frame.add(scalar(token[0].replace("_", "") if token.lastgroup == "number" else token[0]))
        case "pair" if frame.entries and frame.name is None and frame.entries[-1][0] is None:
            frame.name, frame.last = _label(frame.entries.pop()[1]), -1
        case "part":
            frame.name, frame.last = None, -1
        case "open":
            before = content[token.start() - 1]
            callee = frame.entries[-1][1] if before.isalnum() and frame.entries else None
            if isinstance(callee, str):
                frame.name = frame.entries.pop()[0]
                stack.append(_Frame(token[0], called=True, handed=_takes(token[0], callee)))
            else:
                stack.append(_Frame(token[0]))


def _takes(opened: str, callee: str) -> bool:
    """Return whether what stands before a bracket is a function, handed something, that makes no data."""
    last = re.split(r"[.:$]+", callee)[-1]
    counted = PEOPLE.match(bare(last)) or COUNT.match(bare(last))
    return opened == "(" and last[:1].islower() and last not in MAKES and not counted


def _unescaped(match: re.Match[str]) -> str:
    code = match[1] or match[2]
    return chr(int(code, 16)) if code else {"n": "\n", "t": "\t"}.get(match[3], match[3])


def _together(values: Iterator[tuple[str, Json]]) -> Iterator[tuple[str, Json]]:
    """Yield values, those objects that have the same names, as in a log, as one list of rows."""
    alike: dict[tuple[str, ...], list[Json]] = {}
    for name, value in values:
        # What has parts without a name, or times for names, as the bars of a progress, is no row.
        if isinstance(value, dict) and all(key[:1].isalpha() or key[:1] == "_" for key in value):
            alike.setdefault((name, *value), []).append(value)
        else:
            yield name, value
    for (name, *_), rows in alike.items():
        yield name, rows if len(rows) > 1 else rows[0]
