"""What sentences say of few people: counts, one person's value, totals and numbers of people for a table."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from egress_review.screening.disclosure.headers import are_shares, is_suppressed, people_columns, whole
from egress_review.screening.disclosure.shown import number
from egress_review.screening.limits import Limits
from egress_review.screening.tables import Table
from egress_review.screening.verdict import Finding, block, flag
from egress_review.screening.wording import at

WHO = (
    r"(?:speakers?|people|persons?|participants?|subjects?|talkers?|patients?|women|men|girls|boys|children|"
    r"sprecher(?:innen)?|personen|frauen|männer|mädchen|kinder|femmes|hommes|personnes|enfants|locuteurs|locutrices|"
    r"mujeres|hombres|personas|hablantes|donne|uomini|persone|vrouwen|mannen|mensen)"
)
NUMERALS = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9}
TENTHS = ("ten", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
TENS = re.compile(rf"(?i)\b(?P<ten>{'|'.join(TENTHS)})(?:[- ](?P<one>{'|'.join(NUMERALS)}))?\b")
WRITTEN = 8  # numbers in words, or bars, that make a list of them
COUNTED = re.compile(
    rf"(?<![\w.,\-])(?P<n>\d{{1,6}}|{'|'.join(NUMERALS)})\s+(?:[a-z]+\s+){{0,2}}?{WHO}\b", re.IGNORECASE
)
_OF = r"\s+(?:out\s+)?of\s+(?:the\s+|all\s+|our\s+|these\s+)*(\d{1,6})\s+(?:[a-z]+\s+){0,2}?"
PART_OF = re.compile(rf"(?<![\w.,\-])(\d{{1,6}}(?:\.\d+)?)\s*(%|percent)?{_OF}{WHO}\b", re.IGNORECASE)
OF_ALL = re.compile(
    rf"(?:^|(?<=\s))of\s+(?:the\s+|all\s+|our\s+|these\s+)*(\d{{1,6}})\s+(?:[a-z]+\s+){{0,2}}?{WHO}\b"
    r"[^.;:\n\d]{0,20}(?<![\w.,])(\d{1,6})(?![\w.,]*\d|\s*%)",
    re.IGNORECASE,
)
# One who was left out, once; not each in turn.
ONE_LEFT = re.compile(
    r"\b(?:exclud\w+|without|dropp\w+|remov\w+|omitt\w+|leaving out)\s+(?:just\s+|only\s+|the\s+)?"
    r"(?:one|a single|that one|this one)\b",
    re.IGNORECASE,
)
IN_TURN = re.compile(r"\b(?:each|every|folds?|cross|turn|time|leave)\b", re.IGNORECASE)
MOSTLY_ONE = re.compile(
    rf"\b(?:one|a single)\s+{WHO}\s+(?:accounts?|makes?|made|contribut\w+|provid\w+|holds?|has|"
    r"spoke|read|recorded|produc\w+|covers?)\s+(?:(?:for|up|about|over|nearly|almost|more|than|to)\s+)*"
    r"(\d{1,3}(?:\.\d+)?)\s*(?:%|percent)",
    re.IGNORECASE,
)
# "1,000 recordings of one speaker": a group that is one person.
OF_ONE = re.compile(
    rf"\b\d[\d,.]*\s+(?:[a-z]+\s+)?(?:recordings?|utterances?|clips?|files?|segments?|sentences?|hours?|minutes?)\s+"
    rf"(?:(?:all|each|which|that|are|come|came|spoken|read|made)\s+)*(?:of|from|by)\s+(?:only\s+|just\s+)?"
    rf"(?:one|a single|1|the same)\s+{WHO}\b",
    re.IGNORECASE,
)
# Of one person only: "the oldest participant is 93", "the highest voice has 259.5 Hz".
SUPERLATIVE = re.compile(
    r"\b(?:oldest|youngest|highest|lowest|longest|shortest|slowest|fastest|loudest|tallest)\b[^.\n]{0,30}?"
    r"\b(?:speaker|person|participant|subject|talker|patient|voice|woman|man|girl|boy|child|recording|utterance)\b"
    r"(?=[^\n]{0,60}?\d)",
    re.IGNORECASE,
)
# "t(5) = 2.1" and "F(2, 7) = 3.4" tell of how few people they are.
FREEDOM = re.compile(r"(?<![\w.])(?:t|F|r)\s?\(\s?(?:\d{1,2}\s?,\s?)?(\d)\s?\)\s?[=<>\u2264\u2265]\s?-?[\d.]")
SENTENCES = 3  # that count few people each and are a table in words
WORD = re.compile(r"\w+")
FIGURE = re.compile(r"[^\W\d]{0,8}\d+")  # a number, or one with a few letters before it
SENTENCE = re.compile(r"(?<=[.!?;])\s+|\n\s*[\n*\-|#]\s*")
FRACTION = re.compile(r"(?<![\w.])\d+[.,]\d+")
LEAVING = re.compile(
    r"\b(without|except|excluding|exclud\w+|leaving out|left out|other than|all but|dropp\w+|remov\w+|"
    r"remain\w*|the rest|the others?|outliers?)\b",
    re.IGNORECASE,
)
PAIR = 2  # counts of people in a sentence that leaves some of them out
READ, LONGEST = 2_000, 400  # sentences of a text that are compared, and characters of one
FIGURES = 0.8  # of a text's words that are numbers, where it is nothing else
TOTALS = 6  # numbers of people in a text that shares may be of


def in_text(content: str, limits: Limits, where: str = "") -> list[Finding]:
    """Return a block for a table of small counts in words, a flag for a single one or for one's value."""
    few = [(line, count) for line, count in counts(content) if 0 < count < limits.minimum_count]
    few += _parts(content, limits) if not few else []
    findings = []
    if few:
        # A list in one sentence is a table in words as well.
        in_lines = len({line for line, _ in few})
        make = block if in_lines >= SENTENCES or len(few) > in_lines + SENTENCES else flag
        message = f"{len(few)} times the text counts fewer than {limits.minimum_count} people."
        fix = f"Merge groups until each holds at least {limits.minimum_count} people."
        findings.append(make("small_counts", message, fix, at(where, few[0][0])))
    freedom = FREEDOM.search(content)
    if freedom and int(freedom[1]) + 1 < limits.minimum_count:
        message = f"A test with {freedom[1]} degrees of freedom is of about as few people."
        fix = f"Test groups of at least {limits.minimum_count} people."
        line = content.count("\n", 0, freedom.start()) + 1
        findings.append(flag("small_counts", message, fix, at(where, line)))
    one = SUPERLATIVE.search(content)
    if one:
        line = content.count("\n", 0, one.start()) + 1
        message = "This sentence may give the value of a single person."
        findings.append(
            flag("extremes", message, "Give a quantile that enough people lie beyond.", at(where, line))
        )
    told = without_some(content, (), limits) or _without_one(content, limits)
    if told:
        findings.append(block("differencing", told, "Give one of the two figures.", where))
    mostly = next((one for one in MOSTLY_ONE.finditer(content) if 50 < float(one[1]) <= 100), None)
    mostly = mostly or OF_ONE.search(content)
    if mostly:
        message = (
            "One person makes up over half, or all, of what is counted here; the figures tell about them."
        )
        line = content.count("\n", 0, mostly.start()) + 1
        findings.append(block("dominance", message, "Leave the group out.", at(where, line)))
    return findings + mostly_numbers(content, limits, where)


