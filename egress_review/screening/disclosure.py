"""Judges a table as a checker does: rows about one person, cells of few people, undone suppressions."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal, InvalidOperation

from egress_review.screening.identifiers import Match
from egress_review.screening.index import Index
from egress_review.screening.limits import Limits
from egress_review.screening.numbers import NUMBER
from egress_review.screening.tables import Table
from egress_review.screening.transcripts import words
from egress_review.screening.verdict import Finding, Severity, block, flag

PEOPLE = re.compile(
    r"^(n|num|nb|number|count|total)?(of)?(speakers?|people|persons?|participants?|subjects?|talkers?|"
    r"voices?|patients?|children|individuals?)(n|count|num|total)?$"
)
COUNT = re.compile(
    r"^(n|nn|num|count|counts|cnt|freq|frequencycount|cases|obs|observations|support|size|samplesize|"
    r"groupsize|total|anzahl|nombre)$|^(n|num|nb|numberof|countof)(cases|female|male|women|men|girls|boys|pairs|"
    r"rows|recordings|utterances|clips|files|occurrences)$|^[a-z]+count$"
)
RECORDINGS = re.compile(
    r"^(n|num|nb|number|count|total)?(of)?(recordings?|utterances?|clips?|files?|segments?|samples?|"
    r"turns?|sentences?|words?|tokens?)(n|count|num|total)?$"
)
PERSONAL = re.compile(
    r"^(speaker|spk|spkr|talker|person|participant|subject|patient|recording|utterance|utt|clip|"
    r"audio|wav)(id|name|key|no|nr|number|hash|file|path|filename)?$"
)
SPOKEN = re.compile(
    r"^(transcript(ion)?s?|text|utterances?|sentences?|ref(erence)?s?|hyp(othesis|otheses)?|"
    r"prompt|asr(output)?|prediction|predicted(text)?)$"
)
EXTREME = re.compile(r"^(.*_)?(max|min|maximum|minimum|mode|longest|shortest|range|outliers?)(_.*)?$")
NO_COUNT = re.compile(
    r"^(epoch|step|iter|iteration|fold|layer|seed|year|month|day|hour|hz|khz|bin|rank|k|degree|df|"
    r"degreesoffreedom|batch|batchsize|dim|dims|order|index|id|level|tier|width|height|version|bits|ms|"
    r"parameters|params|samplerate|rate|port|line|threshold|frequency)$"
)
CURVE = re.compile(
    r"^(epoch|steps?|iter(ation)?s?|fpr|tpr|recall|threshold|frequency|freq|hz|frequencyhz|bin|x|"
    r"quantile|percentile|lag)$"
)
SUPPRESSED = re.compile(
    r"^(<\s*=?\s*\d+|\*+|x+|-+|[\u2013\u2014]|suppressed|redacted|hidden|masked|s|\[c\]|c|n/?a|nan)$", re.I
)
TOTAL = re.compile(r"^(total|all|sum|overall|margin|gesamt|insgesamt|alle)s?$", re.I)
AGGREGATE = (
    "Merge groups until each holds at least {least} people, or suppress the cell together with a second one."
)


def bare(header: str) -> str:
    """Return a header as it is compared: lower-case letters only."""
    return re.sub(r"[^a-z]", "", header.casefold())


def whole(cell: str) -> int | None:
    """Return a cell's whole number, None where it is none."""
    text = cell.strip().replace(" ", "")
    if not NUMBER.fullmatch(text) or len(text) > 20:
        return None
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None
    return int(value) if value == value.to_integral_value() and abs(value) < 10**15 else None


def check(table: Table, index: Index, limits: Limits) -> list[Finding]:
    """Return what a table gives away about single people or few of them."""
    findings = rows_about_one(table, index)
    if any(finding.check == "row_level" for finding in findings):
        return findings
    findings += small_cells(table, limits)
    findings += crosstab(table, limits)
    findings += suppression(table, limits)
    findings += extremes(table)
    findings += size(table, limits)
    findings += unknown_people(table, index)
    return findings


