"""Tables written inside other text, in whatever layout: as lines, as names with values, as values."""

from __future__ import annotations

import re
from collections.abc import Iterator

from egress_review.screening import literals, markup, numbers
from egress_review.screening.limits import Limits
from egress_review.screening.tables import Table

# What pandas prints below a series: what its values are, and of which type.
SERIES = re.compile(r"^\s*Name: ([^,\n]*), (?:Length: \d+, )?dtype: (\w+)$")
ROWS = 3
SENTENCES = 6  # lines of as many words each that are no sentences
LONE_ROWS = 8  # lines that are a number each, and nothing else
BAR = re.compile(r"^([#*=+|o\u2580-\u259f\u25a0\u2022\u00b7-])\1*\s(?=\d+$)")
LITERAL = re.compile(r"\((['\"][^()\n]{1,200}['\"]),?\)\s*:\s*(-?\d+(?:\.\d+)?)")
PAIRED_LINES, PAIRED = 5_000, 2_000  # lines that are read as names and values, and characters of one
# Possessive, so that a line is read once.
PAIR = re.compile(
    r"""["']?([A-Za-z_][\w.\-]{0,40}+)["']?\s?[=:]\s?('[^']*+'|"[^"]*+"|[^\s,;|(){}\[\]'"]++)"""
)
ENTRY = re.compile(r"^(\s*+)(?:-\s)?([^\s:#][^:]{0,60}):(?:\s+(.*))?()$")
SECTION = re.compile(r"^\s*\[{1,2}([^\[\]\n]{0,80})\]{1,2}\s*$")
SETTING = re.compile(r"^\s*([\w.\-]{1,40})\s*=\s*(\S.{0,200})$")
BULLET = re.compile(r"^\s*[-*]\s+(?=[-+.\d])")  # of a list of numbers
JOINED = re.compile(r"(?<=\\\\)[ \t]+(?=\S)")
# Around what a cell of LaTeX says.
SPANNED = re.compile(r"\\multi(?:row|column)(?:\[[^\]]*\])?(?:\{[^{}]*\}){2}\{|\\text(?:bf|it|tt)\{")
RULE = re.compile(r"^[\s|:+=\-_&\\]*$|^\s*\\(top|mid|bottom|h|c|cmid)(rule|line)\b.*$")


def tables(content: str, where: str, limits: Limits) -> Iterator[Table]:
    """Yield the tables written inside a text: Markdown, LaTeX, comma- or tab-separated, or aligned by blanks.

    A table is a run of at least 3 lines that split into the same number, at least 2, of cells.
    """
    # Rows of LaTeX may stand in one line.
    lines = JOINED.sub("\n", content).split("\n") if "&" in content else content.split("\n")
    paired = list(_pairs(lines, where))
    said = sum(len(table.rows) for table in paired) > limits.table_rows
    for split in (_pipes, _ampersands, _tabs, _commas, _semicolons, _blanks, _words):
        run: list[tuple[str, ...]] = []
        start = 0
        for number, line in enumerate([*lines, ""]):
            cells = split(line) if len(line) <= limits.line_characters else ()
            if line.strip() and RULE.match(line):
                continue
            # pandas prints one cell less in the header than in the rows: the index has no name.
            if run and len(run) == 1 and len(cells) == len(run[0]) + 1 and split in (_blanks, _words):
                run[0] = ("", *run[0])
            if run and len(cells) == len(run[0]):
                run.append(cells)
                continue
            # Long logs of names and values are read as those.
            prose = split is _words and _is_prose(run)
            if len(run) >= ROWS and not prose and not (said and _is_paired(lines[start])):
                yield Table(run[0], tuple(run[1:]), where, start + 1)
            run, start = ([cells], number) if 2 <= len(cells) <= limits.columns else ([], number)
    yield from _series(lines, where)
    yield from _ragged(lines, where)
    yield from _lone(lines, where)
    yield from paired
    yield from _literals(content, where)
    yield from _nested(lines, where)
    yield from _sections(lines, where)
    yield from _records(lines, where)
    yield from markup.tables(content, where)
    yield from literals.tables(content, where, limits)


