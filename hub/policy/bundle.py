"""Building the policy bundle: from the checkout's Rego to one file, its revision the hash of its content."""

from __future__ import annotations

import hashlib
import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

from hub.places import Places
from hub.policy import schemas


class BundleFailed(Exception):
    """The policies could not be built; the message is OPA's."""


@dataclass(frozen=True)
class Bundle:
    """A built bundle and the revision inside it."""

    path: Path
    revision: str


def opa(places: Places) -> Path:
    """Return OPA's binary, as `up` installed it."""
    return places.tools / "bin" / "opa"


def sources(policies: Path) -> list[Path]:
    """Return the files that make up the bundle, tests left out, in a fixed order."""
    found = [policies / ".manifest", *policies.rglob("*.rego"), *policies.rglob("data.json")]
    return sorted(path for path in found if not path.name.endswith("_test.rego"))


def revision_of(policies: Path) -> str:
    """Return the hash of every rule and schema: another rule, another revision."""
    digest = hashlib.sha256()
    for path in sources(policies):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(policies).as_posix()}\n{len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()


def build(places: Places, *, policies: Path | None = None, into: Path | None = None) -> Bundle:
    """Build the bundle and write its revision beside it; both replace the old ones in one step each."""
    policies = policies or places.checkout / "policies"
    folder = into or places.state / "opa"
    folder.mkdir(parents=True, exist_ok=True)
    revision = revision_of(policies)
    made = (folder / "bundle.tgz.new").resolve()
    command = [str(opa(places)), "build", "--bundle", ".", "--output", str(made)]
    command += ["--revision", revision, "--ignore", "*_test.rego"]
    # Run inside the folder, so that the bundle names its files and not this machine's folders.
    result = subprocess.run(command, cwd=policies, capture_output=True, text=True, timeout=120, check=False)
    if result.returncode:
        raise BundleFailed(f"opa build failed: {(result.stderr or result.stdout).strip()}")
    made.chmod(0o644)
    # The bundle first: between the two steps an old OPA and the old revision still agree.
    made.replace(folder / "bundle.tgz")
    _write(folder / "revision", revision + "\n")
    return Bundle(path=folder / "bundle.tgz", revision=revision)


def write_schemas(policies: Path) -> list[Path]:
    """Write the schema of each package beside the rules that use it."""
    written = []
    for package in schemas.packages():
        path = policies / "schemas" / package / "data.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(schema_text(package), encoding="utf-8")
        written.append(path)
    return written


def schema_text(package: str) -> str:
    """Return a package's schema as it lies in the checkout."""
    return json.dumps(schemas.of_package(package), indent=1, ensure_ascii=False) + "\n"


def _write(path: Path, text: str) -> None:
    temporary = path.with_name(path.name + ".new")
    temporary.write_text(text, encoding="utf-8")
    temporary.chmod(0o644)
    temporary.replace(path)