def _parts(content: str, limits: Limits) -> list[tuple[int, int]]:
    """Return the lines, and counts, of parts of some people that are few of them, or all but few."""
    read = [(match, match[1], match[2], match[3]) for match in PART_OF.finditer(content)]
    read += [(match, match[2], "", match[1]) for match in OF_ALL.finditer(content)]
    found = []
    for match, part, percent, of in read:
        counted = float(part) * (int(of) / 100 if percent else 1)
        off = 0.5 * 10.0 ** -len(part.partition(".")[2]) * int(of) / 100 if percent else 0.0
        if abs(counted - round(counted)) > off + 1e-9 or off >= 0.5:
            continue
        few = min(round(counted), int(of) - round(counted))
        if 0 < few < limits.minimum_count <= int(of):
            found.append((content.count("\n", 0, match.start()) + 1, few))
    return found


def _without_one(content: str, limits: Limits) -> str:
    """Return what a figure without one person tells about them, "" where there is none."""
    before = ""
    for sentence in SENTENCE.split(content)[:READ]:
        both = f"{before} {sentence}".replace("\n", " ")
        before = sentence
        if len(both) > 2 * LONGEST or not FRACTION.search(sentence) or not ONE_LEFT.search(sentence):
            continue
        if not IN_TURN.search(sentence) and any(n >= limits.minimum_count for _, n in counts(both)):
            return "A figure is given with and without one person: it tells about them."
    return ""


