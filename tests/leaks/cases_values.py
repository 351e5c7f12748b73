"""Case 98: counts and values of people where no table is: in values of languages, and in plots of letters."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence

from tests.leaks.cases_tables import people
from tests.leaks.registry import Make, Submission, leak


def stems(values: Sequence[int], between: str = "") -> str:
    """Return a stem-and-leaf plot: tens before the bar, units behind it."""
    leaves: dict[int, list[str]] = defaultdict(list)
    for value in sorted(values):
        leaves[value // 10].append(str(value % 10))
    return "\n".join(f"{stem:3d} | {between.join(units)}" for stem, units in sorted(leaves.items()))


def at_risk(make: Make) -> str:
    """Return numbers at risk, as they stand below a plot of survival, down to few people."""
    rows = []
    for name in ("read", "spontaneous"):
        left, counts = make.pick.randrange(40, 90), []
        while len(counts) < 6:
            counts.append(left)
            left = max(left - make.pick.randrange(5, 25), make.pick.randrange(1, 9) if left > 9 else 1)
        rows.append(f"{name:12s} " + " ".join(f"{one:4d}" for one in counts))
    return "Months          0    6   12   18   24   30\nNumber at risk\n" + "\n".join(rows) + "\n"


def tree(make: Make) -> list[dict[str, object]]:
    """Return a grown tree's leaves, most of which hold few cases."""
    return [
        {
            "feature": make.pick.choice(("age", "f0_hz")),
            "threshold": round(make.pick.uniform(20, 70), 1),
            "n_samples": make.pick.randrange(1, 6),
            "value": [make.pick.randrange(3), make.pick.randrange(3)],
        }
        for _ in range(make.pick.randrange(6, 14))
    ]


@leak(
    98,
    "B",
    "few people in values of languages and plots of letters",
    tuning=("yaml", "stems"),
    testing=(
        "flow",
        "toml",
        "python",
        "r",
        "ruby",
        "fenced",
        "counter",
        "stems-apart",
        "at-risk",
        "tree",
        "log",
    ),
)
def in_values(make: Make, how: str) -> Submission:
    """Return how many speakers are in each group, or each one's age, where no table is."""
    rows = people(make)
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        counts[str(row["region"])][str(row["sex"])] += 1
    groups = sorted(counts)
    flat = {f"{one}_{sex}": n for one in groups for sex, n in sorted(counts[one].items())}
    ages = [found[0].age for found in make.corpus.by_speaker.values()]
    flow = "speakers:\n" + "".join(f"  {one}: {json.dumps(counts[one])}\n" for one in groups)
    builds: dict[str, Callable[[], tuple[str, str]]] = {
        "yaml": lambda: (
            "a.yaml",
            "speakers:\n" + "".join(
                f"  - region: {one}\n    speakers_by_sex:\n"
                + "".join(f"      {sex}: {n}\n" for sex, n in sorted(counts[one].items()))
                for one in groups
            ),
        ),
        "flow": lambda: ("a.yml", flow),
        "toml": lambda: ("a.toml", "[speakers]\n" + "".join(f'"{k}" = {v}\n' for k, v in flat.items())),
        "python": lambda: (
            "a.py",
            "N = {" + ", ".join(f"({a!r}, {b!r}): {n}" for a in groups for b, n in counts[a].items()) + "}\n",
        ),
        "r": lambda: (
            "a.R",
            f"d <- data.frame(region = c({', '.join(map(json.dumps, flat))}),\n"
            f"  n = c({', '.join(map(str, flat.values()))}))\n",
        ),
        "ruby": lambda: ("a.md", "    {" + ", ".join(f":{k} => {v}" for k, v in flat.items()) + "}\n"),
        "fenced": lambda: ("a.md", f"# Who spoke\n\nAs counted:\n\n```yaml\n{flow}```\n"),
        "counter": lambda: ("a.log", f"INFO people = Counter({flat!r})\n"),
        "stems": lambda: ("a.txt", f"Age\n\n{stems(ages)}\n"),
        "stems-apart": lambda: ("a.md", f"```\n{stems(ages, ' ')}\n```\n"),
        "at-risk": lambda: ("a.txt", at_risk(make)),
        "tree": lambda: ("a.txt", json.dumps({"tree": tree(make)})),
        "log": lambda: (
            "a.log",
            "\n".join(f"[{one}] speakers={dict(counts[one])}" for one in groups),
        ),
    }  # fmt: skip
    name, text = builds[how]()
    return Submission({name: text.encode()})
