"""HTML: what a reader sees leaves as Markdown; data in scripts and addresses is looked through and stays."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import pairwise
from xml.etree.ElementTree import Element, SubElement

from egress_review.screening import text
from egress_review.screening.carriers import data as inside
from egress_review.screening.carriers import drawings
from egress_review.screening.carriers.opened import Opened
from egress_review.screening.kinds import PAGE
from egress_review.screening.limits import Limits
from egress_review.screening.parts import Part, Text
from egress_review.screening.verdict import Finding, block, note, refuse

UNSEEN = {
    "head",
    "style",
    "template",
    "noscript",
    "iframe",
    "object",
    "embed",
    "audio",
    "video",
    "svg",
    "math",
}
PLAYED = {"audio", "video", "iframe", "object", "embed"}
BREAKS = {
    *("p", "div", "li", "tr", "table", "ul", "ol", "section", "article", "header", "footer", "pre", "br")
}
HEADINGS = {f"h{number}": "#" * number + " " for number in range(1, 7)}
VOID = {
    *("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr")
}
HIDING = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0|opacity\s*:\s*0(?![.\d]*[1-9])",
    re.IGNORECASE,
)
OWN_SCRIPT = 300_000  # characters; longer scripts are libraries, of which the data alone is looked at
LITERAL = re.compile(r"""(['"`])([^'"`\\\n]{4,400})\1""")
PACKED = re.compile(r"""(['"`])([\w+/=\s-]{400,})\1""", re.ASCII)  # a file, or samples, as a string
DEPTH = 300
LONG, MOST_LONG = 200, 100  # characters of an attribute that may hold a file, and how many are looked at
SHAPES = {"path", "polyline", "polygon", "line", "rect", "circle", "ellipse", "use"}
DRAWN = {"d", "points", "style", "class", "transform"}
GLUED = 8  # elements that touch the next one, from which each is read for itself


def open(data: bytes, limits: Limits) -> Opened:
    """Return a page's seen text, and the tables, numbers and files in its scripts; raises Unscreenable."""
    content = text.decode(data, limits.notebook_bytes)
    page = read(content)
    if not page.tags:
        raise refuse("page", "This is no HTML: it has no element.", "Hand it in as text, or as Markdown.")
    canonical, changed = text.rebuild(seen_text(page))
    parts = [*hidden_parts(page, content, limits), Text(canonical), *apart(page)]
    if not canonical.strip():
        changed.append(_nothing_seen())
    return Opened(tuple(parts), canonical.encode(), PAGE, (*changed, *left_out(page)))


def apart(page: Page) -> list[Text]:
    """Return what a page shows with a blank between elements, where a style may set apart what touches."""
    pairs = pairwise(page.seen)
    glued = sum(bool(a and b) and a[-1].isalnum() and b[0].isalnum() for a, b in pairs)
    return [Text(text.plain("\n".join(page.seen)), "its elements apart")] if glued >= GLUED else []


def _nothing_seen() -> Finding:
    return block(
        "page",
        "The page shows no text without its scripts.",
        "Hand in its plots as PNG, its text as Markdown.",
    )


def seen_text(page: Page) -> str:
    """Return what a page shows; the rows of a table stand below one another, with bars between cells."""
    seen = re.sub(r"[ \t]*\n[ \t]*", "\n", "".join(page.seen))
    return re.sub(r"\|\n+\|", "|\n|", re.sub(r"\n{3,}", "\n\n", seen))


def left_out(page: Page) -> list[Finding]:
    """Return a note on what a page held beside its seen text."""
    said = [f"{name} ({count})" for name, count in sorted(page.unseen.items()) if count]
    return (
        [note("page_rebuilt", f"Left out of the copy that leaves: {', '.join(said)[:300]}.")] if said else []
    )


def hidden_parts(page: Page, content: str, limits: Limits) -> list[Part]:
    """Return what a page's scripts and addresses hold: tables, numbers, files, words."""
    parts: list[Part] = [*inside.files_in(content, ""), *drawings.points(page.drawn)]
    for given in page.long[:MOST_LONG]:
        # Its own signs are read by now: a page in a page, bytes in an attribute of any name.
        parts += [] if given in content else inside.files_in(given, "attribute")
        parts += inside.bytes_in(given, "attribute")
    for number, script in enumerate(page.scripts, start=1):
        where = f"script {number}"
        for value in inside.values_in(script):
            parts += inside.parts_of(value, limits, where)
        for packed in PACKED.finditer(script):
            parts += inside.bytes_in(packed[2], where)
        if len(script) <= OWN_SCRIPT:
            words = dict.fromkeys(match.group(2) for match in LITERAL.finditer(script))
            parts += [Text("\n".join(words), where)] if words else []
    return parts


@dataclass
class Page(HTMLParser):
    """An HTML text taken apart: what is seen, scripts, and counts of what is not seen."""

    seen: list[str] = field(default_factory=list)
    scripts: list[str] = field(default_factory=list)
    unseen: dict[str, int] = field(default_factory=dict)
    drawn: Element = field(default_factory=lambda: Element("svg"))
    long: list[str] = field(default_factory=list)
    open_tags: list[tuple[str, bool]] = field(default_factory=list)
    in_script: bool = False
    tags: int = 0

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    @property
    def hidden(self) -> bool:
        """Whether what comes next is inside an element that is not shown."""
        return any(hides for _, hides in self.open_tags)

    def count(self, what: str) -> None:
        """Count something that is left out."""
        self.unseen[what] = self.unseen.get(what, 0) + 1

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element's beginning: whether it hides what it holds, and where a line breaks."""
        self.tags += 1
        given = {name: value or "" for name, value in attrs}
        if tag in SHAPES:
            SubElement(self.drawn, tag, given)
        self.long += [value for name, value in given.items() if len(value) >= LONG and name not in DRAWN]
        if tag == "script":
            self.in_script = True
            self.scripts.append("")
            self.count("scripts")
        if tag in ("img", *PLAYED):
            self.count({"img": "pictures"}.get(tag, "embedded files"))
        hides = tag in UNSEEN or "hidden" in given or bool(HIDING.search(given.get("style", "")))
        if hides and tag not in ("head", "style"):
            self.count("hidden elements")
        self._break(tag)
        if tag not in VOID and len(self.open_tags) < DEPTH:
            self.open_tags.append((tag, hides))

    def handle_endtag(self, tag: str) -> None:
        """Note an element's end; one that was never opened changes nothing."""
        if tag == "script":
            self.in_script = False
        for number in range(len(self.open_tags) - 1, -1, -1):
            if self.open_tags[number][0] == tag:
                del self.open_tags[number:]
                break
        if tag in BREAKS or tag in HEADINGS:
            self.seen.append("\n")
        elif tag in ("td", "th"):
            self.seen.append(" | ")

    def _break(self, tag: str) -> None:
        if tag in BREAKS:
            self.seen.append({"li": "\n- ", "tr": "\n| "}.get(tag, "\n"))
        elif tag in HEADINGS:
            self.seen.append(f"\n\n{HEADINGS[tag]}")

    def handle_data(self, data: str) -> None:
        """Keep text that is seen, and scripts apart."""
        if self.in_script:
            self.scripts[-1] += data
        elif not self.hidden:
            self.seen.append(
                data if any(tag == "pre" for tag, _ in self.open_tags) else re.sub(r"\s+", " ", data)
            )

    def handle_comment(self, data: str) -> None:
        """Leave out a comment."""
        self.count("comments")


def read(content: str) -> Page:
    """Return an HTML text taken apart, as a browser would roughly; raises Unscreenable where that fails."""
    page = Page()
    try:
        page.feed(content)
        page.close()
    except AssertionError as error:
        # The library asserts what a declaration, as <![ without a name, need not keep.
        raise refuse("page", "The page holds a broken declaration.", "Save it again as HTML.") from error
    return page
