"""Take each control of the named parts away, one at a time, and write what became of its attack."""

from __future__ import annotations

import sys
import time

from tests.security.without import attacks, running, table
from tests.security.without.attacks import Ended
from tests.security.without.plugin import BROKEN, FAILS
from tests.security.without.removal import PARTS, removals
from tests.security.without.table import Row


def main(arguments: list[str]) -> int:
    """Run the named parts, or controls as PART:NAME,NAME, and write their rows; 1 if one is not good."""
    if unknown := {word.partition(":")[0] for word in arguments} - set(PARTS):
        sys.stderr.write(f"no such part: {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}\n")
        return 2
    rows = []
    for word in arguments or PARTS:
        part, _, name = word.partition(":")
        made = rows_of(part, only=name)
        table.write(part, made, all_of_it=not name)
        rows += made
    return 0 if all(row.good for row in rows) else 1


def rows_of(part: str, only: str = "") -> list[Row]:
    """Run a part's attacks with every control in, then without each; print what is learnt on the way."""
    wanted = {name: one for name, one in removals(part).items() if not only or name in only.split(",")}
    there = any(one.holders for one in wanted.values())
    if there:
        running.require()
    before: dict[str, Ended] = {}
    for file, attack in attacks.together(wanted.values()).items():
        before |= attacks.run(file, attack, running=there)
    through = [f"{test}: {one.end} {one.said[:600]}" for test, one in before.items() if one.end != FAILS]
    sys.stdout.write(f"{part}: {len(before)} attacks with every control in\n")
    if through:
        raise SystemExit(
            "\n".join(through) + "\nNo control is taken away while attacks go on with all of them in."
        )
    made = []
    for name, removal in wanted.items():
        began = time.monotonic()
        after = attacks.on(removal, f"{part}:{name}")
        made.append(table.row(removal, before, after))
        for test, one in after.items():
            if one.end != FAILS:
                sys.stdout.write(f"{one.end} {test}\n    {one.said[: 900 if one.end == BROKEN else 200]!r}\n")
        good = "good" if made[-1].good else "NOT GOOD"
        sys.stdout.write(f"{good} {part}:{name} {time.monotonic() - began:.0f} s {made[-1].text()}")
        sys.stdout.flush()
    return made


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
