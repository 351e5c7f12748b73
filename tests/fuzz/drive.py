"""One target under atheris: `python -m tests.fuzz.drive TARGET [libFuzzer's options and folders]`."""

from __future__ import annotations

import sys

import atheris  # type: ignore[import-not-found]  # of the extra `fuzz` alone

with atheris.instrument_imports(include=["egress_review.screening"]):
    from tests.fuzz.targets import INDEX, TARGETS


def main(arguments: list[str]) -> None:
    """Fuzz until libFuzzer's bounds are reached, or something crashes; does not return."""
    INDEX.prepare()
    atheris.Setup([arguments[0], *arguments[2:]], TARGETS[arguments[1]])
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv)
