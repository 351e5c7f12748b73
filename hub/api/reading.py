"""Reading JSON strictly: UTF-8, no numbers that are none, no name twice, not deeper than a request is."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpRequest
from django.http.request import RawPostDataException
from ninja.parser import Parser

from hub.api.problems import Unreadable

DEEPEST = 20


class StrictJson(Parser):
    """Refuses what two readers could read in two ways."""

    def parse_body(self, request: HttpRequest) -> Any:
        """Return the request's JSON document."""
        try:
            text = request.body.decode()
            found = json.loads(text, object_pairs_hook=_object, parse_constant=_constant)
        except (RawPostDataException, UnicodeDecodeError) as error:
            raise Unreadable("The body is not UTF-8 text.") from error
        except RecursionError as error:
            raise Unreadable(TOO_DEEP) from error
        except ValueError as error:
            raise Unreadable(f"The body is not JSON: {error}.") from error
        if _depth(found) > DEEPEST:
            raise Unreadable(TOO_DEEP)
        return found


TOO_DEEP = f"The JSON is nested deeper than {DEEPEST} levels."


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("an object has the same name twice")
    return found


def _constant(name: str) -> None:
    raise ValueError(f"{name} is not a number")


def _depth(value: Any) -> int:
    # Level by level, so that no nesting can make this deep itself.
    level, depth = [value], 0
    while level:
        depth += 1
        inner: list[Any] = []
        for one in level:
            if isinstance(one, dict):
                inner += [each for each in one.values() if isinstance(each, dict | list)]
            elif isinstance(one, list):
                inner += [each for each in one if isinstance(each, dict | list)]
        level = inner
        if depth > DEEPEST:
            break
    return depth
