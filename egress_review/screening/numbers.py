"""Rounds numbers, so that no digits beyond the meaningful ones carry anything out."""

from __future__ import annotations

import re
from decimal import Context, Decimal, InvalidOperation

from egress_review.screening.limits import Limits

# Possessive, so that a long run of digits with something behind it is read once.
NUMBER = re.compile(r"[+-]?(?:\d++\.?\d*+|\.\d++)(?:[eE][+-]?\d{1,3})?")
# In prose only decimal fractions are touched: dates, DOIs, versions, ids and years keep their digits.
IN_PROSE = re.compile(r"(?<![\w./:\-+])[+-]?\d*\.\d{4,}(?:[eE][+-]?\d{1,3})?(?![\w./:])")


# What is written of a second beyond its thousandth.
OF_A_SECOND = re.compile(r"(?<=\d:[0-5]\d[.,]\d{3})\d++")


def counted(count: int) -> str:
    """Say how many numbers something was done to, as the beginning of a sentence."""
    return "1 number was" if count == 1 else f"{count:,} numbers were"


def significant_digits(number: str) -> int:
    """Return how many significant digits a written number has; trailing zeros of a whole number count not."""
    mantissa = re.split("[eE]", number.lstrip("+-"))[0]
    digits = mantissa.replace(".", "").lstrip("0")
    return len(digits.rstrip("0") if "." not in mantissa else digits)


def rounded(number: str, digits: int = Limits.significant_digits) -> str:
    """Return a written number with at most `digits` significant digits; shorter ones stay as they are.

    Errors: text that is no number comes back unchanged. A second rounding changes nothing.
    """
    if not NUMBER.fullmatch(number) or significant_digits(number) <= digits:
        return number
    try:
        value = Context(prec=digits).create_decimal(number)
    except InvalidOperation:
        return number
    return written(value)


def written(value: Decimal) -> str:
    """Return a decimal as people write it: positional where that is short, with an exponent otherwise."""
    if not value:
        return "0"
    plain = value.normalize()
    if -6 <= plain.adjusted() < 15:
        return format(plain, "f")
    return format(plain, "e").replace("e+", "e")


def plain(number: str) -> str:
    """Return a written number without what its value does not need: a plus, zeros before or behind it."""
    match = re.fullmatch(r"([+-]?)(\d*)(\.\d*)?((?:[eE][+-]?\d+)?)", number)
    if match is None or number.isdigit():
        return number
    sign = match[1].replace("+", "")
    if match[4]:
        # The same value has one way of writing, whatever was chosen.
        return written(Decimal(number))
    fraction = (match[3] or "").rstrip("0").rstrip(".")
    return f"{sign}{match[2].lstrip('0') or '0'}{fraction}{match[4].lower()}"


def rounded_float(value: float, digits: int = Limits.significant_digits) -> float:
    """Return a float rounded to `digits` significant digits, by its decimal form."""
    return float(f"{value:.{digits - 1}e}")


def rounded_whole(value: int, digits: int = Limits.significant_digits) -> int:
    """Return a whole number rounded to `digits` significant digits."""
    excess = len(str(abs(value))) - digits
    return value if excess <= 0 else round(value, -excess)


def rounded_prose(text: str, digits: int = Limits.significant_digits) -> tuple[str, int]:
    """Return a text with its decimal fractions rounded, and how many were."""
    changed = 0

    def shorter(match: re.Match[str]) -> str:
        nonlocal changed
        new = rounded(match.group(), digits)
        changed += new != match.group()
        return new

    text, times = OF_A_SECOND.subn("", text)
    return IN_PROSE.sub(shorter, text), changed + times
