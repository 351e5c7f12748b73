"""The same as commands: `!parlatory datasets` in a cell."""

from __future__ import annotations

import argparse
import importlib.metadata
import sys

import parlatory


def main(arguments: list[str] | None = None) -> int:
    """Run one command; return its exit status."""
    options = _parser().parse_args(arguments)
    try:
        said = _say(options)
        print(said)
    except parlatory.ParlatoryError as error:
        print(error, file=sys.stderr)
        return 1
    return 1 if isinstance(said, parlatory.Checked) and said.blocked else 0


def _say(options: argparse.Namespace) -> object:
    match options.command:
        case "datasets":
            return _cards()
        case "check":
            return parlatory.check(*options.files)
        case "submit":
            return parlatory.submit(
                *options.files,
                title=options.title,
                context=options.context,
                controls=options.controls,
                replaces=options.replaces,
            )
        case "status":
            return parlatory.status()
        case "left":
            return parlatory.left()
        case "packages":
            return _packages()
        case _:
            return parlatory.__doc__


def _cards() -> str:
    cards = [
        repr(parlatory.load(row.name, row.version)) for row in parlatory.datasets().itertuples(index=False)
    ]
    return "\n\n".join(cards) or "No dataset is mounted in this session."


def _packages() -> str:
    found = {part.metadata["Name"].lower(): part.version for part in importlib.metadata.distributions()}
    return "\n".join(f"{name} {version}" for name, version in sorted(found.items()))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="parlatory", description="What a session can ask of its enclave.")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    commands.add_parser("datasets", help="the datasets of this session, with licence and attribution")
    check = commands.add_parser("check", help="what the screening finds in files before they are handed in")
    check.add_argument("files", nargs="+", metavar="FILE")
    submit = commands.add_parser("submit", help="hand results in to the output checkers")
    submit.add_argument("files", nargs="+", metavar="FILE")
    submit.add_argument("--title", required=True, help="name the result in one line")
    submit.add_argument("--context", required=True, help="what it shows, from which data")
    submit.add_argument("--controls", required=True, help="what was done so that nobody can be recognised")
    submit.add_argument("--replaces", metavar="ID", help="the submission that came back to you")
    commands.add_parser("status", help="where your submissions are, and what was found in them")
    commands.add_parser("left", help="time and screen budget left")
    commands.add_parser("packages", help="the Python packages of this image")
    commands.add_parser("help", help="what a session may do")
    return parser


if __name__ == "__main__":
    sys.exit(main())
