"""Which requests may reach a session: denials first."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.gate import routes

KERNEL = "11111111-2222-3333-4444-555555555555"

DENIED = [
    ("GET", "files/data.wav"),
    ("GET", "files/"),
    ("GET", "nbconvert/html/x.ipynb"),
    ("GET", "view/x.html"),
    ("GET", "api/terminals"),
    ("POST", "api/terminals"),
    ("GET", "terminals/websocket/1"),
    ("GET", "api/nbconvert"),
    ("GET", "lsp/status"),
    ("GET", "lab/api/build"),
    ("GET", "lab/api/listings"),
    ("GET", "api/status"),
    ("POST", "api/shutdown"),
    ("GET", "api/config/notebook"),
    ("GET", "lab"),
    ("GET", "static/lab/main.js"),
    ("GET", "custom/custom.css"),
    ("GET", "login"),
    ("GET", "logout"),
    ("GET", "metrics"),
    ("GET", "proxy/8080/"),
    ("POST", "api/kernels"),
    ("GET", f"api/kernels/{KERNEL}/channels"),
    ("GET", "api/kernels/../contents"),
    ("DELETE", "api/kernels/all"),
    ("PATCH", f"api/kernels/{KERNEL}"),
    ("PUT", "api/contents"),
    ("DELETE", "api/contents"),
    ("PATCH", "api/contents"),
    ("POST", "lab/api/settings/x"),
    ("PUT", "lab/api/workspaces"),
    ("OPTIONS", "api/contents"),
    ("HEAD", "api/contents/x"),
    ("TRACE", "api/kernels"),
    ("get", "api/kernels"),
    ("GET", "API/kernels"),
    ("GET", "api/kernels\n"),
    ("GET", ""),
]
ALLOWED = [
    ("GET", "api/kernelspecs"),
    ("GET", "api/kernels"),
    ("GET", "api/contents"),
    ("GET", "api/contents/a/b.ipynb"),
    ("PUT", "api/contents/a/b.ipynb"),
    ("POST", "api/contents"),
    ("PATCH", "api/contents/a.ipynb"),
    ("DELETE", "api/contents/a.ipynb"),
    ("POST", "api/contents/a.ipynb/checkpoints"),
    ("POST", "api/sessions"),
    ("PATCH", f"api/sessions/{KERNEL}"),
    ("POST", f"api/kernels/{KERNEL}/interrupt"),
    ("POST", f"api/kernels/{KERNEL}/restart"),
    ("GET", "lab/api/settings"),
    ("PUT", "lab/api/settings/@jupyterlab/apputils-extension:themes"),
    ("PUT", "lab/api/workspaces/default"),
]


@pytest.mark.parametrize(("method", "path"), DENIED)
def test_an_address_that_is_not_listed_does_not_pass(method: str, path: str) -> None:
    assert routes.find(method, path) is None


@pytest.mark.parametrize(("method", "path"), ALLOWED)
def test_an_address_that_lab_needs_passes(method: str, path: str) -> None:
    assert routes.find(method, path) is not None


@pytest.mark.parametrize(
    "raw",
    [
        "/api/contents/../../etc/passwd",
        "/api/contents/%2e%2e/files/x",
        "/api/contents/%2E%2E",
        "/api/contents/.%2e/x",
        "/api/contents//x",
        "//api/contents",
        "/api/contents/a%2fb",
        "/api/contents/a%2Fb",
        "/api/contents/a%5cb",
        "/api/contents/a\\b",
        "/api/contents/a%00b",
        "/api/contents/a%0d%0ab",
        "/api/contents/a%7f",
        "/api/contents/./x",
        "/api/contents/%ff",
        "api/contents",
        "/" + "a" * 3000,
    ],
)
def test_a_path_that_two_readers_could_read_differently_is_refused(raw: str) -> None:
    with pytest.raises(routes.BadPath):
        routes.segments(raw)


def test_a_doubly_encoded_path_reaches_the_session_doubly_encoded() -> None:
    parts = routes.segments("/api/contents/%252e%252e")
    assert parts == ("api", "contents", "%2e%2e")
    assert routes.inward(parts) == "api/contents/%252e%252e"


@given(st.lists(st.text(min_size=1, max_size=20), min_size=1, max_size=5))
def test_what_goes_inward_never_holds_a_dotted_or_split_segment(parts: list[str]) -> None:
    raw = "/" + "/".join(parts)
    try:
        read = routes.segments(raw)
    except (routes.BadPath, UnicodeEncodeError):
        return
    sent = routes.inward(read).split("/")
    assert len(sent) == len(read)
    assert not {"", ".", ".."} & set(sent)
    assert routes.segments("/" + "/".join(sent)) == read


def contents(method: str) -> routes.Route:
    route = routes.find(method, "api/contents/x")
    assert route is not None
    return route


@pytest.mark.parametrize(
    "query", ["format=base64", "content=1&format=base64", "type=blob", "content=2", "hash=yes"]
)
def test_a_query_that_asks_for_bytes_is_refused(query: str) -> None:
    with pytest.raises(routes.BadQuery):
        routes.query(contents("GET"), query)


def test_a_query_keeps_the_listed_names_only() -> None:
    assert (
        routes.query(contents("GET"), "content=1&token=x&1795408055369&type=file&download=1")
        == "content=1&type=file"
    )
    assert routes.query(contents("PUT"), "format=base64&content=1") == ""


def test_every_route_has_limits_and_no_data_comes_with_a_change_of_nothing() -> None:
    for route in routes.ROUTES:
        assert 0 <= route.request_bytes <= 16 * routes.MIB
        assert 0 <= route.response_bytes <= 16 * routes.MIB
        assert (route.response_bytes == 0) == (route.shape is routes.Shape.NOTHING)
        assert 0 < route.seconds <= 120
