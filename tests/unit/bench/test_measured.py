"""What is made up for a measurement gives the worker nothing to look at."""

from __future__ import annotations

import shutil

import pytest

from egress_review import indexes
from hub.bench import ground, measured
from hub.datasets.intake_work import IntakeWorker
from hub.places import places
from tests import portal


@pytest.mark.django_db
def test_neither_facts_nor_an_index_of_a_made_up_version_are_due(monkeypatch: pytest.MonkeyPatch) -> None:
    version = portal.version("harbour")
    assert indexes.due() == [version]
    monkeypatch.setattr(ground, "require", lambda where, *, why: None)
    try:
        measured.mark()
        assert indexes.due() == []
        indexes.require([version])
        assert not IntakeWorker().step()
    finally:
        shutil.rmtree(places.state / "indexes")
