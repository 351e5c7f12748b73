"""JSON answers of a session's server: parsed, cut down to what Lab needs, written anew."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from hub.gate import outputs
from hub.gate.routes import Shape

NAME_CHARACTERS = 1024
MOST_ENTRIES = 5000
MOST_CELLS = 5000


class Unfit(Exception):
    """An answer or a request is not what this address carries; the message is a sentence."""


def load(body: bytes) -> Any:
    """Parse JSON strictly enough that every reader reads the same."""
    try:
        return json.loads(body, parse_constant=lambda _: None)
    except (ValueError, RecursionError) as error:
        raise Unfit("The session answered with something that is not JSON.") from error


def dump(document: Any) -> bytes:
    """Write JSON anew."""
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "replace")


def rebuilt(shape: Shape, body: bytes) -> bytes:
    """Return the answer rebuilt after its shape, or raise Unfit."""
    if shape is Shape.NOTHING:
        return b""
    return dump(_SHAPES[shape](load(body)))


def _text(value: object, limit: int = NAME_CHARACTERS) -> str | None:
    return value[:limit] if isinstance(value, str) else None


def _mapping(value: object) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise Unfit("The session answered with a document of the wrong form.")
    return value


def _list(value: object, most: int = MOST_ENTRIES) -> list[Any]:
    if not isinstance(value, list):
        raise Unfit("The session answered with a document of the wrong form.")
    return value[:most]


def _one_or_many(one: Callable[[Mapping[str, Any]], dict[str, Any]]) -> Callable[[Any], Any]:
    return lambda value: (
        [one(_mapping(x)) for x in _list(value)] if isinstance(value, list) else one(_mapping(value))
    )


_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def _id(value: object) -> str:
    if not isinstance(value, str) or not _UUID.fullmatch(value):
        raise Unfit("The session answered with an id that is none.")
    return value


def _kernel(kernel: Mapping[str, Any]) -> dict[str, Any]:
    count = kernel.get("connections")
    return {
        "id": _id(kernel.get("id")),
        "name": _text(kernel.get("name"), 100),
        "last_activity": _text(kernel.get("last_activity"), 40),
        "execution_state": _text(kernel.get("execution_state"), 20),
        "connections": count if isinstance(count, int) else 0,
    }


def _session(session: Mapping[str, Any]) -> dict[str, Any]:
    kept: dict[str, Any] = {
        "id": _id(session.get("id")),
        "path": _text(session.get("path")),
        "name": _text(session.get("name")),
        "type": _text(session.get("type"), 20),
        "kernel": _kernel(_mapping(session["kernel"])) if session.get("kernel") else None,
    }
    if kept["type"] == "notebook":
        kept["notebook"] = {"path": kept["path"], "name": kept["name"]}
    return kept


def _kernelspecs(document: Any) -> dict[str, Any]:
    found = _mapping(document)
    specs = {}
    for name, entry in list(_mapping(found.get("kernelspecs")).items())[:50]:
        if not re.fullmatch(r"[A-Za-z0-9._-]{1,64}", name):
            continue
        spec = _mapping(_mapping(entry).get("spec"))
        specs[name] = {
            "name": name,
            "spec": {
                "argv": [],
                "env": {},
                "display_name": _text(spec.get("display_name"), 100),
                "language": _text(spec.get("language"), 50),
                "interrupt_mode": "message" if spec.get("interrupt_mode") == "message" else "signal",
                "metadata": {"debugger": False},
            },
            "resources": {},
        }
    return {"default": _text(found.get("default"), 64), "kernelspecs": specs}


def _checkpoint(document: Mapping[str, Any]) -> dict[str, Any]:
    return {"id": _text(document.get("id"), 64), "last_modified": _text(document.get("last_modified"), 40)}


def _contents(document: Any) -> dict[str, Any]:
    found = _mapping(document)
    kept = _entry(found)
    content = found.get("content")
    if content is None:
        return kept | {"format": None, "content": None}
    if kept["type"] == "directory":
        return kept | {"format": "json", "content": [_entry(_mapping(one)) for one in _list(content)]}
    if kept["type"] == "notebook":
        return kept | {"format": "json", "content": notebook(content)}
    if found.get("format") != "text" or not isinstance(content, str):
        raise Unfit("Files that are not text cannot be opened in the browser; hand them in instead.")
    return kept | {"format": "text", "content": content}


def _entry(found: Mapping[str, Any]) -> dict[str, Any]:
    kind = found.get("type")
    if kind not in ("directory", "file", "notebook"):
        raise Unfit("The session answered with a document of the wrong form.")
    size = found.get("size")
    kept = {
        "name": _text(found.get("name")),
        "path": _text(found.get("path"), 4096),
        "type": kind,
        "writable": found.get("writable") is True,
        "created": _text(found.get("created"), 40),
        "last_modified": _text(found.get("last_modified"), 40),
        "mimetype": _text(found.get("mimetype"), 100),
        "size": size if isinstance(size, int) else None,
        "hash": _text(found.get("hash"), 128),
        "hash_algorithm": _text(found.get("hash_algorithm"), 20),
    }
    return kept | {"format": None, "content": None}


def notebook(document: Any) -> dict[str, Any]:
    """Return a notebook whose outputs and attachments are rebuilt as a kernel's messages are."""
    found = _mapping(document)
    return {
        "nbformat": found.get("nbformat") if isinstance(found.get("nbformat"), int) else 4,
        "nbformat_minor": found.get("nbformat_minor") if isinstance(found.get("nbformat_minor"), int) else 5,
        "metadata": _mapping(found.get("metadata", {})),
        "cells": [_cell(_mapping(cell)) for cell in _list(found.get("cells", []), MOST_CELLS)],
    }