def mostly_numbers(content: str, limits: Limits, where: str = "") -> list[Finding]:
    """Return a flag for a text of hardly anything but numbers, whatever stands between them."""
    words = WORD.findall(content)
    figures = sum(bool(FIGURE.fullmatch(word)) for word in words)
    if figures <= limits.table_rows or figures < FIGURES * len(words):
        return []
    message = f"The text is little but {figures:,} numbers, which can be a recording or codes of one."
    return [flag("numbers_many", message, "Hand in aggregated numbers, or a plot.", where)]


def without_some(content: str, others: Sequence[str], limits: Limits) -> str:
    """Return what two sentences tell about the few people that one of them leaves out, "" where none do.

    Each counts people and gives a figure; they are the same sentence with other numbers, or one says that
    it leaves people out. `others` are what other files say.
    """
    here = list(_figured(content))
    for one, other in [
        *itertools.combinations(here, 2),
        *((one, other) for text in others for one in here for other in _figured(text)),
    ]:
        apart = abs(one[0] - other[0])
        fewer = one[1] if one[0] < other[0] else other[1]
        if 0 < apart < limits.minimum_count and (_same(one, other) or LEAVING.search(fewer)):
            return (
                f"Two sentences give a figure of {max(one[0], other[0])} and of {min(one[0], other[0])} "
                f"people: they tell about the {apart} who were left out."
            )
    return ""


def _figured(content: str) -> Iterator[tuple[int, str]]:
    """Yield how many people each sentence with a decimal fraction counts, and the sentence."""
    for sentence in SENTENCE.split(content)[:READ]:
        if len(sentence) > LONGEST or not FRACTION.search(sentence):
            continue
        said_ = [count for _, count in counts(sentence.replace("\n", " ")) if count > 1]
        # More of them are a table's; two figures are of two groups.
        if len(said_) == 1 or (len(said_) == len(FRACTION.findall(sentence)) == PAIR):
            yield from ((count, sentence) for count in said_)


def _same(one: tuple[int, str], other: tuple[int, str]) -> bool:
    """Return whether two sentences differ by their count of people and their figures alone."""
    bare = [
        re.sub(rf"\b{count}\b|\s+", " ", FRACTION.sub(" ", text)).casefold() for count, text in (one, other)
    ]
    return bare[0] == bare[1] and one[1] != other[1]


def figures(content: str) -> str:
    """Return the numbers that a text says in words (ten to ninety-nine) or as bars, "" where they are few."""
    words = [_figure(match) for match in TENS.finditer(content)]
    bars = [
        str(len(line))
        for line in map(str.strip, content.split("\n"))
        if len(line) > 1 and len(set(line)) == 1
    ]
    return "\n".join(" ".join(told) for told in (words, bars) if len(told) >= WRITTEN)


def _figure(match: re.Match[str]) -> str:
    ten, one = TENTHS.index(match["ten"].casefold()) + 1, match["one"]
    return str(10 * ten + (NUMERALS[one.casefold()] if one else 0))


