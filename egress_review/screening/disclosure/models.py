"""Fitted models written out: a coefficient a speaker, too few degrees of freedom, a fit without residuals."""

from __future__ import annotations

import re

from egress_review.screening.disclosure.groups import SIMILAR
from egress_review.screening.disclosure.headers import bare, whole
from egress_review.screening.disclosure.shown import number
from egress_review.screening.limits import Limits
from egress_review.screening.people import People, folded
from egress_review.screening.tables import Table
from egress_review.screening.verdict import Finding, block, flag

WHO = (
    r"(?:speaker|spk|spkr|talker|participant|subject|subj|patient|informant|person|voice|respondent|"
    r"listener|client)s?"
)
LEVEL = r"[^\]\n\[]{1,80}"
# statsmodels and patsy: C(speaker)[T.7]; R: speaker7, factor(speaker)7; mixed models: speaker:7.
PATSY = re.compile(
    rf"(?i)(?:\bC\(\s*)?\b{WHO}[\w.]*(?:\s*,[^()\n]*)?\)?\s*\[\s*(?:T\.|S\.)?({LEVEL})\](?!\()"
)
PLAIN = re.compile(
    rf"(?i)^\s*(?:(?:as\.)?factor\(|C\()?{WHO}(?:[_.\s-]?(?:id|no|nr|code))?\)?[\s_.:\-=#]{{0,3}}([\w.\-]{{1,40}})\s*$"
)
CODED = re.compile(rf"(?:\bC\(\s*)?\b([A-Za-z_][\w.]*)(?:\s*,[^()\n]*)?\)?\s*\[\s*(?:T\.|S\.)?({LEVEL})\]")
RESIDUAL = re.compile(
    r"(?i)(?:\b(?:df|d\.f\.|dof)[\s_.]*(?:of\s+)?resid\w*|"
    r"\bresid\w*[\s_.]*(?:df\b|d\.f\.|dof|degrees of freedom)|"
    r"\bdegrees of freedom\s*\(resid\w*\))[\"'\s]{0,4}[:=&|,]?\s{0,12}(\d{1,9})(?:\.0*)?\b(?!\.\d)"
)
R_RESIDUAL = re.compile(
    r"(?i)residual standard error[^\n]{0,60}\bon\s+(\d+)\s+degrees of freedom|, df\s*=\s*(\d+),"
)
R_SQUARED = re.compile(r"(?i)\br[-_ ]?(?:squared|2|²)\b\D{0,14}(1\.0+|0\.9999\d*)(?!\d)")
EXPLAINED = re.compile(r"(?i)^(?:adj\w*\.?[\s_]*)?r[\s_^-]*(?:2|²|sq\w*)$")
GROUPS = re.compile(r"(?i)\b(?:no\.?|number of)\s+groups\s*[:,=]?\s*(?:\w+\s*[,:]\s*)?(\d+)")
# A factor of people in Stata's way of writing a model, and rows of its estimates.
BY_PERSON = re.compile(rf"(?im)^[.> \t]*\w[^\n]*\bi[bn]?\d*\.{WHO}(?:_?id)?\b")
COEFFICIENTS = re.compile(r"(?m)^[ \t]*\w{1,20}[ \t]*\|(?:[ \t]+-?\d*\.?\d+){3,}")
TASK = re.compile(r"(?:[ts]ion|ing|ment|ance|ity|er|or)s?$")  # "speaker verification", "speaker encoder"
TERMS = 2
LEVELS = 5
MAY_BE_WORDS = frozenset(
    [
        "id",
        "ids",
        "count",
        "counts",
        "n",
        "mean",
        "sd",
        "std",
        "var",
        "variance",
        "effect",
        "effects",
        "intercept",
        "error",
        "wise",
        "level",
    ]
)
FIX = "Leave the terms of single people out; a random effect's variance says what they add."


