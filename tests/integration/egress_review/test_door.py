"""The door on real sockets: honest hand-ins arrive, all others are refused and leave nothing behind."""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import socket
import stat
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.integration.egress_review.stage import SAID, Stage, dial, get, hand_in, multipart, send

MIB = 1024**2
HEAD = b"POST /v1/submissions HTTP/1.1\r\nHost: d\r\nContent-Type: multipart/form-data; boundary=line\r\n"


def serves(path: Path) -> bool:
    """Tell whether a door answers."""
    try:
        return get(path, "/v1/context").status == 200
    except OSError:
        return False


@pytest.fixture(autouse=True)
def _nothing_left(stage: Stage) -> Iterator[None]:
    yield
    stage.until(lambda: not stage.incoming(), "nothing stays in incoming")


def test_the_door_opens_for_a_live_session_and_closes_when_it_ends(stage: Stage) -> None:
    session = stage.session()
    path = stage.door(session)
    assert stat.S_IMODE(path.stat().st_mode) == 0o666
    stage.ask(f"Session.objects.filter(pk='{session}').update(state='ended'); answer = 1")
    stage.until(lambda: not path.exists(), "the door closes")


def test_the_door_says_that_it_looks_for_sessions(stage: Stage) -> None:
    stage.door(stage.session())
    said = json.loads((stage.run / "door" / "doors.json").read_text())
    assert said["process"] in {one.pid for one in stage.running}


def test_no_door_opens_for_a_folder_without_a_session(stage: Stage) -> None:
    (stage.run / "sessions" / "0000000000stranger" / "out").mkdir(parents=True)
    # The second door is opened by a look that began after the first one's.
    stage.door(stage.session())
    stage.door(stage.session())
    assert not list((stage.run / "sessions" / "0000000000stranger" / "out").iterdir())


def test_the_context_says_who_this_session_is(stage: Stage) -> None:
    path = stage.door(stage.session())
    answer = get(path, "/v1/context")
    assert answer.status == 200
    assert answer.document["person"]["name"] == "Ada"
    assert answer.document["purpose"] == "phonetics"
    assert answer.document["session"]["budget_left_bytes"] == answer.document["session"]["budget_bytes"]


def test_files_arrive_whole_and_are_frozen(stage: Stage) -> None:
    path = stage.door(stage.session())
    big = os.urandom(12 * MIB)
    answer = hand_in(path, multipart([("table.csv", b"a,1\n"), ("noise.png", big)]))
    assert answer.status == 201, answer.document
    assert answer.document["state"] == "submitted"
    assert answer.document["files"] == [
        {"name": "table.csv", "sha256": hashlib.sha256(b"a,1\n").hexdigest(), "bytes": 4},
        {"name": "noise.png", "sha256": hashlib.sha256(big).hexdigest(), "bytes": len(big)},
    ]
    digest = answer.document["files"][1]["sha256"]
    kept = stage.state / "vault" / "sha256" / digest[:2] / digest
    assert kept.read_bytes() == big
    assert stat.S_IMODE(kept.stat().st_mode) == 0o440
    listed = get(path, "/v1/submissions").document
    assert [item["submission"] for item in listed] == [answer.document["submission"]]


def test_policy_refuses_a_lapsed_member_with_its_reason(stage: Stage) -> None:
    session = stage.session()
    path = stage.door(session)
    stage.ask(
        "Membership.objects.filter(project__workspaces__sessions=" + f"'{session}'"
        ").update(valid_until='2020-01-01'); answer = 1"
    )
    answer = hand_in(path, multipart([("table.csv", b"a,1\n")]))
    assert answer.status == 403
    assert "not a member" in answer.document["error"]


def test_a_policy_engine_that_does_not_answer_means_no(stage: Stage) -> None:
    path = stage.door(stage.session())
    (stage.state / "opa" / "revision").rename(stage.state / "opa" / "away")
    try:
        answer = hand_in(path, multipart([("table.csv", b"a,1\n")]))
    finally:
        (stage.state / "opa" / "away").rename(stage.state / "opa" / "revision")
    assert (answer.status, "nothing was allowed" in answer.document["error"]) == (403, True)


