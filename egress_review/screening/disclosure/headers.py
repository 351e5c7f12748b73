"""What a column's name says it holds, and the few words tables have for totals and suppressed cells."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal, InvalidOperation

from egress_review.screening.numbers import NUMBER
from egress_review.screening.tables import Table

PEOPLE = re.compile(
    r"^(n|num|nb|nr|no|number|count|total|unique|distinct)?(of)?(speakers?|spk(r)?s?|people|persons?|participants?|subjects?|"
    r"talkers?|voices?|patients?|children|individuals?|informants?|respondents?|listeners?|readers?|"
    r"personnes|locut(eurs?|rices?)|participantes?|sujets|personen|sprecher(innen|n)?|menschen|probanden|"
    r"teilnehmer(innen)?|personas|hablantes|locutores|pessoas|falantes|persone|parlanti|partecipanti|mensen|"
    r"sprekers|deelnemers|puhujaa?)"
    r"(n|count|num|total)?$"
)
COUNT = re.compile(
    r"^(n|nn|num|count|counts|cnt|freq|frequencycount|cases|obs|observations|support|size|samplesize|"
    r"groupsize|total|anzahl|nombre|(n|no|number|numbers|num)?(at)?risk)$|^(n|num|nb|numberof|countof)(cases|female|male|women|men|girls|boys|pairs|"
    r"rows|recordings|utterances|clips|files|occurrences)$|^[a-z]+count$"
)
RECORDINGS = re.compile(
    r"^(n|num|nb|number|count|total)?(of)?(recordings?|utterances?|utts?|clips?|files?|segments?|samples?|"
    r"turns?|sentences?|words?|tokens?|rows?)(n|count|num|total)?$"
)
PERSONAL = re.compile(
    r"^(speaker|spk|spkr|talker|person|participant|subject|patient|recording|utterance|utt|clip|"
    r"audio|wav)(id|name|key|no|nr|number|hash|file|path|filename)?$"
)
SPOKEN = re.compile(
    r"^(transcript(ion)?s?|text|utterances?|sentences?|ref(erence)?s?|hyp(othesis|otheses)?|"
    r"prompt|asr(output)?|prediction|predicted(text)?)$"
)
EXTREME = re.compile(
    r"^(.*_)?(max|min|maximum|minimum|mode|longest|shortest|oldest|youngest|highest|lowest|slowest|fastest|"
    r"loudest|quietest|largest|smallest|range|outliers?|five_?num(ber)?(_summary)?)\.?(_.*)?$|^[pq]_?(0|100)$|^(0|100)\s?%$"
)
NO_COUNT = re.compile(
    r"^(n|num|number|numberof)?(epochs?|steps?|iter(ation)?s?|folds?|layers?|seeds?|years?|months?|days?|hours?|hz|"
    r"khz|bins?|rank|k|degree|df|degreesoffreedom|batch|batchsize|dims?|dimension|hidden(size|dim)?|heads?|kernel(size)?|"
    r"strides?|channels?|dropout|width|height|depth|order|index|id|level|tier|version|major|minor|patch|bits|ms|"
    r"parameters|params|samplerate|rate|port|line|threshold|frequency|beam(size|width)?|window|hop|fft|mels?|vocab(size)?|"
    r"warmup|workers|gpus?|patience|lr|size|codebooks?|experts?|states|mixtures|gaussians|components|clusters|page|volume|"
    r"chapter|time|seconds|minutes|duration)(n|s)?$"
)
# Counts of errors, sounds and words: small ones are no few people.
NOT_PEOPLE = re.compile(
    r"^(n|num|total|count)?(of)?(substitutions?|insertions?|deletions?|errors?|hits?|miss(es)?|correct|tp|fp|tn|fn|"
    r"phones?|phonemes?|words?|tokens?|types?|wins?|ties|draws|losses|preferred|stars?|issues?|commits?|bugs?|tests?|files?|lines?|layers?)$"
)
CURVE = re.compile(
    r"^(epoch|steps?|iter(ation)?s?|fpr|tpr|fnr|tnr|far|frr|fmr|fnmr|recall|precision|threshold|frequency|freq|hz|frequencyhz|bin|x|"
    r"quantile|percentile|lag)$"
)
QUANTILE = re.compile(
    r"(?i)^\s*(p\s?\d{1,2}(\.\d+)?|q\s?\d{1,3}|\d{1,3}(\.\d+)?\s?(%|th|st|nd|rd)(\s*percentile)?|quantiles?|percentiles?|"
    r"median|mean|std|sd|count|min(imum)?|max(imum)?|iqr|0?\.\d+)\s*$"
)
SUPPRESSED = re.compile(
    r"^([\[(]?n?\s*[<\u2264]\s*=?\s*\d+[\])]?|(under|below|fewer than|less than)\s+\d+|"
    r"\*+|x+|-+|[\u2013\u2014]"
    r"|\$?\\[a-z]{2,}\$?|supp?(\.|ressed)?|redacted|hidden|masked|s|[\[(][a-z*]{1,2}[\])]|c|n/?a|nan|[^\w\s]{1,3})$",
    re.IGNORECASE,
)
TOTAL = re.compile(
    r"^(row|column|grand|sub)?\s*(total|all|sum|overall|margin|gesamt|insgesamt|alle|everyone|ensemble)s?"
    r"(\s+(speakers?|people|participants?|recordings?))?$",
    re.IGNORECASE,
)
EXCEPT = re.compile(
    r"\b(without|except|excluding|excl|other than|all but|not|ohne|sans|minus|w/o|rest|remaining|others?)\b",
    re.IGNORECASE,
)
SHARE = re.compile(
    r"%|\b(pct|perc|percent|percentage|share|proportion|prop|fraction|frac|anteil)\b", re.IGNORECASE
)
MEASURE = re.compile(
    r"wer|cer|per\b|eer|acc|error|f1|precision|recall|loss|improv|relative|reduction|change|auc|rate|silence|voiced|"
    r"coverage|confidence|ci\b|explained",
    re.IGNORECASE,
)
SEXES = frozenset(
    [
        "f",
        "m",
        "female",
        "male",
        "women",
        "men",
        "woman",
        "man",
        "girls",
        "boys",
        "girl",
        "boy",
        "frauen",
        "männer",
        "femmes",
        "hommes",
        "w",
    ]
)
NUMBER_SIGNS = frozenset({"#", "№", "n°", "nº", "#n", "# n"})
AGE_BAND = re.compile(
    r"^(<|>|≤|≥|<=|>=|under|over|up to)?\s*\d{1,3}\s*(-|–|—|to|bis|\.\.)?\s*(\d{1,3})?\s*\+?\s*"
    r"(years?|y|yrs?|'?s)?$",
    re.IGNORECASE,
)

# A count and which share of all it is: "7 (35%)", "7 (35.0)" where the table says so.
COUNTED_SHARE = re.compile(r"^\s*(\d{1,6})\s*[(\[]\s*\d{1,3}(?:\.\d+)?\s*(%?)\s*[)\]]\s*$")


def without_shares(table: Table) -> Table:
    """Return a table whose cells of a count with its share in brackets hold the count alone."""
    said = any("%" in name for name in table.header)
    rows = tuple(
        tuple(
            match[1] if (match := COUNTED_SHARE.match(cell)) and (match[2] or said) else cell for cell in row
        )
        for row in table.rows
    )
    return table if rows == table.rows else replace(table, rows=rows)


def bare(header: str) -> str:
    """Return a header as it is compared: lower-case letters only."""
    if header.strip() in NUMBER_SIGNS:
        return "n"
    return re.sub(r"[^a-z]", "", header.casefold())


def are_shares(header: str, cells: Sequence[str]) -> bool:
    """Return whether a column holds shares, by its name or as its cells are per cent; no rates of errors."""
    told = [cell.strip() for cell in cells if cell.strip()]
    named = SHARE.search(header.replace("_", " ")) or (told and all(one.endswith("%") for one in told))
    return bool(named) and not MEASURE.search(header)


def whole(cell: str) -> int | None:
    """Return a cell's whole number, None where it is none."""
    text = cell.strip().replace(" ", "")
    if re.fullmatch(r"\d{1,3}(,\d{3})+", text):
        text = text.replace(",", "")
    if not NUMBER.fullmatch(text) or len(text) > 20:
        return None
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None
    return int(value) if value == value.to_integral_value() and abs(value) < 10**15 else None


