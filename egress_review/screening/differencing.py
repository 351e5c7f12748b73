"""Tables that are harmless alone, and tell about single people beside each other or earlier releases."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

from egress_review.screening import disclosure
from egress_review.screening.context import Context, Earlier, HandedIn
from egress_review.screening.disclosure.headers import (
    COUNT,
    NO_COUNT,
    NOT_PEOPLE,
    PEOPLE,
    RECORDINGS,
    bare,
    label_columns,
    whole,
)
from egress_review.screening.disclosure.leaving_out import without_one
from egress_review.screening.disclosure.left_out import pairs
from egress_review.screening.disclosure.said import without_some as said_in_words
from egress_review.screening.disclosure.shown import loose, number
from egress_review.screening.index import Index
from egress_review.screening.limits import Limits
from egress_review.screening.numbers import NUMBER
from egress_review.screening.people import folded
from egress_review.screening.reading import tables_of, written
from egress_review.screening.tables import Table
from egress_review.screening.verdict import Finding, block, flag

PAIRS = 2_000
EARLIER = 400  # files of earlier releases that are looked at, the newest
COMMON = 0.5  # of the smaller table's cells must be named alike in both
MANY = 3  # tables of one kind that are put together again
TABLES = 10
ROWS_EACH = 50
FIX = "Keep groups and people the same in all releases, or round all counts to the smallest allowed number."

Key = tuple[str, str]


@dataclass(frozen=True)
class Seen:
    """A table, whose it is, and its cells by the names of their row and column."""

    table: Table
    file: str | None
    name: str
    released_at: str = ""
    cells: Mapping[Key, tuple[int, int]] = field(default_factory=dict)

    @property
    def told(self) -> str:
        """How a finding names the table."""
        when = f", released {self.released_at[:10]}" if self.released_at else ", released earlier"
        return f"{self.name[:80]!r}{when if self.file is None else ''}"

    def value(self, key: Key) -> tuple[float, float] | None:
        """Return what the cell of a name shows."""
        row, column = self.cells[key]
        return number(self.table.rows[row][column])

    def place(self, key: Key) -> str:
        """Return the words for the cell of a name."""
        return self.table.place(*self.cells[key])


def check(handed_in: Sequence[HandedIn], index: Index, context: Context, limits: Limits) -> list[Finding]:
    """Return what subtracting or joining the tables of this and earlier releases would tell."""
    new = [s for file in handed_in for s in _seen(file.data, file.name, file.file, "", limits)]
    old: list[Seen] = []
    for earlier in _kept(context, limits):
        old += list(_seen(earlier.path.read_bytes(), earlier.name, None, earlier.released_at, limits))
    findings: list[Finding] = _left_out(handed_in, new, old, index, context, limits)
    for one, other in islice(_pairs(new, old), PAIRS):
        findings += _differences(one, other, index, limits)
        if len(findings) > limits.findings:
            break
    return [*findings, *_accumulated(new, old, index, limits)]


def _left_out(
    handed_in: Sequence[HandedIn],
    new: Sequence[Seen],
    old: Sequence[Seen],
    index: Index,
    context: Context,
    limits: Limits,
) -> list[Finding]:
    """Return a finding where numbers of several files are of people with and without one of them."""
    said = [(file.file, written(file.data, file.name, limits)) for file in handed_in]
    before = [written(one.path.read_bytes(), one.name, limits) for one in _kept(context, limits)]
    if len(said) + len(before) < 2:
        return []
    known = [cell for seen in old for cell in _numbers(seen.table)]
    known += [number_ for text in before for number_ in loose(text)]
    cells: dict[str | None, list[str]] = defaultdict(list)
    for seen in new:
        cells[seen.file] += _numbers(seen.table)
    for file, text in said:
        cells[file] += loose(text)
    pair = pairs((cell for inner in cells.values() for cell in inner), known, index.people)
    findings: list[Finding] = []
    for finding in disclosure.without_one(pair, beside="of these files or earlier releases"):
        files = [file for file, inner in cells.items() if pair and set(pair.cells).intersection(inner)]
        findings += [replace(finding, file=file) for file in files]
    for file, text in said:
        others = [other for at, other in said if at != file]
        told = said_in_words(text, [*others, *before], limits)
        if told:
            findings.append(replace(block("differencing", told, FIX), file=file))
    return findings


def _numbers(table: Table) -> list[str]:
    return [cell.strip() for row in table.rows for cell in row if any(map(str.isdigit, cell))]


def _kept(context: Context, limits: Limits) -> Iterator[Earlier]:
    """Yield the newest of what was released earlier and is no larger than a table may be."""
    for earlier in context.earlier[-EARLIER:]:
        if earlier.path.is_file() and earlier.path.stat().st_size <= limits.table_bytes:
            yield earlier


def _seen(data: bytes, name: str, file: str | None, when: str, limits: Limits) -> Iterator[Seen]:
    for table in tables_of(data, name, limits):
        if len(table.rows) <= limits.table_rows:
            yield Seen(table, file, name, when, _cells(table))


def _cells(table: Table) -> dict[Key, tuple[int, int]]:
    naming = label_columns(table)
    found: dict[Key, tuple[int, int]] = {}
    for row, cells in enumerate(table.rows):
        label = "|".join(folded(cells[n]) for n in naming) if naming else str(row)
        for column, header in enumerate(table.header):
            if column not in naming or whole(cells[column]) is not None:
                found.setdefault((label, folded(header)), (row, column))
    return found


def _pairs(new: Sequence[Seen], old: Sequence[Seen]) -> Iterator[tuple[Seen, Seen]]:
    """Yield the pairs of tables with cells of the same names, a handed-in one first."""
    by_key: dict[Key, list[int]] = defaultdict(list)
    everything = [*new, *old]
    for at, seen in enumerate(everything):
        for key in seen.cells:
            by_key[key].append(at)
    for at, seen in enumerate(new):
        shared = Counter(other for key in seen.cells for other in by_key[key] if other > at)
        for other, count in shared.most_common():
            least = min(len(seen.cells), len(everything[other].cells))
            if count >= max(2, COMMON * least):
                yield seen, everything[other]
    yield from _nested(new, everything)


def _nested(new: Sequence[Seen], everything: Sequence[Seen]) -> Iterator[tuple[Seen, Seen]]:
    """Yield pairs where one table splits the groups of the other further: its sums can be subtracted."""
    counting = [s for s in everything if any(PEOPLE.match(bare(header)) for header in s.table.header)]
    for one in counting:
        for other in counting:
            deeper = len(label_columns(other.table)) > len(label_columns(one.table))
            if one is not other and deeper and (one in new or other in new):
                yield one, other


def _counts_up(table: Table, column: int) -> bool:
    """Return whether a column only numbers the rows: it names nothing."""
    numbers = [whole(cell) for cell in table.column(column)]
    return numbers[:1] in ([0], [1]) and numbers == list(
        range(numbers[0] or 0, (numbers[0] or 0) + len(numbers))
    )


def _differences(one: Seen, other: Seen, index: Index, limits: Limits) -> list[Finding]:
    if len(label_columns(one.table)) != len(label_columns(other.table)):
        return (
            _summed(one, other, limits)
            if len(label_columns(one.table)) < len(label_columns(other.table))
            else []
        )
    shared = [key for key in one.cells if key in other.cells]
    pairs = {key: (a, b) for key in shared if (a := one.value(key)) and (b := other.value(key))}
    changed = {key: pair for key, pair in pairs.items() if pair[0][0] != pair[1][0]}
    if not changed:
        return []
    found = _of_people(one, other, changed, limits) or _of_cases(one, other, pairs, changed, index, limits)
    found = found or _of_measures(one, other, pairs, changed, index)
    return [replace(finding, file=file) for finding in found for file in {one.file, other.file} - {None}]


Shown = tuple[float, float]
Changed = Mapping[Key, tuple[Shown, Shown]]


def _of_people(one: Seen, other: Seen, changed: Changed, limits: Limits) -> list[Finding]:
    for key, (a, b) in changed.items():
        if _counts_people(key) and 0 < abs(a[0] - b[0]) < limits.minimum_count:
            message = (
                f"This group counts fewer than {limits.minimum_count} people more or less than in "
                f"{other.told}: what the two tables say of it differs by these people alone."
            )
            return [block("differencing", message, FIX, one.place(key))]
    return []


def _counts_people(key: Key) -> bool:
    return any(PEOPLE.match(bare(part)) and len(bare(part)) > 1 for part in (key[1], key[0]))


def _of_cases(
    one: Seen, other: Seen, pairs: Changed, changed: Changed, index: Index, limits: Limits
) -> list[Finding]:
    """Return a finding where counts of recordings or cases differ by few, or by all those of a speaker."""
    plain = _is_crosstab(one.table) and _is_crosstab(other.table)
    counts = {key: pair for key, pair in pairs.items() if plain or _counts_cases(key)}
    moved = {key: abs(a[0] - b[0]) for key, (a, b) in counts.items() if key in changed}
    if not moved or any(gap != int(gap) for gap in moved.values()):
        return []
    most = max(max(abs(a[0]), abs(b[0])) for a, b in counts.values())
    near = all(
        gap <= 0.34 * max(1.0, *map(abs, (counts[key][0][0], counts[key][1][0])))
        for key, gap in moved.items()
    )
    few = [key for key, gap in moved.items() if gap < limits.minimum_count]
    speakers = index.recordings_of_one_speaker
    whole_speaker = [
        key for key, gap in moved.items() if int(gap) in speakers and gap >= limits.minimum_count
    ]
    fix = FIX
    if whole_speaker and near and len(moved) <= 3:
        message = (
            f"Between this table and {other.told} the recordings differ by as many as one single speaker has."
        )
        return [block("differencing", message, fix, one.place(whole_speaker[0]))]
    if few and most >= limits.minimum_count:
        message = (
            f"This count differs from that in {other.told} by fewer than {limits.minimum_count}: so few "
            "cases can be told apart."
        )
        make = block if near and not _of_errors(few) else flag
        return [make("differencing", message, fix, one.place(few[0]))]
    return []


def _counts_cases(key: Key) -> bool:
    name = bare(key[1])
    return bool(COUNT.match(name) or RECORDINGS.match(name)) and not NOT_PEOPLE.match(name)


def _of_errors(keys: Sequence[Key]) -> bool:
    return any(NOT_PEOPLE.match(bare(part)) or len(part) <= 2 for key in keys for part in key)


def _is_crosstab(table: Table) -> bool:
    """Return whether a table is labels and whole numbers only, and no confusion of the same labels."""
    columns = [n for n in range(1, len(table.header)) if not NO_COUNT.match(bare(table.header[n]))]
    labels = {row[0].strip() for row in table.rows}
    if len(columns) != len(table.header) - 1 or len(columns) < 2 or any(NUMBER.fullmatch(n) for n in labels):
        return False
    if labels & {table.header[n].strip() for n in columns}:
        return False
    return all(whole(row[n]) is not None for row in table.rows for n in columns)


def _of_measures(one: Seen, other: Seen, pairs: Changed, changed: Changed, index: Index) -> list[Finding]:
    """Return a finding where means differ as they do when one speaker is left out."""
    left_out = without_one(
        one.table, other.table, {one.cells[k]: other.cells[k] for k in changed}, index.people
    )
    if left_out is not None:
        message = f"This number and that in {other.told} differ by exactly one speaker, whose value follows."
        return [block("differencing", message, FIX, one.table.place(*left_out))]
    same = [key for key, (a, _) in pairs.items() if key not in changed and len(f"{a[0]:g}") >= 4]
    if len(same) >= 2 and len(same) >= len(changed) and other.file is None:
        message = f"The table is that of {other.told} but for {len(changed)} cells; a human has to see why."
        return [flag("differencing", message, FIX, one.place(next(iter(changed))))]
    return []


def _summed(one: Seen, other: Seen, limits: Limits) -> list[Finding]:
    """Return a finding where a finer table's groups add up to nearly a coarser one's."""
    coarse, fine = _by_label(one.table), _by_label(other.table)
    for label, (count, place) in coarse.items():
        parts = [
            value for labels, (value, _) in fine.items() if label[0] in labels and len(labels) > len(label)
        ]
        if len(label) == 1 and len(parts) >= 2 and 0 < count - sum(parts) < limits.minimum_count:
            message = (
                f"The parts of this group in {other.told} add up to fewer than {limits.minimum_count} people "
                "less: those left over are told apart."
            )
            found = block("differencing", message, FIX, place)
            return [replace(found, file=file) for file in {one.file, other.file} - {None}]
    return []


def _by_label(table: Table) -> dict[tuple[str, ...], tuple[int, str]]:
    naming = label_columns(table)
    counting = next((n for n, header in enumerate(table.header) if PEOPLE.match(bare(header))), None)
    if counting is None:
        return {}
    found = {}
    for row, cells in enumerate(table.rows):
        value = whole(cells[counting])
        if value is not None:
            found[tuple(folded(cells[n]) for n in naming)] = (value, table.place(row, counting))
    return found


def _accumulated(new: Sequence[Seen], old: Sequence[Seen], index: Index, limits: Limits) -> list[Finding]:
    """Return what small tables of one kind are when they are put together again, over all releases."""
    kinds: dict[tuple[str, ...], list[Seen]] = defaultdict(list)
    for seen in [*old, *new]:
        if len(seen.table.rows) <= ROWS_EACH:
            headed = _headed(seen.table)
            kinds[tuple(folded(header) for header in headed.header)].append(replace(seen, table=headed))
    findings = []
    for alike in kinds.values():
        names = {(seen.file, seen.name) for seen in alike}
        if len(names) < MANY or all(seen.file is None for seen in alike):
            continue
        rows = tuple(dict.fromkeys(row for seen in alike for row in seen.table.rows))
        found = _together(alike, Table(alike[0].table.header, rows), len(names), index, limits)
        files = {seen.file for seen in alike} - {None}
        findings += [replace(found, file=file) for file in sorted(files, key=str)] if found else []
    return findings


def _headed(table: Table) -> Table:
    """Return a table without a name for its columns where its first row is one of measured numbers."""
    if not any(number(header) and "." in header for header in table.header):
        return table
    return replace(table, header=("",) * len(table.header), rows=(table.header, *table.rows))


def _together(
    alike: Sequence[Seen], whole_table: Table, count: int, index: Index, limits: Limits
) -> Finding | None:
    for finding in disclosure.rows_only(whole_table, index):
        message = f"{count} files of this and earlier releases, put together: {finding.message}"
        return replace(finding, message=message, where="")
    naming = [n for n in label_columns(whole_table) if not all(_counts_up(seen.table, n) for seen in alike)]
    labels = Counter(tuple(folded(row[n]) for n in naming) for row in whole_table.rows)
    repeated = len(labels) < 0.7 * len(whole_table.rows)
    if count < TABLES or (repeated and naming):
        return None
    size = len(whole_table.rows)
    message = (
        f"{count} small tables of the same columns hold {size} different rows together: this looks like one "
        "table cut up."
    )
    make = block if 2 * size > limits.table_rows else flag
    return (
        make("accumulated", message, "Hand in one aggregated table instead of many slices.")
        if size >= 50
        else None
    )
