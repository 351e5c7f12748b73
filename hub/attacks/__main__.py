"""`python -m hub.attacks`: what `doctor --attack` runs; one line an attack, 1 where one got somewhere."""

from __future__ import annotations

import argparse
import asyncio
import json
import platform
import sys
from collections.abc import Iterator

from hub.attacks import bait, throwaway
from hub.attacks.attack import Attack
from hub.attacks.catalogue import ATTACKS
from hub.errors import ParlatoryError
from hub.kernels import Door, Kernel, KernelFailed, started
from hub.places import places

ATTACK_SECONDS = 90.0
MACHINES = ("x86_64", "amd64")
# A program of its own for each: an attack may not take the kernel with it that the next one needs.
APART = """
import subprocess, sys
ran = subprocess.run([sys.executable, "-c", {code!r}], capture_output=True, text=True, timeout={seconds})
print(ran.stdout.strip() or "status %d: %s" % (ran.returncode, ran.stderr[-200:]))
"""


def main(arguments: list[str] | None = None) -> int:
    """Run the attacks whose name or area holds a text, all without one."""
    parser = argparse.ArgumentParser(prog="python3 -m hub doctor --attack", description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object an attack")
    parser.add_argument("--match", default="", help="only attacks whose name or area holds this text")
    options = parser.parse_args(arguments)
    if platform.machine() not in MACHINES:
        sys.stderr.write(
            f"error: the attacks call the kernel by the numbers of x86-64, and this is {platform.machine()}: "
            "they would show nothing here\n"
        )
        return 1
    wanted = [one for one in ATTACKS if options.match in one.name or options.match in one.area]
    through = 0
    try:
        with bait.laid(), throwaway.session(places) as session, session.door() as door:
            for attack, said in _run(door, wanted):
                failed = attack.has_failed(said)
                through += not failed
                _say(attack, said, failed=failed, as_json=options.json)
        left = throwaway.left(places, session.grant)
    except (ParlatoryError, KernelFailed, bait.NoBait, OSError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    if not options.json:
        sys.stdout.write(f"\n{len(wanted) - through} of {len(wanted)} attacks failed, as they should.\n")
        sys.stdout.write(f"Left behind: {', '.join(left) or 'nothing'}.\n")
    return 1 if through or left or not wanted else 0


def _run(door: Door, wanted: list[Attack]) -> Iterator[tuple[Attack, str]]:
    with asyncio.Runner() as runner:
        context = started(door)
        kernel: Kernel = runner.run(context.__aenter__())
        try:
            for attack in wanted:
                code = APART.format(code=attack.code, seconds=ATTACK_SECONDS)
                yield attack, runner.run(kernel.run(code, seconds=ATTACK_SECONDS + 10)).strip()
        finally:
            runner.run(context.__aexit__(None, None, None))


def _say(attack: Attack, said: str, *, failed: bool, as_json: bool) -> None:
    if as_json:
        document = {"attack": attack.name, "area": attack.area, "tries": attack.tries, "failed": failed}
        line = json.dumps(document | {"said": said[:500]})
    else:
        line = f"{'ok  ' if failed else 'FAIL'}  {attack.area}: {attack.tries} ({attack.name}): {said[:200]}"
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
