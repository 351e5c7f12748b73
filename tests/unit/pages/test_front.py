"""Behind a TLS proxy: who is not the proxy gets nothing under a browser's name, and is believed nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory

from hub.pages import front
from hub.places import WrongAddress, addresses, places
from hub.settings import database, private, proxy_secret

CHECKOUT = Path(__file__).parents[3]
SECRET = "known to the proxy"
TLS = {"PARLATORY_PORTAL_URL": "https://portal.example.org", "PARLATORY_LAB_URL": "https://lab.example.org"}


@pytest.fixture
def behind(monkeypatch: pytest.MonkeyPatch, settings: object) -> None:
    settings.PARLATORY_FRONT_SECRET = SECRET  # type: ignore[attr-defined]  # pytest-django's
    settings.ALLOWED_HOSTS = ["portal.example.org", "127.0.0.1", "portal"]
    portal, lab = TLS.values()
    monkeypatch.setattr(front, "places", replace(places, portal_address=portal, lab_address=lab))


def seen(host: str = "portal.example.org", **headers: str) -> tuple[HttpResponse, HttpRequest | None]:
    reached: list[HttpRequest] = []

    def respond(request: HttpRequest) -> HttpResponse:
        reached.append(request)
        return HttpResponse("reached")

    request = RequestFactory().get("/", headers={"host": host} | headers)
    answer = front.Front(respond)(request)
    return answer, reached[0] if reached else None


@pytest.mark.parametrize("given", [{}, {"x-parlatory-front": ""}, {"x-parlatory-front": "guessed"}])
def test_who_is_not_the_proxy_is_refused(behind: None, given: dict[str, str]) -> None:
    answer, reached = seen(**given | {"x-forwarded-proto": "https"})
    assert answer.status_code == 421 and reached is None
    assert b"nobody but its TLS proxy" in answer.content


def test_the_proxy_is_believed_that_it_is_https_and_who_asked(behind: None) -> None:
    _, request = seen(**{"x-parlatory-front": SECRET, "x-forwarded-for": "192.0.2.7"})
    assert request is not None and request.is_secure()
    assert request.META["REMOTE_ADDR"] == "192.0.2.7"
    assert front.PROOF not in request.META


@pytest.mark.parametrize("claimed", ["192.0.2.7, 198.51.100.1", "not an address", ""])
def test_an_address_that_the_proxy_cannot_have_seen_is_not_taken(behind: None, claimed: str) -> None:
    _, request = seen(**{"x-parlatory-front": SECRET, "x-forwarded-for": claimed})
    assert request is not None and request.META["REMOTE_ADDR"] == "127.0.0.1"


def test_the_enclaves_own_processes_pass_and_are_believed_nothing(behind: None) -> None:
    _, request = seen("127.0.0.1", **{"x-forwarded-for": "192.0.2.7", "x-forwarded-proto": "https"})
    assert request is not None and not request.is_secure()
    assert request.META["REMOTE_ADDR"] == "127.0.0.1"


def test_without_a_proxy_nobody_is_believed_to_be_one() -> None:
    _, request = seen("portal.localhost", **{"x-forwarded-for": "192.0.2.7", "x-forwarded-proto": "https"})
    assert request is not None and not request.is_secure()
    assert request.META["REMOTE_ADDR"] == "127.0.0.1" and front.ADDRESS not in request.META


@pytest.mark.django_db
def test_the_middleware_stands_before_all_that_looks_at_scheme_or_address() -> None:
    answer = Client().get("/health/", headers={"host": "portal.localhost", "x-forwarded-proto": "https"})
    assert "Strict-Transport-Security" not in answer


@pytest.mark.parametrize(
    ("portal", "lab", "why"),
    [
        ("https://portal.example.org", "", "given together"),
        ("http://portal.example.org", "https://lab.example.org", "must be like https://"),
        ("https://portal.example.org/", "https://lab.example.org", "must be like https://"),
        ("https://Portal.example.org", "https://lab.example.org", "must be like https://"),
        ("https://a@portal.example.org", "https://lab.example.org", "must be like https://"),
        ("https://portal.example.org:port", "https://lab.example.org", "must be like https://"),
        ("https://192.0.2.7", "https://lab.example.org", "must be like https://"),
        ("https://x.example.org; script-src *", "https://lab.example.org", "must be like https://"),
        ("https://one.example.org", "https://one.example.org:8443", "two hosts"),
    ],
)
def test_an_address_that_would_not_hold_stops_with_a_sentence(portal: str, lab: str, why: str) -> None:
    with pytest.raises(WrongAddress, match=why):
        addresses({"PARLATORY_PORTAL_URL": portal, "PARLATORY_LAB_URL": lab})


def test_a_secret_that_everybody_may_read_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("x")
    file.chmod(0o644)
    with pytest.raises(ValueError, match=r"everybody may read it: run `chmod o="):
        private(str(file))


@pytest.mark.parametrize("written", ["", " \n"])
def test_a_file_without_a_secret_makes_nobody_the_proxy(tmp_path: Path, written: str) -> None:
    file = tmp_path / "front"
    file.touch(0o600)
    file.write_text(written)
    with pytest.raises(ValueError, match="is empty"):
        proxy_secret(str(file))


def test_an_address_behind_a_proxy_needs_the_proxys_secret() -> None:
    with pytest.raises(ValueError, match="PARLATORY_FRONT_FILE must name"):
        proxy_secret("")


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("mysql://u:p@localhost/x", "must be like postgresql://"),
        ("postgresql://u:p@db.example.org/x", "must end in .sslmode=verify-full"),
        ("postgresql://u:p@db.example.org/x?sslmode=require", "must end in .sslmode=verify-full"),
        ("postgresql://u:p@localhost/x?options=-csearch_path%3Dx", "must be like postgresql://"),
    ],
)
def test_a_database_address_that_would_not_hold_is_refused(tmp_path: Path, address: str, why: str) -> None:
    file = tmp_path / "database"
    file.touch(0o600)
    file.write_text(address)
    with pytest.raises(ValueError, match=why):
        database(str(file))


def test_a_database_elsewhere_is_reached_by_tls_that_is_verified(tmp_path: Path) -> None:
    file = tmp_path / "database"
    file.touch(0o600)
    file.write_text(
        "postgresql://u:p%40ss@db.example.org:5433/x?sslmode=verify-full&sslrootcert=/etc/ca.pem\n"
    )
    found = database(str(file))
    assert (found["HOST"], found["PORT"], found["PASSWORD"]) == ("db.example.org", "5433", "p@ss")
    assert found["OPTIONS"] == {"sslmode": "verify-full", "sslrootcert": "/etc/ca.pem"}
