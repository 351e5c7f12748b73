"""What an object's names say of its values: ends of a distribution, one a person, leaves of a tree."""

from __future__ import annotations

import re
from collections.abc import Mapping

from egress_review.screening.disclosure.headers import NO_COUNT, PEOPLE, PERSONAL, bare
from egress_review.screening.limits import Limits
from egress_review.screening.values import Json, nodes
from egress_review.screening.verdict import Finding, block, flag

SUMMARY = frozenset(
    {
        "mean",
        "median",
        "med",
        "std",
        "sd",
        "q1",
        "q3",
        "p25",
        "p50",
        "p75",
        "25%",
        "50%",
        "75%",
        "iqr",
        "p10",
        "p90",
    }
)
ENDS = frozenset(
    {
        "p0",
        "p100",
        "q0",
        "q100",
        "0%",
        "100%",
        "min",
        "max",
        "minimum",
        "maximum",
        "lowest",
        "highest",
        "oldest",
        "youngest",
        # Boxplots: whiskers end at a value, and what lies outside is one each.
        "whislo",
        "whishi",
        "lowerfence",
        "upperfence",
        "fliers",
        "outliers",
    }
)
FIVE = re.compile(r"(?i)(tukey_?)?five_?num(ber)?s?(_?summary)?")  # the ends and quartiles, in one list
NUMBERED = 3  # keys with a digit from which an object's are labels of people


COUNTED = frozenset(
    {
        "samples",
        "n_samples",
        "nsamples",
        "n_node_samples",
        "n",
        "size",
        "cases",
        "support",
        "count",
        "cover",
        "ncases",
    }
)
SPLIT = frozenset(
    [
        *("threshold", "split", "feature", "gini", "entropy", "impurity"),
        "split_feature",
        "split_condition",
        "leaf",
    ]
)
PEOPLE_SAID = re.compile(r"(?i)s(?:$|[ _.-])|^n|count|num|total|people|children")  # several of them
DIVIDED = re.compile(r"(?i)[ _.-](?:per|by|in|for|from|of each|each)[ _.-]")  # "speakers_per_region"
LEAVES = 3  # small ones from which they are a tree's


def check(value: Json, limits: Limits) -> list[Finding]:
    """Return what the names of a value's objects say of single people or few of them."""
    findings: list[Finding] = []
    for path, node in nodes(value, ""):
        if isinstance(node, dict):
            place = path[-120:] or "top level"
            findings += summary(node, place) + of_people(path, node, place) + counts(node, place, limits)
        if len(findings) > limits.findings:
            break
    return [*findings, *leaves(value, limits)]


def counts(node: Mapping[str, Json], place: str, limits: Limits) -> list[Finding]:
    """Return a block where what a name says are numbers of people, in objects below it, are few of them."""
    unit = any(isinstance(one, str) and PEOPLE.match(bare(one)) for one in node.values())
    for name, inner in node.items():
        said = DIVIDED.split(name)[0]
        named = PEOPLE_SAID.search(said) and PEOPLE.match(bare(said))
        # What counts people may also be said beside it: "unit": "speakers".
        if not isinstance(inner, dict | list) or not (named or (unit and isinstance(inner, dict))):
            continue
        objects = [one for _, one in nodes(inner, "") if isinstance(one, dict)]
        names = [bare(key) for one in objects for key in one]
        told = [value for one in objects for value in one.values() if not isinstance(value, dict | list)]
        if len(told) < 2 or not all(type(value) is int for value in told) or any(map(NO_COUNT.match, names)):
            continue
        if "age" not in names and any(_few(value, limits) for value in told):
            message = f"Some of these numbers of {name!r} are below {limits.minimum_count}."
            fix = f"Merge groups until each holds at least {limits.minimum_count} people."
            return [block("small_cells", message, fix, place)]
    return []


def leaves(value: Json, limits: Limits) -> list[Finding]:
    """Return a block for a tree some of whose nodes count few cases, in whatever lists or objects."""
    few = 0
    for _, node in nodes(value, ""):
        names = {name.casefold(): one for name, one in node.items()} if isinstance(node, dict) else {}
        if names.keys() & SPLIT:
            few += sum(_few(one, limits) for name, one in names.items() if name in COUNTED)
    if few < LEAVES:
        return []
    message = f"{few} nodes of this tree hold fewer than {limits.minimum_count} cases each."
    fix = f"Grow the tree with at least {limits.minimum_count} people in each leaf."
    return [block("small_leaves", message, fix)]


def _few(value: Json, limits: Limits) -> int:
    """Return how many counts in a value are of few."""
    if isinstance(value, list):
        return sum(_few(one, limits) for one in value)
    return int(isinstance(value, int | float) and value in range(1, limits.minimum_count))


def summary(node: Mapping[str, Json], place: str) -> list[Finding]:
    """Return a flag for the ends of a distribution that stand among its mean, quartiles or spread."""
    numbers = {name.casefold() for name, one in node.items() if _is_measured(one)}
    whole = any(FIVE.fullmatch(name) and isinstance(node[name], list) for name in node)
    if whole:
        numbers |= {"min", "median"}
    if not numbers & SUMMARY or not numbers & ENDS:
        return []
    message = "The smallest and the largest value may be those of a single person."
    return [flag("extremes", message, "Give quantiles that enough people lie beyond.", place)]


def _is_measured(value: Json) -> bool:
    """Return whether a value is a number, or a list of some."""
    if isinstance(value, list):
        return bool(value) and all(isinstance(one, int | float) for one in value)
    return isinstance(value, int | float)


def of_people(path: str, node: Mapping[str, Json], place: str) -> list[Finding]:
    """Return the block for an object whose name says speakers or recordings and whose keys number them."""
    named = path.rsplit(".", 1)[-1]
    numbered = sum(any(map(str.isdigit, key)) for key in node)
    if not PERSONAL.match(bare(named)) or numbered < NUMBERED or 2 * numbered <= len(node):
        return []
    message = f"{named!r} holds {len(node)} values, each of one recording or person, whatever their labels."
    return [block("row_level", message, "Aggregate over people.", place)]
