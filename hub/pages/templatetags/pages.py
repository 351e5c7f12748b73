"""How times, sizes and states are written on every page."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from django import template
from django.utils.html import escape, format_html_join

register = template.Library()

SIZES = ((1024**3, "GiB"), (1024**2, "MiB"), (1024, "KiB"))
# Which colour a state has; the word itself always stands beside it.
TONES = {
    "open": "good",
    "running": "good",
    "released": "good",
    "approved": "good",
    "registered": "good",
    "holds": "good",
    "starting": "busy",
    "requested": "busy",
    "proposed": "busy",
    "asked": "busy",
    "refused": "bad",
    "waiting": "busy",
    "accepted": "good",
    "expired": "warn",
    "submitted": "busy",
    "screening": "busy",
    "in_review": "busy",
    "differing": "warn",
    "returned": "warn",
    "deprecated": "warn",
    "ends soon": "warn",
    "suspended": "bad",
    "failed": "bad",
    "blocked": "bad",
    "rejected": "bad",
    "revoked": "bad",
    "ended": "calm",
    "closed": "calm",
    "withdrawn": "calm",
}


@register.filter
def when(value: object) -> str:
    """Write a time or a day so that everybody reads the same: 23 Nov 2026, 14:05 UTC."""
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%-d %b %Y, %H:%M} UTC"
    if isinstance(value, date):
        return f"{value:%-d %b %Y}"
    return "no end"


@register.filter
def left(value: object) -> str:
    """Write how long it is until a time."""
    if not isinstance(value, datetime):
        return "no end"
    return span(max(timedelta(), value - datetime.now(UTC)).total_seconds())


@register.filter
def span(seconds: float) -> str:
    """Write a duration in hours and minutes."""
    minutes = int(seconds // 60)
    if minutes < 1:
        return "less than a minute"
    hours, rest = divmod(minutes, 60)
    if hours and rest:
        return f"{hours} h {rest} min"
    return f"{hours} h" if hours else f"{rest} min"


@register.filter
def size(value: int | None) -> str:
    """Write a number of bytes with the unit that reads best."""
    if value is None:
        return "–"
    for unit, name in SIZES:
        if value >= unit:
            return f"{value / unit:.1f} {name}".replace(".0 ", " ")
    return f"{value} bytes"


@register.filter
def megabytes(value: int) -> str:
    """Write a budget in the unit that transfer rates are told in."""
    return f"{value / 1_000_000:.1f} MB"


@register.filter
def speech(value: int) -> str:
    """Write how much speech fits into a number of bytes at 12 kbit/s."""
    return span(value * 8 / 12_000)


@register.filter
def at_slashes(path: str) -> str:
    """Let a path break into lines behind its slashes, and nowhere else."""
    *before, last = path.split("/")
    return format_html_join("", "{}/<wbr>", ((part,) for part in before)) + escape(last)


@register.filter
def coded(text: str) -> str:
    """Write what stands between backticks as code."""
    parts = text.split("`")
    pieces = [("code" if at % 2 else "span", part) for at, part in enumerate(parts) if part]
    return format_html_join("", "<{0}>{1}</{0}>", pieces)


@register.filter
def words(value: object) -> str:
    """Write a state or role as words."""
    return str(value).replace("_", " ")


@register.filter
def tone(state: object) -> str:
    """Return the colour class of a state."""
    return TONES.get(str(state), "calm")


@register.filter
def plain(value: float) -> str:
    """Write a coordinate for a drawing, the same in every language."""
    return f"{value:.1f}"
