"""The promise about the host's firewall: what the site put there is loaded, and drops what it doesn't name.

No process of the enclave may ask the kernel for its rules: a unit of the site's writes down what is loaded.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hub.doctor.promise import Finding, Promise, kept
from hub.places import Firewall, Places

LOADED = Path("/run/parlatory-firewall/loaded.json")
# It is written each minute.
OLD_SECONDS = 300.0
# Whoever writes it empties it first.
WRITTEN_SECONDS = 0.5


def firewall(places: Places) -> Finding:
    """Read what the kernel's table of this host's part lets in."""
    match places.firewall:
        case Firewall.NONE:
            said = "no site put one here, and no part listens beyond this machine"
            return Finding(ok=True, detail=f"not applicable: {said}")
        case Firewall.ELSEWHERE:
            return Finding(ok=True, detail="not applicable: this site leaves it to somebody else")
    old = time.time() - LOADED.stat().st_mtime
    if old > OLD_SECONDS:
        return Finding(ok=False, detail=f"nobody has looked at it for {old / 60:.0f} minutes")
    said = _read()
    if not said:
        return Finding(
            ok=False, detail="its table is not loaded: what listens on this host is open to others"
        )
    document = json.loads(said)
    chains = [one["chain"] for one in document["nftables"] if "chain" in one]
    rules = [one["rule"] for one in document["nftables"] if "rule" in one]
    return kept(
        list(_holes(chains, rules)), f"lets in TCP {', '.join(_ports(rules)) or 'nothing'}, drops the rest"
    )


def _read() -> str:
    if not (said := LOADED.read_text(encoding="utf-8")):
        time.sleep(WRITTEN_SECONDS)
        said = LOADED.read_text(encoding="utf-8")
    return said


def _holes(chains: list[dict[str, Any]], rules: list[dict[str, Any]]) -> Iterator[str]:
    """Say what lets in more than is named; one table's drop is final, whatever the others say."""
    inward = [one["name"] for one in chains if one.get("hook") == "input" and one.get("policy") == "drop"]
    if not inward:
        yield "what no rule names is let in: the table drops nothing by itself"
    for rule in rules:
        narrowed = any("match" in part for part in rule["expr"])
        if rule["chain"] in inward and {"accept": None} in rule["expr"] and not narrowed:
            yield "a rule lets in everything"
    forward = [one["name"] for one in chains if one.get("hook") == "forward"]
    published = [rule for rule in rules if rule["chain"] in forward and {"drop": None} in rule["expr"]]
    if not any("dnat" in json.dumps(rule["expr"]) for rule in published):
        yield "what a container publishes is let in"


def _ports(rules: list[dict[str, Any]]) -> list[str]:
    matches = [part["match"] for rule in rules for part in rule["expr"] if "match" in part]
    to = {"payload": {"protocol": "tcp", "field": "dport"}}
    return sorted(
        {str(one["right"]) for one in matches if one["left"] == to}, key=lambda port: (len(port), port)
    )


PROMISES = (
    Promise(
        "What reaches this host from outside is dropped, but for what its part needs",
        "the rules that the kernel holds are read, where the site put them here",
        "`systemctl restart parlatory-firewall` and look again a minute later; where that fails, `systemctl "
        "status parlatory-firewall parlatory-firewall-look.timer` says why; the site's next run writes the "
        "rules anew",
        firewall,
    ),
)
