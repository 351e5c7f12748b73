"""Reviews against the real policies in a real OPA; the demo's switch spares checkers a second factor."""

from __future__ import annotations

from pathlib import Path

import pytest

from egress_review import views
from egress_review.vault import Vault
from tests.integration.portal.conftest import _asked, _quick, real
from tests.unit.egress_review.conftest import ledger

__all__ = ["_asked", "_quick", "ledger", "real"]


@pytest.fixture(autouse=True)
def vault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: object) -> Vault:
    """A vault of the test's own."""
    settings.PARLATORY_DEMO_WITHOUT_SECOND_FACTOR = True  # type: ignore[attr-defined]  # pytest-django's own
    made = Vault(tmp_path / "vault")
    made.prepare()
    monkeypatch.setattr(views, "vault", made)
    return made
