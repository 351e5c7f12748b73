"""Counts a table's groups again in the data, in people: too few of them, one who dominates, a wrong count."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from egress_review.screening.disclosure import groups
from egress_review.screening.disclosure.groups import Group, Grouped
from egress_review.screening.disclosure.headers import COUNT, MEASURE, RECORDINGS, bare, people_columns, whole
from egress_review.screening.disclosure.shown import number
from egress_review.screening.limits import Limits
from egress_review.screening.people import People
from egress_review.screening.tables import Table
from egress_review.screening.verdict import Finding, Severity, block, flag

MOST = 20
CHANCE = 0.03  # of the range of numbers that sums of few speakers' counts may fill
COUNTED = 20  # recordings that a count must reach before it is looked for among the data's groups


def check(table: Table, people: People, limits: Limits) -> list[Finding]:
    """Return the groups of a table behind which too few people stand, or one stands for most."""
    grouped = groups.find(table, people)
    if grouped is None:
        return _by_counts(table, people, limits)
    findings: list[Finding] = []
    for group in grouped.groups:
        if (
            group.column is not None
            and not whole(table.rows[group.row][group.column])
            and not grouped.evidence
        ):
            # A zero or a fraction in a crosstab says nothing about who was counted.
            continue
        findings += _few(table, group, grouped, limits) or _dominated(table, group, grouped, people)
        if len(findings) >= MOST:
            break
    if not findings:
        return []
    # One finding tells of all rows, so that a long table doesn't drown its reader.
    worst = [finding for finding in findings if finding.severity is Severity.BLOCK] or findings
    return worst[:MOST]


def _few(table: Table, group: Group, grouped: Grouped, limits: Limits) -> list[Finding]:
    if not 0 < group.people < limits.minimum_count:
        return []
    claimed = groups.counts_people(table, group)
    make, why = _weight(table, grouped, claimed, group)
    message = (
        f"In the data {_speakers(group.people)} {_stand(group.people)} behind this group, "
        f"fewer than {limits.minimum_count}"
        f"{'' if claimed in (None, group.people) else f', though the table counts {claimed}'}. {why}"
    )
    return [make("few_people", message.strip(), groups.least(limits), table.place(group.row, group.column))]


def _weight(
    table: Table, grouped: Grouped, claimed: int | None, group: Group
) -> tuple[Callable[[str, str, str, str], Finding], str]:
    """Return how much a small group weighs: blocked where the table's numbers are surely of this data."""
    if grouped.evidence:
        return block, "Recordings, and copies of rows, are no people."
    if claimed is not None:
        return (
            (block, "") if claimed == group.people else (flag, "A human has to see which data this is about.")
        )
    counted = any(RECORDINGS.match(bare(header)) for header in table.header)
    if grouped.named and (counted or grouped.covering):
        return block, "Recordings are no people."
    return flag, "A human has to see whether this is about the project's data."


def _stand(count: int) -> str:
    return "stands" if count == 1 else "stand"


def _speakers(count: int) -> str:
    return "one speaker" if count == 1 else f"{count} speakers"


def _dominated(table: Table, group: Group, grouped: Grouped, people: People) -> list[Finding]:
    """Return a finding where one or two people make up most of a group's sums and means."""
    if group.column is not None:
        return []
    findings = []
    by_recordings = groups.dominated(group, people, None)
    for at, header in enumerate(table.header):
        if at in grouped.keys or not any(character.isdigit() for character in table.rows[group.row][at]):
            continue
        if at in people_columns(table) or COUNT.match(bare(header)):
            continue
        column = next((c for c in people.numbers if groups.similar(header, c.name)), None)
        why = (
            groups.dominated(group, people, None if column is None else np.asarray(column.values))
            or by_recordings
        )
        if not why:
            continue
        make = block if (grouped.evidence or column is not None) and "half" not in why else flag
        findings.append(
            make(
                "dominance",
                f"In this group {why}; the number tells about them.",
                "Average over speakers first, then over groups; or leave the group out.",
                table.place(group.row, at),
            )
        )
    return findings[:1]


def _by_counts(table: Table, people: People, limits: Limits) -> list[Finding]:
    """Return the groups of few people whose labels are hidden, but whose recordings' number tells them."""
    for at, header in enumerate(table.header):
        if not (RECORDINGS.match(bare(header)) or COUNT.match(bare(header))) or MEASURE.search(header):
            continue
        counts = [(row, value) for row, cell in enumerate(table.column(at)) if (value := whole(cell))]
        # A phone's column is called "f" or "n", too: shares are whole now and then, counts are always.
        if 2 * len(counts) < sum(
            found is not None and found[0] != 0 for found in map(number, table.column(at))
        ):
            continue
        whole_speakers = list(_whole_speakers(table, at, counts, people, limits))
        if whole_speakers:
            return whole_speakers[:MOST]
        if len({value for _, value in counts}) < 2 or min(value for _, value in counts) < COUNTED:
            continue
        findings = list(_hidden(table, at, counts, people, limits))
        if findings:
            return findings[:MOST]
    return []


def _whole_speakers(
    table: Table, at: int, counts: list[tuple[int, int]], people: People, limits: Limits
) -> Iterator[Finding]:
    """Yield the rows that count as many recordings as few speakers made, or all but these.

    Sums of few speakers' counts that fill the range of numbers prove nothing, nor does an equal share of all.
    """
    everything, count = people.recording_count, people.speaker_count
    told = sum(value for _, value in counts)
    if not count or not counts:
        return
    reached = _sums(
        people.recordings_each().tolist(), limits.minimum_count, CHANCE * everything / len(counts)
    )
    for row, value in counts:
        behind = reached.get(value, 0) if told == everything else 0
        others = reached.get(everything - value, 0)
        if (behind or others) and (value % count or count < limits.minimum_count):
            which = f"as {_speakers(behind)} made" if behind else f"as all but {_speakers(others)} made"
            message = (
                f"This row counts as many recordings {which}: their numbers can be told from the others'."
            )
            yield block("few_people", message, groups.least(limits), table.place(row, at))


def _sums(each: list[int], fewest: int, most: float) -> dict[int, int]:
    """Return how few speakers make a number of recordings, while at most `most` numbers are reached."""
    reached: dict[int, int] = {0: 0}
    for behind in range(1, fewest):
        larger = dict(reached)
        for total in [total for total, made_by in reached.items() if made_by == behind - 1]:
            for one in set(each):
                larger.setdefault(total + one, behind)
        if len(larger) > most:
            break
        reached = larger
    return {total: behind for total, behind in reached.items() if behind}


def _hidden(
    table: Table, at: int, counts: list[tuple[int, int]], people: People, limits: Limits
) -> Iterator[Finding]:
    values = {value for _, value in counts}
    for labels in people.labels:
        sizes = people.sizes[labels.name].tolist()
        if not values <= set(sizes) | {sum(sizes)}:
            continue
        # That all counts are among sizes of so wide a range is no chance; round ones prove nothing.
        odd = sum(value % 50 != 0 for value in values)
        if odd < 2 or odd * np.log10(max(1.0, max(sizes) / len(sizes))) < 3:
            continue
        for row, value in counts:
            alike = [code for code, size in enumerate(sizes) if size == value]
            behind = min((people.people_in(labels.codes == code) for code in alike), default=0)
            if 0 < behind < limits.minimum_count:
                message = (
                    f"As many recordings has one group of the data, in which {_speakers(behind)} speak, "
                    f"fewer than {limits.minimum_count}."
                )
                yield block("few_people", message, groups.least(limits), table.place(row, at))
        return