def _pairs(lines: list[str], where: str) -> Iterator[Table]:
    """Yield what lines say as name=value or "name": value, those with the same names as rows of one table."""
    found: dict[tuple[str, ...], list[tuple[int, tuple[str, ...]]]] = {}
    for number, line in enumerate(lines[:PAIRED_LINES], start=1):
        pairs = _paired(line)
        if len(pairs) >= 2:
            found.setdefault(tuple(pairs), []).append((number, tuple(pairs.values())))
    for names, rows in found.items():
        if len(rows) >= ROWS:
            yield Table(names, tuple(row for _, row in rows), where, rows[0][0])


def _paired(line: str) -> dict[str, str]:
    """Return the names and values that a line says."""
    if len(line) > PAIRED or ("=" not in line and ":" not in line):
        return {}
    return {match[1]: match[2].strip("'\"") for match in PAIR.finditer(line)}


def _is_paired(line: str) -> bool:
    return len(_paired(line)) >= 2


def _literals(content: str, where: str) -> Iterator[Table]:
    """Yield what a dictionary of Python says of pairs of labels, written out, as rows."""
    found: dict[int, list[tuple[str, ...]]] = {}
    for match in LITERAL.finditer(content):
        labels = tuple(label.strip(" '\"") for label in match[1].split(","))
        found.setdefault(len(labels), []).append((*labels, match[2]))
    for width, rows in found.items():
        if len(rows) >= ROWS:
            yield Table(("",) * (width + 1), tuple(rows), where)


def _sections(lines: list[str], where: str) -> Iterator[Table]:
    """Yield what stands under [names] in TOML and INI files: those with the same keys are a table's rows."""
    found: dict[tuple[str, ...], list[tuple[str, ...]]] = {}
    name = ""
    keys: dict[str, str] = {}
    for line in (*lines, "[]"):
        match = SECTION.match(line)
        if match:
            if name and keys:
                found.setdefault(tuple(keys), []).append((name, *keys.values()))
            name, keys = match[1] or "", {}
        elif name and (pair := SETTING.match(line)):
            keys[pair[1]] = pair[2].strip().strip("'\"")
    for names, rows in found.items():
        if len(rows) >= 2:
            yield Table(("", *names), tuple(rows), where)


def _records(lines: list[str], where: str) -> Iterator[Table]:
    """Yield what a list in YAML says of each of its entries, a name and a value a line, as a table."""
    found: dict[tuple[str, ...], list[tuple[str, ...]]] = {}
    keys: dict[str, str] = {}
    for line in (*lines, "- "):
        match = ENTRY.match(line)
        if line.lstrip().startswith("- "):
            if len(keys) >= 2:
                found.setdefault(tuple(keys), []).append(tuple(keys.values()))
            keys = {}
        if match and match[3]:
            keys[match[2].strip("'\"")] = match[3].strip().strip("'\"")
        elif line.strip() and not match:
            keys = {}
    for names, rows in found.items():
        if len(rows) >= 2:
            yield Table(names, tuple(rows), where)


def _nested(lines: list[str], where: str) -> Iterator[Table]:
    """Yield what stands indented below a name, a key and a value a line, as a table of two columns."""
    parent, indent, start = "", 0, 0
    run: list[tuple[str, str]] = []
    depth = 0
    for number, line in enumerate([*lines, "."]):
        match = ENTRY.match(line)
        key, value = (match[2].strip("'\""), (match[3] or "").strip()) if match else ("", "")
        deep = len(match[1]) if match else -1
        if value and parent and deep > indent and (not run or deep == depth):
            run.append((key, value))
            depth = deep
            continue
        if len(run) >= ROWS and 2 * sum(_numbered(key) for key, _ in run) > len(run):
            yield Table((parent, "value"), tuple(run), where, start)
        parent, indent = (key, deep) if match and not value else ("", 0)
        run, start = [], number


def _numbered(key: str) -> bool:
    return any(map(str.isdigit, key))


def _lone(lines: list[str], where: str) -> Iterator[Table]:
    """Yield runs of lines that are a number each as tables of one column without a name."""
    run: list[str] = []
    named = ""
    for number, line in enumerate([*lines, "."]):
        bare = line.strip(" \t-*#>[](),;")
        if numbers.NUMBER.fullmatch(line.strip()) or (bare and numbers.NUMBER.fullmatch(bare)):
            run.append(line.strip() if numbers.NUMBER.fullmatch(line.strip()) else bare)
        elif line.strip():
            if len(run) >= LONE_ROWS:
                yield Table((named,), tuple((cell,) for cell in run), where, number - len(run))
            run = []
            # What a list in YAML is called stands in the line above.
            key = ENTRY.match(line)
            named = key[2].strip("'\"") if key and not key[3] else ""