@pytest.mark.parametrize("missing", sorted(SAID))
def test_title_context_and_controls_are_mandatory(missing: str, stage: Stage) -> None:
    answer = hand_in(stage.door(stage.session()), multipart([("a.csv", b"1")], **{missing: " "}))
    assert (answer.status, missing in answer.document["error"]) == (400, True)


def test_sixty_files_are_refused(stage: Stage) -> None:
    path, before = stage.door(stage.session()), stage.count()
    answer = hand_in(path, multipart([(f"{number}.csv", b"1") for number in range(60)]))
    assert (answer.status, "at most 50 files" in answer.document["error"]) == (413, True)
    assert stage.count() == before


def test_a_file_over_the_limit_is_refused_while_it_arrives(stage: Stage) -> None:
    answer = hand_in(stage.door(stage.session()), multipart([("big.csv", b"x" * (201 * MIB))]))
    assert (answer.status, "200 MiB" in answer.document["error"]) == (413, True)


def test_a_body_larger_than_all_limits_is_refused_and_its_sender_reads_why(stage: Stage) -> None:
    answer = hand_in(stage.door(stage.session()), b"x" * (502 * MIB))
    assert (answer.status, "500 MiB" in answer.document["error"]) == (413, True)


@pytest.mark.parametrize(
    ("length", "said"),
    [
        (str(5 * 1024**3), "5,120 MiB"),
        (str(10**12), "953,675 MiB"),
        # Python makes no number of so many digits; zeros in front are no digits.
        ("9" * 4301, "953,674,316,407 MiB"),
        ("0" * 5000 + str(10**12), "953,675 MiB"),
    ],
    ids=["5 GB", "1 TB", "4,301 digits", "zeros in front"],
)
def test_a_body_far_too_long_is_refused_unread_and_its_sender_reads_why(
    length: str, said: str, stage: Stage
) -> None:
    """Of a file of 5 GB nothing has to be sent to know that it can't be handed in."""
    path = stage.door(stage.session())
    with dial(path) as connected:
        connected.sendall(HEAD + f"Content-Length: {length}\r\n\r\n".encode())
        error = refused(connected, 413)
        assert "at most 500 MiB in all" in error and said in error
        assert connected.recv(1) == b""


def test_a_chunk_that_never_ends_is_cut_off_and_its_sender_reads_why(stage: Stage) -> None:
    """It says at once that it is longer than all that is read: it is read up to there, and nothing kept."""
    path, before = stage.door(stage.session()), stage.count()
    with dial(path) as connected:
        connected.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n1fffffffffffffffffff\r\n")
        sent = 0
        with suppress(BrokenPipeError, ConnectionResetError):
            while sent < 1200 * MIB:
                connected.sendall(bytes(MIB))
                sent += MIB
        assert 1024 * MIB <= sent < 1100 * MIB
        assert "at most 500 MiB in all" in refused(connected, 413)
    assert hand_in(path, multipart([("a.csv", b"1")])).status == 201
    assert stage.count() == before + 1


@pytest.mark.parametrize("address", ["/v1/context", "/v1/submissions", "/elsewhere"])
def test_a_body_that_nobody_asked_for_takes_no_memory(address: str, stage: Stage) -> None:
    path = stage.door(stage.session())
    (door,) = (one for one in stage.running if "egress_review.door" in one.args)
    before = highest_bytes(door.pid)
    with dial(path) as connected:
        head = f"PUT {address} HTTP/1.1\r\nHost: d\r\nContent-Length: {300 * MIB}\r\n\r\n"
        connected.sendall(head.encode())
        with suppress(BrokenPipeError, ConnectionResetError):
            for _ in range(300):
                connected.sendall(bytes(MIB))
    assert highest_bytes(door.pid) - before < 60 * MIB


