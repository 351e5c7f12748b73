"""Every way to take one attribute out of a question, to empty it or to give it another type."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

Path = tuple[str | int, ...]


def paths(value: Any, at: Path = ()) -> Iterator[Path]:
    """Yield the path of every branch and leaf below a JSON value."""
    items: list[tuple[str | int, Any]] = []
    if isinstance(value, dict):
        items = list(value.items())
    elif isinstance(value, list):
        items = list(enumerate(value))
    for key, inner in items:
        yield (*at, key)
        yield from paths(inner, (*at, key))


def without(document: Any, path: Path) -> Any:
    """Return the document with one thing taken out."""
    changed, parent = _opened(document, path)
    del parent[path[-1]]
    return changed


def with_value(document: Any, path: Path, value: Any) -> Any:
    """Return the document with one thing replaced."""
    changed, parent = _opened(document, path)
    parent[path[-1]] = value
    return changed


def value_at(document: Any, path: Path) -> Any:
    """Return what is at a path."""
    for key in path:
        document = document[key]
    return document


def other_types(value: Any) -> list[Any]:
    """Return values of other types that a careless rule could take for this one."""
    if isinstance(value, bool):
        return [str(value).lower(), int(value), [value]]
    if isinstance(value, str):
        return [0, True, [value], {"value": value}, ""]
    if isinstance(value, int):
        return [str(value), True]
    if isinstance(value, list):
        return [{}, {"0": value}, "", True, 0]
    return [[value], [], "", True, 0]


def _opened(document: Any, path: Path) -> tuple[Any, Any]:
    changed = copy.deepcopy(document)
    return changed, value_at(changed, path[:-1])
