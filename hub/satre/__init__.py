"""`satre`: this software against SATRE v2, statement by statement; no evidence, no score."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

from hub.cli.running import StepFailed
from hub.places import places
from hub.satre.statements import NOT_SHOWN, Shown, Statement, evidence, faults, statements

SOURCE = (
    "SATRE v2, sa-tre/satre-specification, CC-BY-4.0; the statements are in our own words. "
    "What a product can show of them is our judgement."
)
NOTHING = Shown(None, (), "")


def run(arguments: list[str]) -> int:
    """Write the self-evaluation as a page and as JSON, and print it in numbers."""
    parser = argparse.ArgumentParser(prog="python3 -m hub satre", description=__doc__)
    parser.add_argument("--into", type=Path, default=Path(), help="the folder for satre.html and satre.json")
    folder = parser.parse_args(arguments).into
    given, shown = statements(), evidence()
    if wrong := faults(given, shown, places.checkout):
        raise StepFailed(
            "the self-evaluation does not stand:\n" + "\n".join(f"  - {fault}" for fault in wrong)
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        page = folder / "satre.html"
        page.write_text(html(given, shown, to=os.path.relpath(places.checkout, folder)), encoding="utf-8")
        (folder / "satre.json").write_text(json.dumps(document(given, shown), indent=1), encoding="utf-8")
    except OSError as error:
        raise StepFailed(f"{folder} can’t be written: {error.strerror}") from error
    sys.stdout.write("\n".join(summary(given, shown)) + f"\nWritten to {page} and {folder / 'satre.json'}.\n")
    return 0


def summary(given: Sequence[Statement], shown: dict[str, Shown]) -> list[str]:
    """Return the evaluation in numbers, whole and by pillar."""
    lines = []
    for pillar in dict.fromkeys(one.pillar for one in given):
        of = [one for one in given if one.pillar == pillar]
        scores = [shown.get(one.number, NOTHING).score for one in of]
        musts = [one for one in of if one.mandatory]
        met = sum(shown.get(one.number, NOTHING).score is not None for one in musts)
        lines.append(
            f"{pillar}: {scores.count(2)} satisfied, {scores.count(1)} sufficient, "
            f"{scores.count(None)} {NOT_SHOWN}, of {len(of)}; {met} of {len(musts)} mandatory ones are shown"
        )
    capabilities = dict.fromkeys((one.pillar, one.capability) for one in given if one.mandatory)
    met_all = [name for name in capabilities if _met(given, shown, name)]
    lines.append(
        f"Capabilities of which each mandatory statement is shown: {len(met_all)} of {len(capabilities)}."
    )
    lines.append(
        "SATRE is met by an institution that runs this, not by software: by itself this meets no pillar."
    )
    return lines


def document(given: Sequence[Statement], shown: dict[str, Shown]) -> dict[str, Any]:
    """Return the evaluation as data."""
    return {
        "source": SOURCE,
        "statements": [
            {
                "number": one.number,
                "pillar": one.pillar,
                "capability": one.capability,
                "importance": one.importance,
                "statement": one.text,
                "a_product_can_show": one.software,
                "score": shown.get(one.number, NOTHING).score,
                "evidence": list(shown.get(one.number, NOTHING).links),
                "says": shown.get(one.number, NOTHING).says,
            }
            for one in given
        ],
    }


def html(given: Sequence[Statement], shown: dict[str, Shown], *, to: str) -> str:
    """Return the evaluation as a page; its links lead to the checkout by the relative path `to`."""
    rows = []
    capability = ""
    for one in given:
        if capability != (capability := one.capability):
            rows.append(
                f'<tr><th colspan="4" scope="rowgroup">{escape(one.pillar)}: {escape(capability)}</th></tr>'
            )
        rows.append(_row(one, shown.get(one.number, NOTHING), to))
    numbers = "".join(f"<li>{escape(line)}</li>" for line in summary(given, shown))
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Parlatory and SATRE v2</title>'
        "<style>body{font:1rem/1.5 sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem}"
        "table{border-collapse:collapse;width:100%}td,th{border:1px solid #767676;padding:.3rem .5rem;"
        "text-align:left;vertical-align:top}code{overflow-wrap:anywhere}</style></head><body><main>"
        f"<h1>Parlatory and SATRE v2</h1><p>{escape(SOURCE)}</p><ul>{numbers}</ul>"
        "<table><thead><tr><th>Statement</th><th>Importance</th><th>Score</th><th>Evidence</th></tr></thead>"
        f"<tbody>{''.join(rows)}</tbody></table></main></body></html>\n"
    )


def _row(one: Statement, shown: Shown, to: str) -> str:
    links = "".join(f"<li>{_anchor(link, to)}</li>" for link in shown.links)
    score = {None: NOT_SHOWN, 1: "1 sufficient", 2: "2 satisfied"}[shown.score]
    evidence_of = (f"<ul>{links}</ul>" if links else "") + escape(shown.says)
    return (
        f"<tr><td>{one.number} {escape(one.text)}</td><td>{escape(one.importance)}</td>"
        f"<td>{score}</td><td>{evidence_of}</td></tr>"
    )


def _anchor(link: str, to: str) -> str:
    # A page opens a file at a heading; a test in it is named by the words.
    address = f"{to}/{link.partition('::')[0]}"
    return f'<a href="{escape(address, quote=True)}"><code>{escape(link)}</code></a>'


def _met(given: Sequence[Statement], shown: dict[str, Shown], name: tuple[str, str]) -> bool:
    musts = [one for one in given if (one.pillar, one.capability) == name and one.mandatory]
    return all(shown.get(one.number, NOTHING).score is not None for one in musts)
