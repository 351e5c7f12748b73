"""What is said of the host's firewall; `integration/ansible` asks it of a real kernel's table."""

from __future__ import annotations

import json
import os
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hub.doctor import PROMISES, examine, firewall
from hub.places import Firewall, from_environment, places

OURS = replace(places, firewall=Firewall.OURS)


def port(number: int) -> dict[str, Any]:
    to = {"payload": {"protocol": "tcp", "field": "dport"}}
    return {"match": {"op": "==", "left": to, "right": number}}


INPUT = {"chain": {"name": "input", "hook": "input", "policy": "drop"}}
FORWARD = {"chain": {"name": "forward", "hook": "forward", "policy": "accept"}}
SSH = {"rule": {"chain": "input", "expr": [port(22), {"accept": None}]}}
DNAT = {"match": {"op": "in", "left": {"ct": {"key": "status"}}, "right": "dnat"}}
PUBLISHED = {"rule": {"chain": "forward", "expr": [DNAT, {"drop": None}]}}
ANYTHING = {"rule": {"chain": "input", "expr": [{"counter": {}}, {"accept": None}]}}


@pytest.fixture
def loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(firewall, "LOADED", tmp_path / "loaded.json")
    monkeypatch.setattr(firewall, "WRITTEN_SECONDS", 0.01)
    return tmp_path / "loaded.json"


@pytest.mark.parametrize(
    ("parts", "ok", "said"),
    [
        ((SSH, FORWARD, PUBLISHED), False, "drops nothing by itself"),
        (({"chain": INPUT["chain"] | {"policy": "accept"}}, SSH, FORWARD, PUBLISHED), False, "drops nothing"),
        ((INPUT, SSH, ANYTHING, FORWARD, PUBLISHED), False, "lets in everything"),
        ((INPUT, SSH, FORWARD), False, "what a container publishes"),
        ((INPUT, SSH, FORWARD, PUBLISHED), True, "lets in TCP 22, drops the rest"),
    ],
)
def test_rules_that_let_in_more_than_they_name_break_the_promise(
    parts: tuple[dict[str, Any], ...], ok: bool, said: str, loaded: Path
) -> None:
    loaded.write_text(json.dumps({"nftables": parts}))
    finding = firewall.firewall(OURS)
    assert finding.ok is ok and said in finding.detail


def test_a_table_that_is_not_loaded_breaks_the_promise_and_the_fix_loads_it(loaded: Path) -> None:
    loaded.write_text("")
    (result,) = examine(firewall.PROMISES, OURS)
    assert not result["ok"] and "not loaded" in result["detail"]
    assert "systemctl restart parlatory-firewall" in result["fix"]


def test_what_nobody_wrote_down_lately_does_not_hold(loaded: Path) -> None:
    (absent,) = examine(firewall.PROMISES, OURS)
    assert not absent["ok"] and "could not be checked" in absent["detail"]
    loaded.write_text(json.dumps({"nftables": [INPUT, SSH, FORWARD, PUBLISHED]}))
    before = time.time() - firewall.OLD_SECONDS - 60
    os.utime(loaded, (before, before))
    (old,) = examine(firewall.PROMISES, OURS)
    assert not old["ok"] and "nobody has looked at it for 6 minutes" in old["detail"]


@pytest.mark.parametrize("whose", [Firewall.NONE, Firewall.ELSEWHERE])
def test_where_it_is_not_ours_it_is_not_applicable_and_the_reason_is_said(whose: Firewall) -> None:
    finding = firewall.firewall(replace(places, firewall=whose))
    assert finding.ok and finding.detail.startswith("not applicable: ")


def test_a_doubtful_setting_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARLATORY_FIREWALL", "our")
    with pytest.raises(SystemExit, match="it must be empty or one of: ours, elsewhere"):
        from_environment()


def test_the_doctor_looks_at_it() -> None:
    assert firewall.PROMISES[0] in PROMISES