def counts(content: str) -> Iterator[tuple[int, int]]:
    """Yield the numbers of people that a text says, with their 1-based lines."""
    for number_, line in enumerate(content.split("\n"), start=1):
        for match in COUNTED.finditer(line):
            said = match["n"].casefold()
            yield number_, NUMERALS.get(said) or int(said) if said in NUMERALS or said.isdigit() else 0


def with_totals(table: Table, content: str) -> Table | None:
    """Return a table with the totals that the text around it states for columns or rows, None without any.

    Only those with a suppressed cell are looked for, by their label: "206 women", "31 people of north".
    """
    columns = range(1, len(table.header))
    down = {
        at: total
        for at in columns
        if any(map(is_suppressed, table.column(at)))
        and (total := _stated(table.header[at], r"\s+{}\b", "", table.column(at), content))
    }
    across = {
        at: total
        for at, row in enumerate(table.rows)
        if any(map(is_suppressed, row[1:]))
        and (
            total := _stated(
                row[0],
                rf"\s+(?:[a-z]+\s+){{{{0,2}}}}?{WHO}\b[^\d\n.;]{{{{0,40}}}}?\b{{}}\b",
                WHO,
                row,
                content,
            )
        )
    }
    if not down and not across:
        return None
    header, rows = table.header, table.rows
    if across:
        header = (*header, "total")
        rows = tuple((*row, across.get(at, "")) for at, row in enumerate(rows))
    if down:
        rows = (*rows, ("total", *(down.get(at, "") for at in range(1, len(header)))))
    return replace(table, header=header, rows=rows)


def _stated(label: str, behind: str, before: str, cells: Sequence[str], content: str) -> str:
    """Return the least number that a text gives for a label and that is more than its cells, "" for none."""
    name = re.escape(label.strip())
    if len(label.strip()) < 3 or label.strip().isdigit():
        return ""
    known = sum(whole(cell) or 0 for cell in cells)
    found = re.findall(r"(?<![\w.,])(\d{1,6})" + behind.format(name), content, re.IGNORECASE)
    if not before:
        pattern = rf"^.{{0,200}}?\btotals?\b.{{0,200}}?\b{name}\b\s*[:=(]?\s*(\d{{1,6}})(?![\w.,]*\d)"
        found += re.findall(pattern, content, re.IGNORECASE | re.MULTILINE)
    else:
        pattern = rf"\b{name}\b[^\d\n.;]{{0,30}}?(\d{{1,6}})\s+(?:[a-z]+\s+){{0,2}}?{before}\b"
        found += re.findall(pattern, content, re.IGNORECASE)
    larger = [int(value) for value in found if int(value) > known > 0]
    return str(min(larger)) if larger else ""


def shares(table: Table, content: str, limits: Limits) -> list[Finding]:
    """Return a block where percentages are, of a number of people that the text states, few people each."""
    if people_columns(table):
        return []
    columns = [n for n, header in enumerate(table.header) if are_shares(header, table.column(n))]
    totals = list(dict.fromkeys(count for _, count in counts(content) if count > 1))[:TOTALS]
    for column in columns:
        cells = [shown for cell in table.column(column) if (shown := number(cell))]
        percent = any(value > 1 for value, _ in cells)
        for total in totals:
            few = _few([(value, unit) for value, unit in cells], total / (100 if percent else 1), limits)
            if few:
                message = (
                    f"Of the {total} people that the text speaks of, {few} of these shares are fewer than "
                    f"{limits.minimum_count}."
                )
                fix = "Merge groups, or leave the number of people out."
                return [block("shares", message, fix, table.where)]
    return []


def _few(cells: list[tuple[float, float]], scale: float, limits: Limits) -> int:
    """Return how many shares are few people, 0 where not all of them are whole numbers of people."""
    people = [(value * scale, 0.5 * unit * scale + 1e-9) for value, unit in cells]
    if len(people) < 2 or any(spread >= 0.25 or abs(n - round(n)) > spread for n, spread in people):
        return 0
    return sum(0 < round(n) < limits.minimum_count for n, _ in people)