def highest_bytes(process: int) -> int:
    """Return how much memory a process has held at most."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))


def refused(connected: socket.socket, status: int) -> str:
    """Return the sentence of a refusal."""
    answer = http.client.HTTPResponse(connected)
    answer.begin()
    error = str(json.loads(answer.read())["error"])
    assert answer.status == status, error
    return error


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"no boundary here", "multipart/form-data; boundary=line"),
        (b"--line\r\n\r\n\r\n", "multipart/form-data; boundary=line"),
        (multipart([("a.csv", b"1")])[:-9], "multipart/form-data; boundary=line"),
        (multipart([("a.csv", b"1")]), "multipart/form-data"),
        (multipart([("a.csv", b"1")]), "application/json"),
        (b"{}", "application/json"),
        (multipart([("../../x.csv", b"1")]), "multipart/form-data; boundary=line"),
        (multipart([("a\u202egnp.exe", b"1")]), "multipart/form-data; boundary=line"),
        (multipart([("a.csv", b"1"), ("A.csv", b"2")]), "multipart/form-data; boundary=line"),
        (multipart([]), "multipart/form-data; boundary=line"),
        (multipart([("a.csv", b"1")], session="another"), "multipart/form-data; boundary=line"),
    ],
)
def test_a_broken_or_hostile_body_is_refused_with_a_sentence(body: bytes, kind: str, stage: Stage) -> None:
    answer = hand_in(stage.door(stage.session()), body, kind=kind)
    assert answer.status == 400
    assert answer.document["error"].endswith(".")


@pytest.mark.parametrize(
    ("method", "address"),
    [
        ("GET", "/"),
        ("GET", "/v1/../../etc/passwd"),
        ("GET", "/internal/leases"),
        ("DELETE", "/v1/submissions"),
        ("PUT", "/v1/context"),
        ("POST", "/v1/context"),
    ],
)
def test_the_door_does_nothing_else(method: str, address: str, stage: Stage) -> None:
    answer = send(stage.door(stage.session()), method, address)
    assert answer.status in {404, 405}
    assert answer.document["error"].endswith(".")


def test_one_hand_in_at_a_time(stage: Stage) -> None:
    path = stage.door(stage.session())
    body = multipart([("a.csv", b"1")])
    with dial(path) as slow:
        slow.sendall(f"POST /v1/submissions HTTP/1.1\r\nHost: d\r\nContent-Length: {len(body)}\r\n".encode())
        slow.sendall(b"Content-Type: multipart/form-data; boundary=line\r\n\r\n" + body[:60])
        time.sleep(0.3)
        answer = hand_in(path, body)
        assert (answer.status, "still arriving" in answer.document["error"]) == (429, True)
    stage.until(lambda: hand_in(path, body).status == 201, "a broken-off hand-in lets the next one in")


def test_a_hand_in_that_breaks_off_leaves_nothing(stage: Stage) -> None:
    path, before = stage.door(stage.session()), stage.count()
    body = multipart([("a.csv", b"1" * 100_000)])
    with dial(path) as cut:
        cut.sendall(f"POST /v1/submissions HTTP/1.1\r\nHost: d\r\nContent-Length: {len(body)}\r\n".encode())
        cut.sendall(b"Content-Type: multipart/form-data; boundary=line\r\n\r\n" + body[:50_000])
        stage.until(lambda: bool(stage.incoming()), "the upload has begun")
    stage.until(lambda: not stage.incoming(), "the upload is forgotten")
    assert stage.count() == before


def test_oversized_headers_are_refused(stage: Stage) -> None:
    path = stage.door(stage.session())
    with dial(path) as connected:
        connected.sendall(b"GET /v1/context HTTP/1.1\r\nHost: d\r\nX: " + b"a" * 40_000 + b"\r\n\r\n")
        answered = connected.recv(4096)
    assert b"200" not in answered.split(b"\r\n")[0]


def test_a_session_cannot_hold_more_connections_than_a_client_needs(stage: Stage) -> None:
    path = stage.door(stage.session())
    held = [dial(path, 2) for _ in range(40)]
    try:
        time.sleep(0.5)
        open_ones = 0
        for connected in held:
            connected.settimeout(0.05)
            try:
                open_ones += connected.recv(1) != b""
            except TimeoutError:
                open_ones += 1
            except ConnectionResetError:
                continue
        # One place may still be held by who asked whether the door listens.
        assert open_ones in (15, 16)
    finally:
        for connected in held:
            connected.close()
    stage.until(lambda: serves(path), "the door serves again")


def test_two_sessions_are_two_doors(stage: Stage) -> None:
    first, second = stage.door(stage.session()), stage.door(stage.session())
    made = hand_in(first, multipart([("a.csv", b"1")]))
    assert made.status == 201
    assert get(second, "/v1/submissions").document == []


def test_a_socket_that_somebody_removed_is_opened_again(stage: Stage) -> None:
    path = stage.door(stage.session())
    path.unlink()
    stage.until(lambda: serves(path), "the door is back")
