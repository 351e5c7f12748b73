"""`python -m hub.policy bundle | serve | schemas`: build the policies, serve them, write their schemas."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from hub.cli import programs
from hub.places import places
from hub.policy import bundle


def main(arguments: list[str] | None = None) -> int:
    """Do what the first word says; say what was done, or in one sentence why not."""
    parser = argparse.ArgumentParser(prog="python -m hub.policy", description=__doc__)
    parser.add_argument("verb", choices=["bundle", "serve", "schemas"])
    verb = parser.parse_args(arguments).verb
    try:
        if verb == "bundle":
            print(bundle.build(places).revision)  # noqa: T201  # a command's answer
        elif verb == "schemas":
            for path in bundle.write_schemas(places.checkout / "policies"):
                print(path.relative_to(places.checkout))  # noqa: T201  # a command's answer
        else:
            serve()
    except bundle.BundleFailed as error:
        print(error, file=sys.stderr)  # noqa: T201  # a command's answer
        return 1
    return 0


def serve() -> None:
    """Become the policy engine, with its token in the environment where only its own user can read it."""
    environment = {
        "PATH": os.defpath,
        "HOME": str(places.state / "opa"),
        "PARLATORY_OPA_TOKEN": places.secret("opa", "opa"),
    }
    command = serve_command(bundle.opa(places), places.state / "opa" / "bundle.tgz", places.port("opa"))
    os.execve(command[0], command, environment)  # noqa: S606  # to become OPA is what this is for


def serve_command(opa: Path, bundle_file: Path, port: int) -> list[str]:
    """Return OPA's command line: the enclave's own words, on loopback only."""
    return [
        str(opa),
        "run",
        "--server",
        "--addr",
        f"127.0.0.1:{port}",
        *programs.OPA_WORDS,
        "--bundle",
        str(bundle_file),
    ]


if __name__ == "__main__":
    sys.exit(main())