def rows_about_one(table: Table, index: Index) -> list[Finding]:
    """Return a finding where each row stands for one recording or speaker."""
    fix = "Aggregate over people; a row per recording or speaker may not leave."
    for number, header in enumerate(table.header):
        cells = table.column(number)
        found = index.identifiers.column((header, *cells)) or index.identifiers.column(cells)
        if found:
            match, count = found
            make = flag if match is Match.HASHED else block
            words_ = f"{count} different values of this column are each a {match}: rows about single people."
            check = "disguised_identifiers" if match is Match.HASHED else "row_level"
            return [make(check, words_, fix, table.place(0, number))]
        distinct = {cell.strip() for cell in cells if cell.strip()}
        if PERSONAL.match(bare(header)) and len(distinct) >= 2:
            return [
                block(
                    "row_level",
                    f"The column {header!r} tells {len(distinct)} recordings or people apart; its rows are "
                    "about single people, whatever their labels.",
                    fix,
                    table.place(0, number),
                )
            ]
        long = [cell for cell in cells if len(words(cell)) >= 3]
        if SPOKEN.match(bare(header)) and len(long) >= 3 and 2 * len(long) >= len(cells):
            return [
                block(
                    "row_level",
                    f"The column {header!r} holds {len(long)} sentences, one a row: what was said.",
                    "Hand in error rates by group instead of utterances.",
                    table.place(0, number),
                )
            ]
    return []


def small_cells(table: Table, limits: Limits) -> list[Finding]:
    """Return the cells of counting columns that stand for fewer people than allowed."""
    findings = []
    for number, header in enumerate(table.header):
        name = bare(header)
        people = PEOPLE.match(name)
        if not (people or COUNT.match(name)) or (RECORDINGS.match(name) and _people_columns(table)):
            continue
        for row, cell in enumerate(table.column(number)):
            value = whole(cell)
            if value is not None and 0 < value < limits.minimum_count:
                findings.append(_small(table.place(row, number), limits, "people" if people else "cases"))
    return findings[:20]


def _small(where: str, limits: Limits, what: str) -> Finding:
    return block(
        "small_cells",
        f"This cell counts fewer than {limits.minimum_count} {what}; so few people can be recognised.",
        AGGREGATE.format(least=limits.minimum_count),
        where,
    )


def _people_columns(table: Table) -> list[int]:
    return [
        n for n, header in enumerate(table.header) if PEOPLE.match(bare(header)) and len(bare(header)) > 1
    ]


def _count_columns(table: Table) -> list[int]:
    return [
        n
        for n, header in enumerate(table.header)
        if PEOPLE.match(bare(header)) or COUNT.match(bare(header)) or RECORDINGS.match(bare(header))
    ]


def crosstab(table: Table, limits: Limits) -> list[Finding]:
    """Return the small cells of a table that is labels and whole numbers only."""
    columns = [n for n in range(1, len(table.header)) if not NO_COUNT.match(bare(table.header[n]))]
    labels = [row[0].strip() for row in table.rows]
    if len(columns) < 2 or len(table.rows) < 2 or any(NUMBER.fullmatch(label) for label in labels if label):
        return []
    values = {(r, c): whole(table.rows[r][c]) for r in range(len(table.rows)) for c in columns}
    known = [value for value in values.values() if value is not None]
    readable = [
        value is not None or not table.rows[r][c].strip() or _is_suppressed(table.rows[r][c])
        for (r, c), value in values.items()
    ]
    if not all(readable) or len(known) < 4 or any(value < 0 for value in known):
        return []
    small = [
        place for place, value in values.items() if value is not None and 0 < value < limits.minimum_count
    ]
    if not small:
        return []
    if set(labels) == {table.header[n].strip() for n in range(1, len(table.header))}:
        return [
            flag(
                "confusion_matrix",
                f"{len(small)} cells of this matrix are below {limits.minimum_count}; a human has to see "
                "that they count sounds or words, not people.",
                "Give rates instead of counts.",
                table.where,
            )
        ]
    findings = [_small(table.place(row, column), limits, "cases") for row, column in small[:20]]
    if _people_columns(table):
        # The people are counted beside; what the other small numbers count, a human has to see.
        return [replace(finding, severity=Severity.FLAG) for finding in findings[:1]]
    return findings


def _is_suppressed(cell: str) -> bool:
    return bool(SUPPRESSED.match(cell.strip()))


