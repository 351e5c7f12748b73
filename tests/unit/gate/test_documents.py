"""JSON answers: rebuilt after their shape, or refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hub.gate import documents
from hub.gate.routes import Shape

FILE = {"name": "a.txt", "path": "a.txt", "type": "file", "format": "text", "content": "hi", "writable": True}


def rebuilt(shape: Shape, document: Any) -> Any:
    return json.loads(documents.rebuilt(shape, json.dumps(document).encode()))


@pytest.mark.parametrize(
    ("shape", "body"),
    [
        (Shape.CONTENTS, b"<html><script>x</script></html>"),
        (Shape.CONTENTS, b"[]"),
        (Shape.CONTENTS, b'{"type": "link"}'),
        (Shape.CONTENTS, b'{"type": "file", "format": "base64", "content": "AAAA"}'),
        (Shape.CONTENTS, b'{"type": "file", "format": null, "content": "AAAA"}'),
        (Shape.CONTENTS, b'{"type": "file", "format": "text", "content": {"a": 1}}'),
        (Shape.CONTENTS, b'{"type": "notebook", "content": "AAAA"}'),
        (Shape.CONTENTS, b"[" * 100_000),
        (Shape.KERNELS, b'[{"id": "../../x"}]'),
        (Shape.SESSIONS, b'{"id": 7}'),
        (Shape.ANY, b'"text"'),
    ],
)
def test_a_document_of_another_shape_is_unfit(shape: Shape, body: bytes) -> None:
    with pytest.raises(documents.Unfit):
        documents.rebuilt(shape, body)


def test_unknown_fields_are_left_out() -> None:
    kept = rebuilt(Shape.CONTENTS, FILE | {"extra": "data", "mimetype": ["x"]})
    assert kept["content"] == "hi"
    assert "extra" not in kept and kept["mimetype"] is None


def test_a_listing_never_carries_the_contents_of_its_files() -> None:
    kept = rebuilt(Shape.CONTENTS, {"type": "directory", "name": "", "path": "", "content": [FILE]})
    assert kept["content"][0]["content"] is None


def test_the_outputs_of_a_saved_notebook_are_filtered_as_messages_are() -> None:
    cell = {"cell_type": "code", "source": "1", "metadata": {}, "id": "a", "execution_count": 1}
    data = {"text/html": "<script>x</script>ok", "audio/wav": "AAAA"}
    cell["outputs"] = [{"output_type": "display_data", "data": data, "metadata": {"isolated": True}}]
    note = {
        "cell_type": "markdown",
        "source": "m",
        "metadata": {},
        "attachments": {"x.svg": {"image/svg+xml": "<svg/>"}},
    }
    book = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [cell, note], "extra": "x"}
    kept = rebuilt(Shape.CONTENTS, {"type": "notebook", "name": "a", "path": "a", "content": book})["content"]
    assert kept["cells"][0]["outputs"] == [
        {"output_type": "display_data", "data": {"text/html": "ok"}, "metadata": {}}
    ]
    assert "image/svg+xml" not in kept["cells"][1]["attachments"]["x.svg"]
    assert "extra" not in kept


def test_an_unknown_output_makes_the_notebook_unfit() -> None:
    cell = {"cell_type": "code", "source": "", "outputs": [{"output_type": "blob", "data": "x"}]}
    book = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [cell]}
    with pytest.raises(documents.Unfit):
        rebuilt(Shape.CONTENTS, {"type": "notebook", "name": "a", "path": "a", "content": book})


def test_kernel_specs_lose_commands_variables_and_resources() -> None:
    spec = {
        "argv": ["x"],
        "env": {"a": "b"},
        "display_name": "Python",
        "language": "python",
        "metadata": {"debugger": True},
    }
    found = {
        "default": "python3",
        "kernelspecs": {"python3": {"name": "x", "spec": spec, "resources": {"logo": "//evil"}}},
    }
    kept = rebuilt(Shape.KERNELSPECS, found)["kernelspecs"]["python3"]
    assert (
        kept["resources"] == {}
        and kept["spec"]["argv"] == []
        and kept["spec"]["metadata"] == {"debugger": False}
    )


@pytest.mark.parametrize(
    "body",
    [b'{"format": "base64", "content": "AAAA"}', b'{"format": "text", "chunk": 1}', b"[]", b"nonsense"],
)
def test_bytes_cannot_be_saved_from_the_browser(body: bytes) -> None:
    with pytest.raises(documents.Unfit):
        documents.request(body, saves=True)


def test_nan_becomes_null_so_that_browsers_can_read_it() -> None:
    assert documents.rebuilt(Shape.ANY, b'{"a": NaN}') == b'{"a":null}'
