"""`python -m hub.demo data | seed | code EMAIL`: the demo's speech, the whole demo, a second-factor code."""

from __future__ import annotations

import argparse
import sys
import time

from hub.demo import credentials, data, seed
from hub.errors import ParlatoryError
from hub.places import places


def say(line: str) -> None:
    """Write one line of progress at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main(arguments: list[str] | None = None) -> int:
    """Do what the first word says; say in one sentence why not, where it can't be done."""
    options = _parser().parse_args(arguments)
    try:
        match options.verb:
            case "data":
                data.build(places.state / "datasets", cache=places.tools / data.CACHE, say=say)
            case "seed":
                seed.run(places, say=say)
            case "stage":
                _stage()
            case _:
                say(credentials.code(places.state, options.email, at=time.time()))
    except ParlatoryError as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    except PermissionError as error:
        sys.stderr.write(f"error: {error.filename} may not be used by this user; run this as root\n")
        return 1
    return 0


def _stage() -> None:
    import django

    django.setup()
    # The models can't be imported before Django knows the apps.
    from hub.demo import stage

    stage.put_in(credentials.Credentials.model_validate_json(sys.stdin.buffer.read()), say=say)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m hub.demo", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("data", help="make the demo's dataset versions that are missing")
    verbs.add_parser("seed", help="put in what is missing of the demo, its data included")
    verbs.add_parser("stage", help="the part of `seed` that writes the database; reads credentials")
    verbs.add_parser("code", help="the current second-factor code of a demo person").add_argument("email")
    return parser


if __name__ == "__main__":
    sys.exit(main())
