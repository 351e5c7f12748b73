"""Reads file names as what they are: a way out, too."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

from egress_review.screening import unread, wording
from egress_review.screening.encodings import blobs
from egress_review.screening.index import Index
from egress_review.screening.limits import Limits
from egress_review.screening.verdict import Finding, block, flag, outcome_of

JOINED = re.compile(r"[_\-.+~]+")  # what words of a file's name are joined by
SAID, SAID_WORDS, SAID_BITS = (
    0.7,
    4,
    30.0,
)  # of a name's words that are said in a row, and how many tell how much
MANY = 5  # names that are read as one text
SAFE = re.compile(r"[^\w.\- ]")
PACKED = (".gz", ".bz2", ".xz", ".zst")  # what a packed file is called behind its own suffix
RESERVED = re.compile(r"(?i)^(con|prn|aux|nul|com\d|lpt\d)(\.|$)")


def check(name: str, index: Index, limits: Limits) -> list[Finding]:
    """Return what is wrong with one declared file name."""
    findings: list[Finding] = []
    odd = sorted({unicodedata.category(c) for c in name if unicodedata.category(c)[0] in "CZ" and c != " "})
    if odd or "/" in name or "\\" in name:
        findings.append(
            block(
                "file_name",
                "The file's name holds control, invisible, direction-changing or path characters; such a "
                "name can hide what the file is.",
                "Rename the file with letters, digits, dots, dashes and underscores.",
            )
        )
    if len(name) > limits.name_characters:
        findings.append(
            block(
                "file_name",
                f"The file's name has {len(name)} characters; over {limits.name_characters} may carry data.",
                "Give the file a short name.",
            )
        )
    stem = name.rsplit(".", 1)[0]
    if index.identifiers.find(stem):
        findings.append(
            block(
                "file_name",
                "The file's name holds the id of a recording or a speaker.",
                "Name the file after what it shows, not after whom.",
            )
        )
    elif index.identifiers.look_up(stem):
        findings.append(
            flag(
                "file_name",
                "The file's name is also the id of a recording or a speaker; it may be chance.",
                "Name the file after what it shows.",
            )
        )
    elif said := _said(JOINED.sub(" ", stem), index, limits):
        findings.append(said)
    elif blobs(stem, 24) or sum(character.isdigit() for character in stem) > 16:
        findings.append(
            flag(
                "file_name",
                "The file's name looks like encoded data.",
                "Name the file in words.",
            )
        )
    return findings


def _said(name: str, index: Index, limits: Limits) -> Finding | None:
    """Return the finding for a name that repeats what is said in a recording; blocked if it is most of it."""
    spoken = index.transcripts.find(name, limits.minimum_count)
    found = wording.transcripts(spoken, "")
    if not found:
        return None
    most = max((one.words for one in spoken.repeated if one.bits >= SAID_BITS), default=0)
    words = len(name.split())
    # In prose a few such words may be chance; a name is too short for that.
    tells = bool(spoken.telling) or most >= max(SAID_WORDS, SAID * words)
    judged = block if tells or outcome_of(found) == "block" else flag
    message = "The file's name is what is said in a recording."
    return judged("file_name", message, "Name the file after what it shows.")


def check_together(
    names: Mapping[str, str], index: Index | None = None, limits: Limits | None = None
) -> list[Finding]:
    """Return what is wrong with the names as a whole: many of them can spell a message."""
    characters = sum(len(name) for name in names.values())
    if index and limits and len(names) > MANY:
        stems = (JOINED.sub(" ", _stem(name)) for name in names.values())
        said = index.transcripts.find(re.sub(r"\d+", " ", " ".join(stems)), limits.minimum_count)
        if outcome_of(wording.transcripts(said, "")) == "block":
            message = "The names, read one after the other, are what is said in the recordings."
            return [block("file_names", message, "Number the files: figure-01.png, figure-02.png.")]
    if len(names) >= MANY and any(unread.codes("\n".join(_stem(name) for name in names.values()))):
        message = f"{len(names)} names look like codes of one kind; they can carry data."
        return [flag("file_names", message, "Number the files: figure-01.png, figure-02.png.")]
    if len(names) > 20 and characters > 1000:
        return [
            flag(
                "file_names",
                f"{len(names)} names hold {characters} characters together, enough to carry data.",
                "Hand in fewer files or arrays, or number them: figure-01.png, figure-02.png.",
            )
        ]
    return []


def _stem(name: str) -> str:
    return name.rsplit("/", 1)[-1].rsplit(".", 1)[0]


def clean(name: str, suffix: str, taken: set[str]) -> str:
    """Return the name a canonical copy leaves under: safe characters, the right suffix, used only once."""
    stem = unicodedata.normalize("NFC", name).rsplit(".", 1)[0] if "." in name else name
    if name.lower().endswith(PACKED):
        stem = re.sub(rf"(?i)({re.escape(suffix)}|\.tar)$", "", stem)
    stem = SAFE.sub("_", stem).strip(" .")[:80] or "file"
    if RESERVED.match(stem):
        stem = f"_{stem}"
    candidate, number = f"{stem}{suffix}", 2
    while candidate.casefold() in taken:
        candidate, number = f"{stem}-{number}{suffix}", number + 1
    taken.add(candidate.casefold())
    return candidate


def clean_path(name: str, suffix: str, taken: set[str]) -> str:
    """Return the path a member of an archive leaves under: each folder's name cleaned as a file's is."""
    *folders, last = name.split("/")
    inside = [clean(folder, "", set()) for folder in folders if folder]
    before = "/".join(inside)
    # The file's own name has to be used once in its folder only.
    here = {path.rsplit("/", 1)[-1] for path in taken if path.rpartition("/")[0] == before.casefold()}
    path = "/".join([*inside, clean(last, suffix, here)])
    taken.add(path.casefold())
    return path
