"""Kernel messages: what passes, in which form, and what never does."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.gate import messages
from hub.gate.messages import Message

HEADER = {"msg_id": "1", "session": "s", "username": "u", "date": "d", "version": "5.3"}


def frame(
    kind: str, content: Any, *, channel: str = "iopub", buffers: tuple[bytes, ...] = (), **header: Any
) -> bytes:
    """Write a frame as jupyter_server does, buffers included."""
    parts = [channel.encode()]
    parts += [
        json.dumps(part).encode() for part in ({**HEADER, "msg_type": kind, **header}, {}, {"m": 1}, content)
    ]
    parts += buffers
    offsets = [8 * (len(parts) + 2)]
    for part in parts:
        offsets.append(offsets[-1] + len(part))
    return (
        len(offsets).to_bytes(8, "little")
        + b"".join(n.to_bytes(8, "little") for n in offsets)
        + b"".join(parts)
    )


def outward(kind: str, content: Any, **options: Any) -> Message | None:
    return messages.outward(messages.parse(frame(kind, content, **options)))


@pytest.mark.parametrize(
    "kind",
    [
        "comm_open",
        "comm_msg",
        "comm_close",
        "comm_info_reply",
        "debug_event",
        "debug_reply",
        "create_subshell_reply",
        "x",
    ],
)
def test_a_type_that_is_not_listed_does_not_come_out(kind: str) -> None:
    assert outward(kind, {"data": {"text/plain": "x"}}) is None


@pytest.mark.parametrize(
    "kind", ["comm_open", "comm_msg", "comm_info_request", "debug_request", "connect_request", ""]
)
def test_a_type_that_is_not_listed_does_not_go_in(kind: str) -> None:
    assert messages.inward(messages.parse(frame(kind, {}, channel="shell"))) is None


def test_an_unknown_channel_passes_neither_way() -> None:
    assert outward("stream", {"name": "stdout", "text": "x"}, channel="other") is None
    assert messages.inward(messages.parse(frame("execute_request", {"code": "1"}, channel="iopub"))) is None


def test_buffers_metadata_and_unknown_fields_stay_in() -> None:
    shown = outward(
        "stream", {"name": "stdout", "text": "x", "secret": "y"}, buffers=(b"z" * 999,), extra="w"
    )
    assert shown is not None
    written = messages.write(shown)
    assert (
        b"zzz" not in written
        and b"secret" not in written
        and b"extra" not in written
        and b'"m"' not in written
    )
    assert messages.parse(written).content == {"name": "stdout", "text": "x"}


def test_a_stream_is_cut_to_its_limit() -> None:
    shown = outward("stream", {"name": "stdout", "text": "x" * 1_000_000})
    assert shown is not None
    assert len(shown.content["text"]) < 300_000
    assert "shows no more" in shown.content["text"]


def test_a_header_cannot_carry_more_than_its_names() -> None:
    shown = outward("status", {"execution_state": "idle"}, msg_id="i" * 5000, username={"a": 1})
    assert shown is not None
    assert len(shown.header["msg_id"]) == 256
    assert "username" not in shown.header


def test_a_kernel_cannot_switch_on_subshells_or_the_debugger() -> None:
    shown = outward(
        "kernel_info_reply", {"status": "ok", "supported_features": ["kernel subshells", "debugger"]}
    )
    assert shown is not None
    assert "supported_features" not in shown.content
    assert shown.content["debugger"] is False


def test_an_execution_reply_keeps_pages_of_text_and_no_expressions() -> None:
    reply = {
        "status": "ok",
        "execution_count": 1,
        "user_expressions": {"x": {"data": {"application/octet-stream": "AAAA"}}},
        "payload": [
            {"source": "page", "data": {"text/html": "<script>x</script>hi"}},
            {"source": "edit_magic", "f": "x"},
        ],
    }
    shown = outward("execute_reply", reply, channel="shell")
    assert shown is not None
    assert shown.content["user_expressions"] == {}
    assert shown.content["payload"] == [{"source": "page", "start": 0, "data": {"text/html": "hi"}}]


def test_display_metadata_that_changes_how_lab_renders_is_dropped() -> None:
    shown = outward(
        "display_data",
        {"data": {"text/plain": "x"}, "metadata": {"isolated": True, "text/html": {"isolated": True}}},
    )
    assert shown is not None
    assert shown.content["metadata"] == {}


@pytest.mark.parametrize(
    "nonsense", [None, [], "x", 7, {"data": []}, {"data": {"text/plain": {"a": 1}}}, {"traceback": "x"}]
)
@pytest.mark.parametrize("kind", sorted(messages._OUTWARD))
def test_a_malformed_content_never_breaks_the_filter(kind: str, nonsense: Any) -> None:
    if isinstance(nonsense, dict):
        assert outward(kind, nonsense) is not None
    else:
        with pytest.raises(messages.Unreadable):
            outward(kind, nonsense)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(
    kind=st.sampled_from(sorted(messages._OUTWARD)),
    content=st.dictionaries(
        st.sampled_from(
            [
                "data",
                "metadata",
                "transient",
                "text",
                "name",
                "payload",
                "traceback",
                "history",
                "matches",
                "language_info",
            ]
        )
        | st.text(max_size=8),
        json_values,
        max_size=6,
    ),
)
def test_whatever_a_kernel_sends_comes_out_as_a_readable_frame_or_not_at_all(
    kind: str, content: dict[str, Any]
) -> None:
    shown = outward(kind, content)
    assert shown is not None
    again = messages.parse(messages.write(shown))
    assert set(again.header) <= {"msg_id", "msg_type", "username", "session", "date", "version"}
    assert set(again.content.get("data", {})) <= {
        "text/plain",
        "text/html",
        "text/markdown",
        "text/latex",
        "application/json",
        "image/png",
        "image/jpeg",
    }


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=400))
def test_bytes_that_are_no_frame_are_unreadable_and_nothing_worse(raw: bytes) -> None:
    with pytest.raises(messages.Unreadable):
        messages.parse(raw)


def test_overlapping_or_outlying_parts_are_unreadable() -> None:
    good = frame("status", {"execution_state": "idle"})
    count = int.from_bytes(good[:8], "little")
    for number in range(1, count + 1):
        for value in (0, 2**40, 2**63):
            bad = good[: 8 * number] + value.to_bytes(8, "little") + good[8 * number + 8 :]
            with pytest.raises(messages.Unreadable):
                messages.parse(bad)


def test_a_frame_survives_writing_and_reading() -> None:
    message = Message("shell", HEADER | {"msg_type": "execute_request"}, {}, {"code": "ä\ud800"})
    assert messages.parse(messages.write(message)).content["code"] == "ä?"