def check(table: Table, people: People, limits: Limits) -> list[Finding]:
    """Return what a table of coefficients gives away about single people."""
    names = "\n".join(
        cell for row in (table.header, *table.rows) for cell in row[:3] if cell and not cell.isdigit()
    )
    findings = terms(names, people, table.where)
    findings += freedom("\n".join(" ".join(row) for row in table.rows[:500]), limits, table.where)
    for at, header in enumerate(table.header):
        if bare(header) in ("dfresid", "residdf", "dfresidual", "residualdf", "residualdegreesoffreedom"):
            few = [
                n
                for n, cell in enumerate(table.column(at))
                if (whole(cell) or limits.minimum_count) < limits.minimum_count
            ]
            findings += [_freedom(table.place(few[0], at), limits)] if few else []
        if EXPLAINED.match(header.strip()):
            shares = [(number(cell) or (0.0,))[0] for cell in table.column(at)]
            full = [n for n, share in enumerate(shares) if 0.9999 <= share <= 1.0]
            findings += [_saturated(table.place(full[0], at))] if full else []
    return list({finding.check: finding for finding in findings}.values())


def in_text(content: str, people: People, limits: Limits, where: str = "") -> list[Finding]:
    """Return what a model's printed summary gives away about single people."""
    if not re.search(r"\[|\bi\.|(?i:resid|r-squared|groups|degrees of freedom)", content):
        return []
    findings = terms(content, people, where) + freedom(content, limits, where)
    if R_SQUARED.search(content):
        findings.append(_saturated(where))
    if BY_PERSON.search(content) and len(COEFFICIENTS.findall(content)) >= LEVELS:
        findings.append(
            block("speaker_terms", "The model has a term for each of several people.", FIX, where)
        )
    groups = [int(found) for found in GROUPS.findall(content)]
    if groups and min(groups) < limits.minimum_count:
        message = (
            f"A mixed model over under {limits.minimum_count} groups tells about them, if they are people."
        )
        findings.append(flag("model_groups", message, "Report it only over enough people.", where))
    return findings


def terms(content: str, people: People, where: str) -> list[Finding]:
    """Return a finding where a model has a term a speaker, by the factor's name or its number of levels."""
    named = {folded(level) for level in PATSY.findall(content)}
    plain = {folded(m[1]) for line in content.split("\n") if (m := PLAIN.match(line))} - MAY_BE_WORDS
    plain = {level for level in plain if not TASK.search(level)}
    if len(named) >= TERMS or len(plain) > TERMS:
        count = max(len(named), len(plain))
        message = f"The model has a term for each of {count} people, a value of one person each."
        return [block("speaker_terms", message, FIX, where)]
    levels: dict[str, set[str]] = {}
    for factor, level in CODED.findall(content[:500_000]):
        levels.setdefault(factor, set()).add(folded(level))
    for found in levels.values():
        as_many = people.speaker_count and len(found) in (people.speaker_count - 1, people.speaker_count)
        if as_many and len(found) >= LEVELS and not _category(found, people):
            message = (
                f"A factor has {len(found)} terms, as many as the data has speakers: a person's value each."
            )
            make = block if len(found) >= 2 * LEVELS else flag
            return [make("speaker_terms", message, FIX, where)]
    return []


def _category(levels: set[str], people: People) -> bool:
    return any(len(levels & set(column.by_word)) >= SIMILAR * len(levels) for column in people.labels)


def freedom(content: str, limits: Limits, where: str) -> list[Finding]:
    """Return a finding where a model has fewer residual degrees of freedom than ACRO's rule asks for."""
    found = [int(value) for value in RESIDUAL.findall(content)]
    found += [int(value) for pair in R_RESIDUAL.findall(content) for value in pair if value]
    return [_freedom(where, limits)] if found and min(found) < limits.minimum_count else []


def _freedom(where: str, limits: Limits) -> Finding:
    return block(
        "degrees_of_freedom",
        f"The model has under {limits.minimum_count} residual degrees of freedom: it follows single cases.",
        "Fit fewer terms, or more people.",
        where,
    )


def _saturated(where: str) -> Finding:
    return flag(
        "saturated_model",
        "The model explains its data completely: its coefficients are the data in another form.",
        "Fit fewer terms.",
        where,
    )
