"""Grants as the engine reads them: signed, in time, once."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from hub.engine import grants
from hub.errors import Refused, Unavailable
from hub.grant import Grant, sign
from hub.places import Places, from_environment
from tests.unit.engine.test_container import GRANT

KEY = Ed25519PrivateKey.generate()


def fresh() -> Grant:
    return replace(GRANT, start_before=datetime.now(UTC) + timedelta(minutes=1))


@pytest.fixture
def where(tmp_path: Path) -> Places:
    (tmp_path / "keys").mkdir()
    public = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (tmp_path / "keys" / "grant.pub").write_bytes(public)
    return replace(from_environment(), state=tmp_path)


@pytest.mark.parametrize("text", ["", "a", "a.b", "a.b.c", None, 7, [], {}])
def test_what_is_no_grant_is_refused(where: Places, text: object) -> None:
    with pytest.raises(Refused):
        grants.read(text, where)


def test_a_grant_signed_by_another_key_is_refused(where: Places) -> None:
    with pytest.raises(Refused, match="not signed by this enclave's portal"):
        grants.read(sign(fresh(), Ed25519PrivateKey.generate()), where)


def test_a_grant_out_of_time_is_refused(where: Places) -> None:
    late = replace(GRANT, start_before=datetime.now(UTC) - timedelta(seconds=1))
    with pytest.raises(Refused, match="had to be used before"):
        grants.read(sign(late, KEY), where)


def test_a_grant_is_used_once(where: Places) -> None:
    grants.use(fresh(), where)
    with pytest.raises(Refused, match="used before"):
        grants.use(fresh(), where)


def test_a_used_grant_is_not_forgotten_while_it_could_be_used(where: Places) -> None:
    grants.use(fresh(), where)
    grants.forget_expired(where)
    with pytest.raises(Refused, match="used before"):
        grants.use(fresh(), where)


def test_a_grant_that_could_outlive_its_memory_is_refused(where: Places) -> None:
    with pytest.raises(Refused, match="too far in the future"):
        grants.use(replace(GRANT, start_before=datetime.now(UTC) + timedelta(days=9)), where)


def test_without_the_portals_key_nothing_starts(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match=r"grant\.pub cannot be read"):
        grants.read("a.b", replace(from_environment(), state=tmp_path))


def test_the_portals_grant_is_read(where: Places) -> None:
    grant = fresh()
    assert grants.read(sign(grant, KEY), where) == grant


@pytest.mark.parametrize("spelt", ["{}\n.{}", "{}!.{}", "{}.{}=", "{}.{}\n"])
def test_a_grant_has_one_spelling(where: Places, spelt: str) -> None:
    payload, _, signature = sign(fresh(), KEY).partition(".")
    with pytest.raises(Refused, match="not signed"):
        grants.read(spelt.format(payload, signature), where)


@pytest.mark.parametrize("name", ["issued_at", "start_before", "ends_at"])
def test_a_signed_time_without_a_zone_is_refused(where: Places, name: str) -> None:
    naive = replace(fresh(), **{name: datetime(2030, 1, 1)})
    with pytest.raises(Refused, match="without a time zone"):
        grants.read(sign(naive, KEY), where)
