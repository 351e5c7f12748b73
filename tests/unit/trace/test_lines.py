"""A line is one JSON object: an event with fields, and the request it belongs to."""

from __future__ import annotations

import asyncio
import json
import logging
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from hub import ids, trace


def line(message: str, *values: object, exc_info: Any = None) -> dict[str, Any]:
    record = logging.LogRecord("some.module", logging.INFO, "file", 1, message, values, exc_info)
    text = trace.Lines().format(record)
    assert "\n" not in text
    found: dict[str, Any] = json.loads(text)
    return found


@pytest.mark.parametrize(
    ("message", "values", "event", "fields"),
    [
        ("engine_ready", (), "engine_ready", {}),
        (
            "session_started session=%s image=%s",
            ("a", "b"),
            "session_started",
            {"session": "a", "image": "b"},
        ),
        ("index_built version=%s seconds=%.1f", ("v", 1.5), "index_built", {"version": "v", "seconds": 1.5}),
        (
            "session_stopped session=%s reason=gone",
            ("a",),
            "session_stopped",
            {"session": "a", "reason": "gone"},
        ),
        ("x reason=%s", ('two\n"lines"',), "x", {"reason": 'two\n"lines"'}),
    ],
)
def test_what_is_said_becomes_an_event_with_its_fields(
    message: str, values: tuple[object, ...], event: str, fields: dict[str, object]
) -> None:
    found = line(message, *values)
    assert (found["event"], found["fields"]) == (event, fields)


@pytest.mark.parametrize(
    ("message", "values"), [("Starting at %s", ("x",)), ("100 % of it", ()), ("a b=%s and more", ("c",))]
)
def test_what_a_library_says_stays_what_it_is(message: str, values: tuple[object, ...]) -> None:
    found = line(message, *values)
    assert found["event"] == "said"
    assert found["message"] == (message % values if values else message)


def test_a_value_cannot_write_a_second_line_or_fill_the_log() -> None:
    assert len(line("x reason=%s", "y" * 100_000)["fields"]["reason"]) == trace.FIELD_CHARACTERS


def test_a_line_carries_the_request_and_only_within_it() -> None:
    with trace.following() as request:
        assert line("x")["request"] == request
    assert line("x")["request"] == ""


@pytest.mark.parametrize("given", [None, "", "short", "A" * 26, "a" * 27, "a" * 25 + "\n", "../" * 9])
def test_what_is_no_id_is_not_taken_as_one(given: str | None) -> None:
    with trace.following():
        assert trace.begin(given) != given


def test_the_id_goes_on_to_another_thread_and_leaves_nothing_there() -> None:
    with ThreadPoolExecutor(1) as pool:
        with trace.following() as request:
            assert pool.submit(trace.carried(trace.current)).result() == request
        assert pool.submit(trace.current).result() == ""


def test_requests_side_by_side_keep_their_own_ids() -> None:
    async def one() -> bool:
        mine = trace.begin()
        await asyncio.sleep(0)
        return trace.current() == mine

    async def many() -> list[bool]:
        return await asyncio.gather(*(one() for _ in range(50)))

    assert all(asyncio.run(many()))


def test_the_next_process_is_told_the_id() -> None:
    assert trace.headers() == {}
    given = ids.new()
    with trace.following(given):
        assert trace.headers() == {trace.HEADER: given}
