"""Notebooks: built anew from the few fields a reader sees; every output passes the same checks as a file."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import nbformat
from nbformat import v4

from egress_review.screening import pictures, structured, text
from egress_review.screening.carriers import data, pages, signatures
from egress_review.screening.examine import Open, examine, texts_together, words
from egress_review.screening.index import Index
from egress_review.screening.limits import Limits
from egress_review.screening.parts import Packed, Part, Text
from egress_review.screening.verdict import Finding, Unscreenable, block, note, refuse

PICTURE_TYPES = {"image/png": "png", "image/jpeg": "jpeg", "image/gif": "gif", "image/webp": "webp"}
# Written outputs that are twins of what is shown as text or as a picture: looked through, then left out.
SCRIPTS = {"application/javascript", "text/javascript"}
ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


# nbformat's builders carry no types.
read_notebook: Any = nbformat.from_dict
write_notebook: Any = nbformat.writes
validate: Any = nbformat.validate
new_notebook: Any = v4.new_notebook
new_code_cell: Any = v4.new_code_cell
new_markdown_cell: Any = v4.new_markdown_cell
new_output: Any = v4.new_output


@dataclass
class Rebuilt:
    """A notebook while it is built anew: its cells, what was found, what was left out."""

    index: Index
    limits: Limits
    unpack: Open
    cells: list[Any] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    left_out: dict[str, int] = field(default_factory=dict)
    outputs: int = 0
    pictures: int = 0

    def leave_out(self, what: str) -> None:
        """Count something that does not go along."""
        self.left_out[what] = self.left_out.get(what, 0) + 1

    def look(self, parts: list[Part]) -> None:
        """Look through what does not go along, too: it shows what the notebook was about to give away."""
        self.findings += examine(parts, self.index, self.limits, unpack=self.unpack)

    def text(self, content: str, where: str) -> str:
        """Return the canonical form of a text after looking through it, tables in it included."""
        clean = text.rebuild(content)[0].rstrip("\n")
        self.findings += words(clean, self.index, self.limits, where)
        return clean


def screen(content: str, index: Index, limits: Limits, *, unpack: Open) -> tuple[str, list[Finding]]:
    """Return the canonical notebook and what was found; raises Unscreenable for anything but format 4."""
    value = structured.parse(content, limits)
    cells = value.get("cells") if isinstance(value, dict) else None
    broken = not isinstance(cells, list) or not all(isinstance(cell, dict) for cell in cells)
    if broken or not isinstance(value, dict) or value.get("nbformat") != 4:
        raise refuse(
            "notebook", "This is no notebook of format 4.", "Open it in JupyterLab and save it again."
        )
    minor = value.get("nbformat_minor")
    if type(minor) is not int or not 0 <= minor <= nbformat.current_nbformat_minor:
        # Of a version that is yet to come nothing would be validated.
        raise refuse(
            "notebook",
            f"Notebooks of version 4.{str(minor)[:20]} can't be read here.",
            f"Save it as version 4.{nbformat.current_nbformat_minor}.",
        )
    source: Any = read_notebook(value)
    try:
        validate(source)
    except nbformat.ValidationError as error:
        raise refuse(
            "notebook",
            f"The notebook breaks its format: {str(error).splitlines()[0][:200]}",
            "Open it in JupyterLab and save it again.",
        ) from error
    if len(source.cells) > limits.notebook_cells:
        raise refuse(
            "notebook", f"The notebook has {len(source.cells):,} cells.", f"At most {limits.notebook_cells}."
        )
    work = Rebuilt(index, limits, unpack)
    for number, cell in enumerate(source.cells, start=1):
        _cell(cell, number, work)
        if len(work.findings) > limits.findings:
            break
    work.findings += texts_together([_joined(cell.source).strip() for cell in source.cells], index, limits)
    if source.metadata.get("widgets"):
        work.look(data.parts_of(source.metadata["widgets"], limits, "widget state"))
        work.leave_out("widget state")
    return _written(source, work), [*work.findings, *_notes(work)]


def _notes(work: Rebuilt) -> Iterator[Finding]:
    for what, count in work.left_out.items():
        yield note("notebook_rebuilt", f"Left out of the copy that leaves: {what} ({count}).")


def _written(source: Any, work: Rebuilt) -> str:
    built = new_notebook(cells=work.cells)
    if (source.metadata.get("kernelspec") or {}).get("language", "python") == "python":
        built.metadata["kernelspec"] = {"display_name": "Python 3", "language": "python", "name": "python3"}
        built.metadata["language_info"] = {"name": "python"}
    built.nbformat, built.nbformat_minor = 4, 5
    for number, cell in enumerate(built.cells, start=1):
        cell["id"] = f"cell-{number:04d}"
    validate(built)
    return str(write_notebook(built, version=4)) + "\n"


def _cell(cell: Any, number: int, work: Rebuilt) -> None:
    where = f"cell {number}"
    if cell.cell_type == "raw":
        work.text(_joined(cell.source), where)
        work.leave_out("raw cells")
        return
    if cell.get("attachments"):
        for attached in cell.attachments.values():
            work.look(
                [part for packed in attached.values() for part in _packed(packed, f"{where}, attachment")]
            )
        work.leave_out("attachments")
    content = work.text(_joined(cell.source), where)
    if cell.cell_type == "markdown":
        work.cells.append(new_markdown_cell(content))
        return
    built = new_code_cell(content)
    built.execution_count = None
    for position, output in enumerate(cell.outputs, start=1):
        work.outputs += 1
        if work.outputs > work.limits.notebook_outputs:
            raise refuse(
                "notebook",
                f"The notebook has more than {work.limits.notebook_outputs:,} outputs.",
                "Clear outputs that are no result.",
            )
        kept = _output(output, f"{where}, output {position}", work)
        if kept is not None:
            built.outputs.append(kept)
    work.cells.append(built)


def _joined(content: str | list[str]) -> str:
    return content if isinstance(content, str) else "".join(content)


def _output(output: Any, where: str, work: Rebuilt) -> Any | None:
    if output.output_type == "stream":
        name = output.name if output.name in ("stdout", "stderr") else "stdout"
        return new_output(
            "stream", name=name, text=work.text(ANSI.sub("", _joined(output.text)), where) + "\n"
        )
    if output.output_type == "error":
        trace = "\n".join([str(output.ename), str(output.evalue), *map(str, output.traceback)])
        work.text(ANSI.sub("", trace), where)
        work.leave_out("error messages")
        return None
    return _shown(output, where, work)


def _shown(output: Any, where: str, work: Rebuilt) -> Any | None:
    kept: dict[str, Any] = {}
    for media_type, content in output.data.items():
        if media_type == "text/plain":
            kept[media_type] = work.text(_joined(content), where)
        elif media_type in PICTURE_TYPES:
            drawn = _picture(content, media_type, where, work)
            if drawn:
                kept["image/png"] = drawn
        else:
            _left_out(media_type, content, where, work)
    if not kept:
        return None
    return new_output("display_data", data=kept)


def _left_out(media_type: str, content: Any, where: str, work: Rebuilt) -> None:
    """Look through an output that does not go along, as what it is."""
    if media_type in SCRIPTS:
        work.findings.append(
            block(
                "notebook_output", "This output is a script, which can't leave.", "Clear this output.", where
            )
        )
        return
    work.leave_out(f"outputs as {media_type[:60]}")
    written = _joined(content) if isinstance(content, str | list) and _is_text(content) else ""
    if media_type == "text/html":
        page = pages.read(written)
        work.look(
            [*pages.hidden_parts(page, written, work.limits), Text(text.plain(pages.seen_text(page)), where)]
        )
    elif media_type.startswith("text/"):
        work.text(written, where)
    elif media_type == "image/svg+xml":
        work.look([Packed(written.encode(), "output.svg", where)])
    elif written:
        work.look(_packed(written, where))
    else:
        work.look(data.parts_of(content, work.limits, where))


def _is_text(content: Any) -> bool:
    return isinstance(content, str) or all(isinstance(line, str) for line in content)


def _packed(content: Any, where: str) -> list[Part]:
    """Return what base64 text holds: a file where it is a known one, and else nothing that could be told."""
    try:
        raw = base64.b64decode(re.sub(r"\s", "", _joined(content)), validate=True)
    except (binascii.Error, ValueError, TypeError):
        return list(data.files_in(str(content), where))
    return [Packed(raw, "", where)] if signatures.content(raw) in data.KNOWN else []


def _picture(content: Any, media_type: str, where: str, work: Rebuilt) -> str | None:
    work.pictures += 1
    if work.pictures > work.limits.notebook_pictures:
        raise refuse(
            "notebook",
            f"The notebook has more than {work.limits.notebook_pictures} pictures.",
            "Clear those that are no result.",
            where,
        )
    try:
        raw = base64.b64decode(re.sub(r"\s", "", _joined(content)), validate=True)
        if signatures.content(raw) != PICTURE_TYPES[media_type]:
            raise ValueError("another format")
        opened = pictures.open(raw, work.limits)
        findings = [*opened.findings, *examine(opened.parts, work.index, work.limits, unpack=work.unpack)]
    except (binascii.Error, ValueError, TypeError):
        work.findings.append(pictures.block_output(where))
        return None
    except Unscreenable as error:
        work.findings.append(block(error.finding.check, error.finding.message, error.finding.fix, where))
        return None
    for finding in findings:
        work.findings.append(Finding(finding.check, finding.severity, finding.message, finding.fix, where))
    return base64.b64encode(opened.canonical).decode()
