"""JSON schemas of the questions, made from their types: Python and Rego agree on what is complete."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from hub.policy.questions import QUESTIONS, Question

DATE = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
TIME = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z$"


def packages() -> list[str]:
    """Return the packages that answer questions."""
    return sorted({question.package for question in QUESTIONS})


def of_package(package: str) -> dict[str, Any]:
    """Return the schema that every question to a package must satisfy, one alternative an action."""
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": f"A question to the package {package}",
        "anyOf": [of_question(question) for question in QUESTIONS if question.package == package],
    }


def of_question(question: type[Question]) -> dict[str, Any]:
    """Return the schema of one question: every attribute required, none unknown, none null."""
    schema = _of_dataclass(question)
    schema["title"] = question.__name__
    schema["properties"] = {"action": {"type": "string", "enum": [question.action]}, **schema["properties"]}
    schema["required"] = ["action", *schema["required"]]
    return schema


def other_facts(package: str, document: dict[str, Any]) -> tuple[str, ...]:
    """Return the facts that either a question of this kind today or this one, asked earlier, holds alone."""
    for question in QUESTIONS:
        if (question.package, question.action) == (package, document.get("action")):
            return tuple(dict.fromkeys(_other_facts(of_question(question), document, "")))
    return ()


def _other_facts(schema: dict[str, Any], document: Any, place: str) -> Iterator[str]:
    if schema["type"] == "array" and isinstance(document, list):
        for one in document:
            yield from _other_facts(schema["items"], one, place)
    elif schema["type"] == "object" and isinstance(document, dict):
        today = schema["properties"]
        for name in sorted(today.keys() | document.keys()):
            named = f"{place}.{name}" if place else name
            if name in document and name in today:
                yield from _other_facts(today[name], document[name], named)
            else:
                yield named


def _of_dataclass(kind: type[Any]) -> dict[str, Any]:
    hints = get_type_hints(kind)
    names = [field.name for field in fields(kind)]
    return {
        "type": "object",
        "properties": {name: _of_type(hints[name]) for name in names},
        "required": names,
        "additionalProperties": False,
    }


def _of_type(kind: Any) -> dict[str, Any]:
    simple: dict[Any, dict[str, Any]] = {
        bool: {"type": "boolean"},
        int: {"type": "integer"},
        str: {"type": "string", "minLength": 1},
        datetime: {"type": "string", "pattern": TIME},
        date: {"type": "string", "pattern": DATE},
    }
    if kind in simple:
        return simple[kind]
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Literal:
        return {"type": "string", "enum": list(inner)}
    if origin is tuple:
        return {"type": "array", "items": _of_type(inner[0])}
    if origin in (Union, UnionType):
        # A missing end travels as the last day there is, so the date alone is the schema.
        (present,) = (option for option in inner if option is not NoneType)
        return _of_type(present)
    if is_dataclass(kind) and isinstance(kind, type):
        return _of_dataclass(kind)
    raise TypeError(f"a question cannot carry a {kind}")
