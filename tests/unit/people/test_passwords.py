"""Passwords are kept so that a guess costs memory, and what was kept otherwise is taken over."""

from __future__ import annotations

import os

import argon2
import pytest
from django.contrib.auth.hashers import (
    Argon2PasswordHasher,
    PBKDF2PasswordHasher,
    check_password,
    identify_hasher,
    make_password,
)
from pytest_django.fixtures import Settings

from hub import settings as ours
from tests.portal import person as make_person

PASSWORD = "a demo passphrase of no one"


@pytest.fixture(autouse=True)
def _as_at_work(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.PASSWORD_HASHERS = ours.PASSWORD_HASHERS
    # What the old hash costs is not the question.
    monkeypatch.setattr(PBKDF2PasswordHasher, "iterations", 1000)


def test_a_password_costs_who_guesses_more_memory_than_the_cheat_sheet_asks_for() -> None:
    kept = argon2.extract_parameters(make_password(PASSWORD).removeprefix("argon2"))
    assert kept.type is argon2.Type.ID
    assert kept.memory_cost >= 19 * 1024
    assert kept.time_cost >= 2


@pytest.mark.django_db
def test_a_password_kept_otherwise_still_signs_in_and_is_kept_anew() -> None:
    person = make_person()
    person.password = PBKDF2PasswordHasher().encode(PASSWORD, "salt")
    person.save()
    assert not person.check_password(PASSWORD + "!")
    assert identify_hasher(person.password).algorithm == "pbkdf2_sha256"
    assert person.check_password(PASSWORD)
    person.refresh_from_db()
    assert identify_hasher(person.password).algorithm == "argon2"
    assert person.check_password(PASSWORD)


def test_who_signs_in_gives_way_to_those_who_are_in(monkeypatch: pytest.MonkeyPatch) -> None:
    turns = []
    for name in ("encode", "verify"):
        real = getattr(Argon2PasswordHasher, name)
        monkeypatch.setattr(
            Argon2PasswordHasher,
            name,
            lambda *words, real=real: turns.append(os.nice(0)) or real(*words),
        )
    own = os.nice(0)
    assert check_password(PASSWORD, make_password(PASSWORD))
    assert not check_password(PASSWORD + "!", make_password(PASSWORD))
    assert len(turns) == 4
    assert min(turns) > own
    assert os.nice(0) == own
