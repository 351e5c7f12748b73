"""A measurement's own portal has nothing of the enclave whose command line measures."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hub.bench.crowd import Crowd
from hub.bench.ground import Ground
from hub.places import Places


def test_a_measurement_reaches_no_database_or_mail_server_of_an_enclave(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PARLATORY_DATABASE_FILE", "/etc/parlatory/secrets/database")
    monkeypatch.setenv("PARLATORY_MAIL", "smtp://mail.example.org")
    monkeypatch.setenv("PARLATORY_PORTAL_URL", "https://portal.example.org")
    own = Places(
        checkout=tmp_path, state=tmp_path, run=tmp_path, tools=tmp_path, base_port=9000, enclave="bench"
    )
    found = Ground(own, opa=1).environment
    kept = {name for name in found if name.startswith("PARLATORY_")}
    assert kept == {f"PARLATORY_{name}" for name in ("STATE", "RUN", "TOOLS", "PORT", "CHECKOUT")}
    assert found["PARLATORY_STATE"] == str(tmp_path)
    assert found["PATH"] == os.environ["PATH"]


def test_nobody_is_made_up_in_an_enclaves_own_state() -> None:
    with pytest.raises(SystemExit, match="nobody is made up"):
        Crowd()