def _series(lines: list[str], where: str) -> Iterator[Table]:
    """Yield the series that pandas printed, with the name of their values, and their groups written out."""
    for end, line in enumerate(lines):
        match = SERIES.match(line)
        if not match:
            continue
        start = end
        while start and lines[start - 1].strip() and not SERIES.match(lines[start - 1]):
            start -= 1
        cells = [tuple(row.split()) for row in lines[start:end]]
        width = max(map(len, cells), default=0)
        rows: list[tuple[str, ...]] = []
        for row in cells:
            # A group that is the same as above is printed once; the header has no name for the values.
            if rows and len(row) < width:
                row = (*rows[-1][: width - len(row)], *row)
            if len(row) == width:
                rows.append(row)
        named = next((row for row in cells if len(row) == width - 1), ())
        names = named if cells and cells[0] == named else ("",) * (width - 1)
        counted = {"speaker": "n_speakers", "": "n", "None": "n"}.get(match[1].strip(), match[1].strip())
        if width >= 2 and rows:
            yield Table(
                (*names, counted if match[2].startswith("int") else match[1]), tuple(rows), where, start + 1
            )


def _ragged(lines: list[str], where: str) -> Iterator[Table]:
    """Yield groups within groups as pandas prints them: a group that is the same as above is left out."""
    run: list[str] = []
    for number, line in enumerate([*lines, ""]):
        if line.strip():
            run.append(line)
            continue
        head = tuple(run[0].split()) if run else ()
        rows = _filled(run[1:], len(head) + 1)
        if len(rows) >= ROWS:
            yield Table((*head, ""), tuple(rows), where, number - len(run) + 1)
        run = []


def _filled(lines: list[str], width: int) -> list[tuple[str, ...]]:
    """Return rows with what was left out as the same as above; none where nothing was, or a row is none."""
    rows: list[tuple[str, ...]] = []
    left_out = 0
    for line in lines:
        cells = tuple(line.split())
        missing = width - len(cells)
        if rows and 0 < missing < width - 1 and line[0] == " ":
            cells, left_out = (*rows[-1][:missing], *cells), left_out + 1
        if len(cells) != width or not numbers.NUMBER.fullmatch(cells[-1]):
            return []
        rows.append(cells)
    return rows if left_out else []


def _is_prose(run: list[tuple[str, ...]]) -> bool:
    """Return whether lines of as many words are sentences, or a program: no numbers, few or settings."""
    if any(numbers.NUMBER.fullmatch(cell) for row in run[1:] for cell in row):
        return False
    return len(run) < SENTENCES or any({*column} == {"="} for column in zip(*run, strict=True))


def _pipes(line: str) -> tuple[str, ...]:
    return tuple(cell.strip() for cell in line.strip().strip("|").split("|")) if "|" in line else ()


def _ampersands(line: str) -> tuple[str, ...]:
    if "&" not in line:
        return ()
    # What LaTeX writes with a backslash before it is itself.
    return tuple(
        re.sub(r"\\([_%&#$])", r"\1", SPANNED.sub("", cell)).strip(" }")
        for cell in re.split(r"(?<!\\)&", re.sub(r"\\\\.*$", "", line))
    )


def _tabs(line: str) -> tuple[str, ...]:
    return tuple(cell.strip() for cell in line.split("\t")) if "\t" in line else ()


def _commas(line: str) -> tuple[str, ...]:
    cells = tuple(cell.strip() for cell in line.split(",")) if line.count(",") >= 2 else ()
    # Lists in brackets are read as those.
    return () if any(cell.count("(") != cell.count(")") for cell in cells) else cells


def _semicolons(line: str) -> tuple[str, ...]:
    return tuple(cell.strip() for cell in line.split(";")) if ";" in line else ()


def _blanks(line: str) -> tuple[str, ...]:
    # A bar before a number says the same as the number.
    cells = tuple(BAR.sub("", cell) for cell in re.split(r"\s{2,}", line.strip()))
    return cells if len(cells) >= 2 else ()


def _words(line: str) -> tuple[str, ...]:
    """Split at each blank, where numbers show that it is a row and no sentence."""
    cells = tuple(BULLET.sub("", line).split())
    numeric = sum(bool(numbers.NUMBER.fullmatch(cell)) for cell in cells)
    return cells if 2 <= len(cells) <= 40 and (numeric or len(cells) <= 12) else ()