def _cell(cell: Mapping[str, Any]) -> dict[str, Any]:
    kind = cell.get("cell_type")
    if kind not in ("code", "markdown", "raw"):
        raise Unfit("The notebook has a cell of an unknown kind.")
    kept: dict[str, Any] = {
        "cell_type": kind,
        "metadata": _mapping(cell.get("metadata", {})),
        "source": outputs.text(cell.get("source"), 4 * outputs.TEXT_CHARACTERS),
    }
    if isinstance(cell.get("id"), str):
        kept["id"] = cell["id"][:64]
    if kind == "code":
        count = cell.get("execution_count")
        kept["execution_count"] = count if isinstance(count, int) else None
        kept["outputs"] = [_output(_mapping(one)) for one in _list(cell.get("outputs", []))]
    elif isinstance(cell.get("attachments"), Mapping):
        kept["attachments"] = {
            str(name)[:NAME_CHARACTERS]: outputs.bundle(data) for name, data in cell["attachments"].items()
        }
    return kept


def _output(output: Mapping[str, Any]) -> dict[str, Any]:
    kind = output.get("output_type")
    if kind == "stream":
        name = "stderr" if output.get("name") == "stderr" else "stdout"
        return {"output_type": kind, "name": name, "text": outputs.text(output.get("text"))}
    if kind == "error":
        lines = output.get("traceback")
        return {
            "output_type": kind,
            "ename": outputs.text(output.get("ename"), NAME_CHARACTERS),
            "evalue": outputs.text(output.get("evalue")),
            "traceback": [outputs.text(line) for line in lines[:500]] if isinstance(lines, list) else [],
        }
    if kind not in ("display_data", "execute_result"):
        raise Unfit("The notebook has an output of an unknown kind.")
    kept = {
        "output_type": kind,
        "data": outputs.bundle(output.get("data")),
        "metadata": outputs.bundle_metadata(output.get("metadata")),
    }
    if kind == "execute_result":
        count = output.get("execution_count")
        kept["execution_count"] = count if isinstance(count, int) else None
    return kept


_SHAPES: dict[Shape, Callable[[Any], Any]] = {
    Shape.ANY: lambda document: dict(_mapping(document)),
    Shape.CONTENTS: _contents,
    Shape.CHECKPOINTS: _one_or_many(_checkpoint),
    Shape.KERNELSPECS: _kernelspecs,
    Shape.KERNELS: _one_or_many(_kernel),
    Shape.SESSIONS: _one_or_many(_session),
}


def request(body: bytes, *, saves: bool) -> bytes:
    """Return a request's JSON written anew; base64 and pieces of files do not pass inward either."""
    if not body:
        return b""
    try:
        document = json.loads(body, parse_constant=lambda _: None)
    except (ValueError, RecursionError) as error:
        raise Unfit("The request is not JSON.") from error
    if not isinstance(document, Mapping):
        raise Unfit("The request is not a JSON object.")
    if saves and (document.get("format") not in (None, "text", "json") or "chunk" in document):
        raise Unfit("Only text and notebooks can be saved from the browser.")
    return dump(document)


def refusal(body: bytes) -> str:
    """Return the sentence in a server's error answer, if there is a short one."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return "The session refused this request."
    message = found.get("message") if isinstance(found, Mapping) else None
    return outputs.text(message, 500) or "The session refused this request."
