"""`python -m hub.bench sessions|portal|gate|load`: starts; each page; the gate's cost; many at once."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from importlib.util import find_spec
from pathlib import Path
from types import FrameType

from hub.bench import acts
from hub.cli import environment, preflight
from hub.cli.running import StepFailed, step
from hub.errors import ParlatoryError
from hub.places import places

# In this order: as people work, then more than anybody does, to see where it bends.
PACES = {acts.DAY: "a working day", acts.RUSH: "the rush before a deadline"}


def say(line: str) -> None:
    """Write one line at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main(arguments: list[str] | None = None) -> int:
    """Do what the first word says; say in one sentence why not, where it can't be done."""
    options = parser().parse_args(arguments)
    if options.verb == "people":
        _people()
        return 0
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    try:
        if options.verb == "portal":
            return _portal(options)
        if options.verb == "gate":
            return _gate(options)
        if options.verb == "load":
            return _load(options)
        _sessions(options)
    except ModuleNotFoundError as error:
        # An environment that is older than this checkout; each measurement is imported where it begins.
        sys.stderr.write(environment.lacks(error, places.checkout).report() + "\n")
        return 1
    except (ParlatoryError, StepFailed) as error:
        sys.stderr.write((error.report() if isinstance(error, StepFailed) else f"error: {error}") + "\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("Stopped by you; nothing of the measurement is left running.\n")
        return 130
    return 0


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    # Once is enough: what was started is being taken back, and that is not to be interrupted.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def _sessions(options: argparse.Namespace) -> None:
    if lack := preflight.not_root(places):
        raise StepFailed(lack)
    if find_spec("dockerspawner") is None:
        with step("Python environment", "python", places.state / "log") as current:
            environment.ensure(places.checkout, current, extras=frozenset({"bench"}))
    # dockerspawner may have come only now.
    from hub.bench import figures, sessions

    wish = sessions.Wish(runs=options.runs, at_once=options.at_once, batches=options.batches)
    outcome = sessions.measure(places, wish, say=say)
    say("\n" + figures.table(outcome.cases))
    say("\n" + figures.verdict(outcome.single))
    for line in sessions.remarks(outcome.about):
        say(line)
    if options.json:
        options.json.write_text(json.dumps(outcome.plain(), indent=2) + "\n", encoding="utf-8")


def _portal(options: argparse.Namespace) -> int:
    from hub.bench import ground

    words = ["--divide", str(options.divide), "--match", options.match] + (
        ["--json", str(options.json.resolve())] if options.json else []
    )
    with ground.opened(places) as environment:
        return ground.run("hub.bench.portal", words, environment)


def _gate(options: argparse.Namespace) -> int:
    if lack := preflight.not_root(places):
        raise StepFailed(lack)
    from hub.bench import gate

    pairs = gate.measure(places, echoes=options.echoes, loads=options.loads, say=say)
    say(gate.verdict(pairs))
    if options.json:
        options.json.write_text(json.dumps([one.plain() for one in pairs], indent=2) + "\n", encoding="utf-8")
    return 0


def _load(options: argparse.Namespace) -> int:
    if lack := preflight.not_root(places):
        raise StepFailed(lack)
    from hub.bench import load, tally

    found = {}
    for pace in options.pace:
        say(f"\nAt the pace of {PACES[pace]}:")
        steps = load.measure(places, steps=options.sessions, seconds=options.seconds, say=say, pace=pace)
        say("\n" + tally.bend(steps))
        found[pace] = load.plain(steps)
    if options.json:
        options.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    return 0


def _people() -> None:
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hub.settings")
    django.setup()
    # The models can't be imported before Django knows the apps.
    from hub.bench import people

    people.serve()


def parser() -> argparse.ArgumentParser:
    """Return the words that are understood."""
    made = argparse.ArgumentParser(prog="python3 -m hub bench", description=__doc__)
    verbs = made.add_subparsers(dest="verb", required=True)
    measured = verbs.add_parser("sessions", help="start-to-ready, one at a time and several at once")
    measured.add_argument("--runs", type=_count, default=20, help="starts one at a time on each side (20)")
    measured.add_argument("--at-once", type=_count, default=10, help="how many start at once (10)")
    measured.add_argument("--batches", type=_count, default=2, help="how often so many start at once (2)")
    measured.add_argument("--json", type=Path, help="write every figure to this file too")
    portal = verbs.add_parser(
        "portal", help="every page's p50 and p95 over a large enclave, thrown away after"
    )
    portal.add_argument("--divide", type=_count, default=1, help="seed this fraction, to try the command")
    portal.add_argument("--match", default="", help="only addresses that hold this text")
    portal.add_argument("--json", type=Path, help="write every figure to this file too")
    gate = verbs.add_parser("gate", help="kernel echo and Lab's load through the gate over the bare socket")
    gate.add_argument("--echoes", type=_count, default=200, help="on each side, in turn (200)")
    gate.add_argument("--loads", type=_count, default=20, help="of Lab, on each side, in turn (20)")
    gate.add_argument("--json", type=Path, help="write every figure to this file too")
    load = verbs.add_parser("load", help="kernels of many sessions and people at the portal, at once")
    load.add_argument(
        "--sessions", type=_count, nargs="+", default=[50, 100, 200], help="a step each (50 100 200)"
    )
    load.add_argument(
        "--pace", choices=list(PACES), nargs="+", default=list(PACES), help="how often people act (day rush)"
    )
    load.add_argument("--seconds", type=_count, default=20, help="of each step (20)")
    load.add_argument("--json", type=Path, help="write every figure to this file too")
    verbs.add_parser("people", help="what `sessions` runs as the portal's user")
    return made


def _count(text: str) -> int:
    number = int(text)
    if not 1 <= number <= 1000:
        raise argparse.ArgumentTypeError("a number from 1 to 1000")
    return number


if __name__ == "__main__":
    sys.exit(main())
