"""The forms of a page, read as a browser reads them, and filled as somebody would who only wants to go on."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

from django.core.files.uploadedfile import SimpleUploadedFile

# A number, an id or a short name in an address, by which pages of one kind differ.
ONE_OF_MANY = re.compile(
    r"[0-9a-z]{26}(?=/|$)|(?<=/)[0-9]+(?=/|$)|(?<=^/projects/|^/datasets/)[^/]+"
    r"|(?<=^/workspaces/)[^/]+|(?<=^/bring-ins/new/)[^/]+"
)
Sent = dict[str, str | SimpleUploadedFile]
# Typed by hand: what a page that comes back has to show again.
TYPED = ("text", "search", "email", "url", "number", "date", "textarea")
PLAUSIBLE = {
    "number": "3",
    "email": "somebody@north.example",
    "date": (datetime.now(UTC).date() + timedelta(days=20)).isoformat(),
    "password": "correct horse battery staple",
    "checkbox": "on",
}


@dataclass
class Field:
    """One control: its name, its kind, what stands in it, and what may be chosen."""

    name: str
    kind: str
    value: str = ""
    checked: bool = False
    options: list[str] = field(default_factory=list)

    def filled(self) -> str:
        """Return what stands in it, or what somebody might put there."""
        return self.value or next(filter(None, self.options), "") or PLAUSIBLE.get(self.kind, "said in words")


@dataclass
class Form:
    """A form: the page it stands on, where it is sent, and its controls."""

    page: str
    action: str
    method: str
    fields: list[Field] = field(default_factory=list)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its controls, each once, without the proof of origin."""
        return tuple(dict.fromkeys(one.name for one in self.fields if one.name != "csrfmiddlewaretoken"))

    def kind(self, name: str) -> str:
        """Return the kind of a control."""
        return next(one.kind for one in self.fields if one.name == name)

    def filled(self) -> Sent:
        """Return what a browser would send once everything is filled; of several buttons the first."""
        sent: Sent = {}
        for one in self.fields:
            first = one.name not in sent
            if one.name in self.names and (first or (one.kind == "radio" and one.checked)):
                sent[one.name] = file(b"print('vowels')\n") if one.kind == "file" else one.filled()
        return sent


def file(content: bytes, name: str = "track.py") -> SimpleUploadedFile:
    """Return a file as a browser sends it."""
    return SimpleUploadedFile(name, content)


class _Reader(HTMLParser):
    """Collects forms and links."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.page = page
        self.forms: list[Form] = []
        self.links: list[str] = []
        self._form: Form | None = None
        self._select: Field | None = None
        self._area: Field | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Read a form, a control, an option or a link."""
        said = {name: value or "" for name, value in attrs}
        if tag == "a" and "href" in said:
            self.links.append(urljoin(self.page, said["href"]))
        elif tag == "form":
            action = urlsplit(urljoin(self.page, said.get("action") or self.page)).path
            self._form = Form(self.page, action, said.get("method", "get").lower())
            self.forms.append(self._form)
        elif tag == "option" and self._select is not None:
            self._option(said)
        elif self._form is not None and said.get("name") and tag in {"input", "select", "textarea", "button"}:
            self._control(tag, said, self._form)

    def _control(self, tag: str, said: dict[str, str], form: Form) -> None:
        kind = said.get("type", "text") if tag == "input" else tag
        made = Field(said["name"], kind, said.get("value", ""), "checked" in said)
        form.fields.append(made)
        if tag == "select":
            self._select = made
        elif tag == "textarea":
            self._area = made

    def _option(self, said: dict[str, str]) -> None:
        assert self._select is not None
        self._select.options.append(said.get("value", ""))
        if "selected" in said:
            self._select.value = said.get("value", "")

    def handle_data(self, data: str) -> None:
        """Read what stands in a text area."""
        if self._area is not None:
            self._area.value += data

    def handle_endtag(self, tag: str) -> None:
        """Leave a form or a control."""
        if tag == "form":
            self._form = None
        elif tag == "select":
            self._select = None
        elif tag == "textarea" and self._area is not None:
            # What a browser leaves out: the line that Django writes before the text.
            self._area.value = self._area.value.removeprefix("\r\n").removeprefix("\n")
            self._area = None


def kind_of(path: str) -> str:
    """Return the kind of page that a path leads to: the path, without what tells one of many."""
    return ONE_OF_MANY.sub("*", path)


def read(page: str, html: str) -> tuple[list[Form], list[str]]:
    """Return the forms of a page and where its links lead, both in their order."""
    reader = _Reader(page)
    reader.feed(html)
    reader.close()
    return reader.forms, reader.links
