"""Draws the states of a submission into the folder's README, and tells whether the drawing still holds."""

from __future__ import annotations

from pathlib import Path

from egress_review.states import FIRST, MEANING, MOVES

README = Path(__file__).resolve().parent / "README.md"
START = "<!-- states: written by `python -m egress_review states --write` -->"
END = "<!-- /states -->"


def draw() -> str:
    """Return the states, their legal moves and their meanings as Markdown."""
    lines = ["```mermaid", "stateDiagram-v2", f"    [*] --> {FIRST.value}"]
    for state, following in MOVES.items():
        lines += [f"    {state.value} --> {wish.value}" for wish in sorted(following)]
        if not following:
            lines.append(f"    {state.value} --> [*]")
    lines += ["```", "", "| state | meaning |", "|---|---|"]
    lines += [f"| {state.value} | {meaning} |" for state, meaning in MEANING.items()]
    return "\n".join(lines)


def redrawn(text: str) -> str:
    """Return a README's text with the drawing between its markers brought up to date."""
    before, start, rest = text.partition(START)
    _, end, after = rest.partition(END)
    if not start or not end:
        raise ValueError(f"{README.name} has lost the marker lines {START!r} and {END!r}; put them back.")
    return f"{before}{START}\n{draw()}\n{END}{after}"


def holds() -> bool:
    """Tell whether the README shows the states as they are."""
    text = README.read_text(encoding="utf-8")
    return redrawn(text) == text


def write() -> None:
    """Bring the README's drawing up to date."""
    README.write_text(redrawn(README.read_text(encoding="utf-8")), encoding="utf-8")
