"""Figures of a run: percentiles, ratios and the table that shows them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import quantiles
from typing import Any

AIM = 1.05
HEADINGS = ("n", "failed", "p50", "p95", "min", "max")


@dataclass(frozen=True)
class Figures:
    """What a row of starts took, in seconds; without one start that got ready there is no figure."""

    n: int
    failed: int
    p50: float | None = None
    p95: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Case:
    """One way of starting, measured on both sides; a start that failed is None."""

    title: str
    ours: tuple[float | None, ...]
    stock: tuple[float | None, ...]

    def ratios(self) -> tuple[float | None, float | None]:
        """Return ours over stock's at p50 and at p95."""
        ours, stock = summary(self.ours), summary(self.stock)
        return _over(ours.p50, stock.p50), _over(ours.p95, stock.p95)

    def plain(self) -> dict[str, Any]:
        """Return the case as JSON can carry it, with every single start."""
        p50, p95 = self.ratios()
        return {
            "case": self.title,
            "parlatory": asdict(summary(self.ours)) | {"seconds": list(self.ours)},
            "stock": asdict(summary(self.stock)) | {"seconds": list(self.stock)},
            "ratio_p50": p50,
            "ratio_p95": p95,
        }


def summary(seconds: Sequence[float | None]) -> Figures:
    """Return the figures of a row of starts; failed ones are counted and in no percentile."""
    ready = sorted(one for one in seconds if one is not None)
    failed = len(seconds) - len(ready)
    if not ready:
        return Figures(n=0, failed=failed)
    # Between the two nearest starts in proportion; never beyond what was measured.
    cuts = quantiles(ready, n=100, method="inclusive") if len(ready) > 1 else ready * 99
    return Figures(len(ready), failed, cuts[49], cuts[94], ready[0], ready[-1])


def table(cases: Sequence[Case]) -> str:
    """Return the table of all cases, in seconds."""
    lines = [_row("seconds", HEADINGS)]
    for case in cases:
        lines += ["", case.title]
        for name, seconds in (("Parlatory", case.ours), ("stock", case.stock)):
            made = summary(seconds)
            figures = (made.p50, made.p95, made.low, made.high)
            lines.append(_row(f"  {name}", (str(made.n), str(made.failed), *map(_text, figures))))
        lines.append(_row("  ratio", ("", "", *map(_text, case.ratios()))))
    return "\n".join(line.rstrip() for line in lines)


def verdict(case: Case) -> str:
    """Return whether the aim is met, in a sentence."""
    ratio, _ = case.ratios()
    if ratio is None:
        return f"The aim, a p50 at most {AIM} times stock's, cannot be judged: a side has no start."
    said = "is met" if ratio <= AIM else "is missed"
    return f"The aim, a p50 {case.title} at most {AIM} times stock's, {said}: {ratio:.2f}."


def _over(ours: float | None, stock: float | None) -> float | None:
    return round(ours / stock, 4) if ours is not None and stock else None


def _row(name: str, cells: Sequence[str]) -> str:
    return f"{name:<22}" + "".join(f"{cell:>8}" for cell in cells)


def _text(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"