def suppression(table: Table, limits: Limits) -> list[Finding]:
    """Return a finding where one suppressed cell of a row or column follows from its total."""
    findings = []
    total_columns = [n for n, header in enumerate(table.header) if TOTAL.match(header.strip())]
    total_rows = [n for n, row in enumerate(table.rows) if row and TOTAL.match(row[0].strip())]
    for number, row in enumerate(table.rows):
        hidden = [n for n in range(1, len(row)) if n not in total_columns and _is_suppressed(row[n])]
        if len(hidden) == 1 and any(whole(row[n]) is not None for n in total_columns):
            findings.append(_undone(table.place(number, hidden[0]), limits))
    for column in range(1, len(table.header)):
        cells = table.column(column)
        hidden = [n for n, cell in enumerate(cells) if n not in total_rows and _is_suppressed(cell)]
        if len(hidden) == 1 and any(whole(cells[n]) is not None for n in total_rows):
            findings.append(_undone(table.place(hidden[0], column), limits))
    return findings


def _undone(where: str, limits: Limits) -> Finding:
    return block(
        "suppression",
        "This cell is suppressed, but its value follows from the total and the other cells.",
        f"Suppress a second cell of the row and the column, or round all counts to {limits.minimum_count}.",
        where,
    )


def extremes(table: Table) -> list[Finding]:
    """Return a flag for columns that may show one person's value."""
    named = [header for header in table.header if EXTREME.match(header.strip().casefold().replace(" ", "_"))]
    in_rows = [
        row[0] for row in table.rows if row and EXTREME.match(row[0].strip().casefold().replace(" ", "_"))
    ]
    if not named and not in_rows:
        return []
    return [
        flag(
            "extremes",
            f"{(named or in_rows)[0]!r} may be the value of a single person.",
            "Give quantiles that at least the smallest allowed number of people lie beyond.",
            table.where,
        )
    ]


def size(table: Table, limits: Limits) -> list[Finding]:
    """Return a finding where a table has more rows than results have."""
    count = len(table.rows)
    numeric = sum(bool(NUMBER.fullmatch(cell.strip())) for row in table.rows for cell in row)
    if count <= limits.table_rows:
        return _features(table, numeric, limits)
    curve = any(CURVE.match(bare(header)) for header in table.header) and len(table.header) <= 5
    if curve and count <= limits.curve_points:
        return [
            flag(
                "curve",
                f"A curve of {count:,} points is long enough to hold measurements of one recording.",
                f"Thin it out to {limits.table_rows} points.",
                table.where,
            )
        ]
    if _people_columns(table):
        return [
            flag(
                "table_rows",
                f"The table has {count:,} rows; a human has to see that they are groups.",
                f"Hand in at most {limits.table_rows} rows.",
                table.where,
            )
        ]
    return [
        block(
            "table_rows",
            f"The table has {count:,} rows and no column that counts people: it looks like one row "
            "per recording or frame.",
            f"Aggregate to at most {limits.table_rows} rows, with a column of people.",
            table.where,
        )
    ]


def _features(table: Table, numeric: int, limits: Limits) -> list[Finding]:
    if numeric <= limits.matrix_values:
        return []
    return [
        flag(
            "numbers_many",
            f"The table holds {numeric:,} numbers; a human has to see that they are results.",
            "Hand in fewer, aggregated numbers.",
            table.where,
        )
    ]


def unknown_people(table: Table, index: Index) -> list[Finding]:
    """Return a flag where groups are counted, but not in people."""
    counting = _count_columns(table)
    people = _people_columns(table)
    recordings = [n for n in counting if RECORDINGS.match(bare(table.header[n]))]
    if people or not recordings:
        return []
    for number in recordings:
        for row, cell in enumerate(table.column(number)):
            if (whole(cell) or 0) in index.recordings_of_one_speaker and (whole(cell) or 0) > 1:
                return [
                    flag(
                        "people_unknown",
                        "As many recordings as here are those of one single speaker of the project.",
                        "Add a column that counts the speakers of each group.",
                        table.place(row, number),
                    )
                ]
    return [
        flag(
            "people_unknown",
            "The table counts recordings; how many people stand behind a row can't be seen.",
            "Add a column that counts the speakers of each group.",
            table.where,
        )
    ]