def is_suppressed(cell: str) -> bool:
    """Return whether a cell says that its number is held back."""
    return bool(SUPPRESSED.match(cell.strip()))


def is_total(label: str) -> bool:
    """Return whether a label stands for all groups together."""
    return bool(TOTAL.match(label.strip()))


def people_columns(table: Table) -> list[int]:
    """Return the columns that count people, by their names."""
    return [
        n for n, header in enumerate(table.header) if PEOPLE.match(bare(header)) and len(bare(header)) > 1
    ]


def count_columns(table: Table) -> list[int]:
    """Return the columns that count anything, by their names."""
    return [
        n
        for n, header in enumerate(table.header)
        if PEOPLE.match(bare(header)) or COUNT.match(bare(header)) or RECORDINGS.match(bare(header))
    ]


def label_columns(table: Table) -> list[int]:
    """Return the columns that name rows: text, or the first where it is no fraction."""
    found = [
        n
        for n in range(len(table.header))
        if table.rows
        and not all(
            NUMBER.fullmatch(cell.strip()) or is_suppressed(cell) or not cell.strip()
            for cell in table.column(n)
        )
    ]
    return found or ([0] if len(table.header) > 1 else [])


def total_rows(table: Table) -> list[int]:
    """Return the rows that stand for all groups together, by a label in any naming column."""
    naming = label_columns(table)
    return [n for n, row in enumerate(table.rows) if any(is_total(row[c]) for c in naming)]
