"""Prints and draws what the bench of leaks measured."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path

from egress_review.bench import material
from egress_review.bench.scores import Result, Share, wilson

HEAD = "case  mark   leak                                         caught  recall (95 % interval)"
LEGEND = (
    "Marks: B must be blocked, F must reach a human flagged, N must be gone from what leaves.\nOthers: ClamAV"
    " is Debian's clamscan with EICAR's test signature only; allow-list is known suffixes of at most\n1 MiB;"
    " ACRO is its own status where the case is a table it makes. They don't rebuild: only a block counts.\n"
)


def table(results: Sequence[Result], parameters: str, tools: Sequence[str]) -> str:
    """Return the table of cases, what was missed, and benign files that were blocked."""
    done = [result for result in results if not result.skipped]
    leaks = [result for result in done if result.number]
    benign = [result for result in done if not result.number]
    lines = [
        (
            f"Parameters: {parameters}. Datasets: {', '.join(sorted({r.dataset for r in results}))}. "
            f"Seeds: {', '.join(str(seed) for seed in sorted({r.seed for r in results}))}."
        ),
        "",
        HEAD + "".join(f"  {tool:>10}" for tool in tools),
    ]
    lines += _cases(leaks, tools)
    if len({result.dataset for result in done}) > 1:
        lines += ["", *_datasets(leaks)]
    lines += ["", *_missed(leaks), "", *_blocked(benign, tools), "", *_skipped(results), LEGEND]
    return "\n".join(lines)


def _line(number: str, mark: str, title: str, results: Sequence[Result], tools: Sequence[str]) -> str:
    share = Share.caught(results)
    others = "".join(f"  {Share.caught_by(tool, results)!s:>10}" for tool in tools)
    return f"{number:>4}  {mark:<5}  {title:<43}  {share!s:>6}  {share.words:<22}{others}"


def _cases(leaks: Sequence[Result], tools: Sequence[str]) -> list[str]:
    registry = material.module("registry")
    by_case: dict[tuple[int, str], list[Result]] = defaultdict(list)
    for result in leaks:
        by_case[(result.number, result.title)].append(result)
    lines: list[str] = []
    for title in registry.sections():
        cases = [case for case in sorted(by_case) if registry.section(case[0]) == title]
        if not cases:
            continue
        lines += ["", title]
        lines += [_line(str(one[0]), by_case[one][0].mark, one[1], by_case[one], tools) for one in cases]
        lines.append(_line("", "", f"{title}, all", [r for one in cases for r in by_case[one]], tools))
    return [*lines, "", _line("", "", "All leaks", leaks, tools)]


def _datasets(leaks: Sequence[Result]) -> list[str]:
    by_name: dict[str, list[Result]] = defaultdict(list)
    for result in leaks:
        by_name[result.dataset].append(result)
    return ["By dataset", *(_line("", "", name[:43], found, ()) for name, found in sorted(by_name.items()))]


def _missed(leaks: Sequence[Result]) -> list[str]:
    missed = [result for result in leaks if not result.caught]
    lines = [
        f"Missed: {len(missed)}" + (" (each can be run again with --only CASE --seed N)" if missed else "")
    ]
    for result in missed:
        said = f"; said {', '.join(result.checks)}" if result.checks else ""
        lines.append(
            f"  --only {result.key} --seed {result.seed}: {result.title}, {result.mark} but "
            f"{result.outcome}{said} [{result.dataset}]"
        )
    return lines


def _blocked(benign: Sequence[Result], tools: Sequence[str]) -> list[str]:
    blocked = [result for result in benign if not result.caught]
    flagged = sum(result.outcome == "flag" for result in benign)
    share = Share(len(blocked), len(benign))
    lines = [f"Benign: {share} submissions blocked, {share.words}; {flagged} flagged for a human."]
    if tools:
        wrong = ", ".join(
            f"{tool} {found.of - found.hits}/{found.of}"
            for tool in tools
            if (found := Share.caught_by(tool, benign)).of
        )
        lines.append(f"Blocked by others: {wrong}")
    for result in blocked:
        why = [check for check in result.checks if check.endswith(":block")]
        lines.append(f"  --only {result.key} --seed {result.seed}: {', '.join(why)} [{result.dataset}]")
    return lines


def _skipped(results: Sequence[Result]) -> list[str]:
    why = Counter(f"{result.skipped} [{result.dataset}]" for result in results if result.skipped)
    return [f"Not built: {count} submissions, {reason}" for reason, count in why.items()]


def plot(results: Sequence[Result], path: Path) -> None:
    """Draw recall by case with its interval, and the share of benign files blocked, as a picture."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    done = [result for result in results if not result.skipped]
    groups: dict[str, list[Result]] = defaultdict(list)
    for result in sorted(done, key=lambda r: r.number or 1000):
        groups[f"{result.number} {result.title}" if result.number else "benign, not blocked"].append(result)
    figure = Figure(figsize=(8, 0.19 * len(groups) + 1.4), dpi=110)
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    for place, found in enumerate(groups.values()):
        share = Share.caught(found)
        low, high = wilson(share.hits, share.of)
        colour = {"B": "#b2443c", "F": "#c58b2a", "N": "#3c7a57"}.get(found[0].mark, "#44668c")
        axes.plot([low, high], [place, place], color=colour, linewidth=1.2)
        axes.plot([share.hits / share.of], [place], "o", color=colour, markersize=4)
    axes.set_yticks(range(len(groups)), list(groups), fontsize=6.5)
    axes.set_ylim(len(groups) - 0.5, -0.5)
    axes.set_xlim(-0.02, 1.02)
    axes.set_xlabel(
        "share as it should be, with its 95 % interval\nred: block, amber: flag, green: neutralise",
        fontsize=8,
    )
    axes.grid(axis="x", linewidth=0.4)
    figure.tight_layout()
    figure.savefig(path)
