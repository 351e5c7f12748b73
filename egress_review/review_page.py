"""What the review page shows: the files as a list with votes and findings, one of them in full."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from django.urls import reverse

from egress_review import file_votes, reviews
from egress_review.models import File, FileVote, Finding, Review, Severity, Submission
from egress_review.previews import anchors, compare
from egress_review.states import State
from hub.errors import NotFound
from hub.people.models import Person

BEFORE = 20
RANK = {Severity.BLOCK.value: 0, Severity.FLAG.value: 1, Severity.NOTE.value: 2}


@dataclass(frozen=True)
class Spot:
    """A finding, the address that shows its place in the frame, and whether it has a place of its own."""

    finding: Finding
    frame: str
    marked: bool


@dataclass(frozen=True)
class Leaf:
    """A file in the list: how heavy, voted how by the reader, changed since it was seen or not."""

    file: File
    flags: int
    notes: int
    vote: FileVote | None
    since: str
    shown: bool

    @property
    def address(self) -> str:
        """The review page with this file in full."""
        return f"{reverse('releases:review', args=[self.file.submission_id])}?file={self.file.pk}"


@dataclass(frozen=True)
class Other:
    """A version that the shown file can be put beside."""

    key: str
    label: str


@dataclass(frozen=True)
class Differing:
    """A file on which the reviews differ, with every vote."""

    file: File
    votes: list[FileVote]


def leaves(submission: Submission, *, person: Person, shown: File) -> list[Leaf]:
    """Return the files of a submission as the list shows them."""
    mine = file_votes.copies(submission, of=person.id)
    findings: dict[str, list[str]] = {}
    for file, severity in submission.findings.exclude(file=None).values_list("file_id", "severity"):
        findings.setdefault(str(file), []).append(severity)
    before = _before(submission)
    return [
        Leaf(
            file=file,
            flags=findings.get(file.id, []).count(Severity.FLAG),
            notes=findings.get(file.id, []).count(Severity.NOTE),
            vote=mine.get(file.id),
            since=_since(file, before) if submission.replaces_id else "",
            shown=file.id == shown.id,
        )
        for file in submission.files.all()
    ]


def chosen(submission: Submission, *, wish: str, person: Person) -> File:
    """Return the file to show: the wished one, else the first without the reader's vote."""
    files = list(submission.files.all())
    voted = file_votes.copies(submission, of=person.id)
    open_files = [file for file in files if file.id not in voted]
    return next((file for file in files if file.id == wish), (open_files or files)[0])


def spots(file: File) -> list[Spot]:
    """Return a file's findings, the heaviest first, each with where to see it."""
    found = sorted(file.findings.all(), key=lambda finding: RANK[finding.severity])
    places = [(finding, anchors.of(finding.where)) for finding in found]
    return [
        Spot(finding, preview_address(file, page=place.page, fragment=place.fragment), bool(place.fragment))
        for finding, place in places
    ]


def of_the_whole(submission: Submission) -> list[Finding]:
    """Return the findings that are about no single file."""
    return sorted(submission.findings.filter(file=None), key=lambda finding: RANK[finding.severity])


def others(submission: Submission, file: File) -> list[Other]:
    """Return what a file can be put beside: as handed in, as seen before, files of earlier hand-ins."""
    found = [Other("handed_in", "what was handed in")]
    for before in file_votes.lineage(submission):
        found += [
            Other(one.pk, f"what you saw before ({one.name})")
            for one in before.files.exclude(canonical_sha256="")
            if one.name == file.name
        ]
    released = File.objects.filter(
        submission__project=submission.project_id, submission__state=State.RELEASED
    ).exclude(submission=submission)
    rows = released.select_related("submission").order_by("-submission__decided_at")[:BEFORE]
    ranked = sorted(rows, key=lambda one: one.name != file.name)
    return found + [Other(one.pk, f"released: {one.name} of “{one.submission.title}”") for one in ranked]


def versions(submission: Submission, file: File, key: str) -> tuple[File, compare.Side, compare.Side]:
    """Return the file that another is put beside, and both versions; only what `others` offers is found."""
    if key not in {other.key for other in others(submission, file)}:
        raise NotFound("There is no such version to compare with.")
    if key == "handed_in":
        return file, compare.handed_in(file), compare.leaving(file)
    before = File.objects.select_related("submission__project", "submission__author").get(pk=key)
    label = "Released before" if before.submission.state == State.RELEASED else "As it was seen before"
    return before, compare.leaving(before, label), compare.leaving(file)


def context(
    submission: Submission, file: File, *, person: Person, asked: Mapping[str, str]
) -> dict[str, object]:
    """Return what the review page shows of a submission and of the one file that is open."""
    listed = leaves(submission, person=person, shown=file)
    page = _number(asked.get("page", ""))
    with_ = asked.get("beside", "")
    compared = with_ in {other.key for other in others(submission, file)}
    frame = f"{reverse('releases:beside', args=[submission.pk, file.pk])}?{urlencode({'with': with_})}"
    return {
        "file": file,
        "leaves": listed,
        "open_count": sum(leaf.vote is None for leaf in listed),
        "spots": spots(file),
        "of_the_whole": of_the_whole(submission),
        "others": others(submission, file),
        "beside": with_ if compared else "",
        "frame": frame if compared else preview_address(file, page=page, fragment=asked.get("at", "")),
        "page_number": page,
        "my_review": finished(submission, person),
    }


def differing(submission: Submission, *, person: Person) -> list[Differing]:
    """Return the files to settle, with the votes that the reader may know."""
    known = FileVote.objects.readable_by(person.id).select_related("reviewer")
    files = {file.id: file for file in submission.files.all()}
    return [
        Differing(files[one], list(known.filter(file=one).order_by("reviewer__name")))
        for one in reviews.differing(submission)
    ]


def finished(submission: Submission, person: Person) -> Review | None:
    """Return the reader's finished review."""
    return submission.reviews.filter(reviewer_id=person.id).first()


def preview_address(file: File, *, page: int = 1, fragment: str = "") -> str:
    """Return where the frame loads a page of a file's preview."""
    address = reverse("releases:preview", args=[file.submission_id, file.pk])
    return f"{address}?{urlencode({'page': page})}" + (f"#{fragment}" if fragment else "")


def _number(asked: str) -> int:
    return max(1, int(asked)) if asked.isdecimal() and len(asked) < 7 else 1


def _before(submission: Submission) -> dict[str, File]:
    known: dict[str, File] = {}
    for before in file_votes.lineage(submission):
        for file in before.files.exclude(canonical_sha256=""):
            known.setdefault(file.name, file)
    return known


def _since(file: File, before: dict[str, File]) -> str:
    old = before.get(file.name)
    if old is None:
        return "new"
    same = old.sha256 == file.sha256 and old.canonical_sha256 == file.canonical_sha256
    return "unchanged" if same else "changed"
