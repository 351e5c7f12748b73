"""What an enclave needs before its processes start: policies, database, pages' files, demo."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from pathlib import Path

from hub.cli import environment, postgresql, programs, tools, version
from hub.cli.running import Step, StepFailed, last_lines
from hub.places import USERS, Places

POLICY_FILES = (".rego", ".json", ".yaml", ".yml", ".manifest")
TESTS = "_test.rego"


def images(places: Places, step: Step) -> None:
    """Build the images whose inputs changed."""
    step.run(
        [environment.python(places.checkout), "-u", "-m", "hub.engine.images", "build"],
        cwd=places.checkout,
        env=os.environ | programs.environment(places, None) | {"PATH": os.environ["PATH"]},
        fix="check that this machine reaches its Debian mirror and Python package index, then run it again",
    )
    step.note = "built, or there already"


def secrets(places: Places, step: Step) -> None:
    """Make the keys and tokens that are missing."""
    step.run(
        [environment.python(places.checkout), "-m", "hub.cli.secrets"],
        cwd=places.checkout,
        env=os.environ | programs.environment(places, None),
    )
    step.note = last_lines(step.log, 1)


def policy_revision(policies: Path) -> str:
    """Return the hash of the policies without their tests: the same rules have the same revision."""
    total = hashlib.sha256()
    for path in sorted(policies.rglob("*")):
        if path.is_file() and path.name.endswith(POLICY_FILES) and not path.name.endswith(TESTS):
            content = path.read_bytes()
            total.update(f"{path.relative_to(policies)}\0{len(content)}\0".encode())
            total.update(content)
    return total.hexdigest()[:32]


def bundle(places: Places, step: Step) -> None:
    """Build the policies into the bundle that OPA serves, under the hash of their files."""
    policies = places.checkout / "policies"
    revision = policy_revision(policies)
    target, said = places.state / "opa" / "bundle.tgz", places.state / "opa" / "revision"
    if target.exists() and said.exists() and said.read_text(encoding="utf-8").strip() == revision:
        return
    step.say(f"bundling the policies, revision {revision}")
    fresh = target.with_name("bundle.tgz.new")
    step.run(
        [
            *(tools.opa(places), "build", "--bundle", policies, "--ignore", f"*{TESTS}"),
            *("--revision", revision, "--output", fresh),
        ],
        fix="the policies do not compile: `opa check --strict policies` says where",
    )
    fresh.chmod(0o644)
    fresh.rename(target)
    said.write_text(f"{revision}\n", encoding="utf-8")


def database(places: Places, step: Step) -> None:
    """Migrate the database and collect the pages' files, when the program changed since the last time."""
    # The hub's client in the database holds the addresses; another database has no tables yet.
    facts = (version.of_prepared(places.checkout), places.portal_url, places.lab_url, postgresql.address())
    now = hashlib.sha256("\0".join(facts).encode()).hexdigest()
    if _stamps(places).get("database") == now and _database_exists(places):
        return
    step.say("migrating the database, collecting the pages' files")
    migrate(places, step)
    _django(places, step, "createcachetable")
    if (file := sqlite(places)).exists():
        # SQLite makes its file for its owner alone; door and worker write too, and -wal and -shm follow it.
        file.chmod(0o660)
    _django(places, step, "collectstatic", "--noinput", "--verbosity=0", "--clear")
    _stamp(places, "database", now)


def migrate(places: Places, step: Step) -> None:
    """Check the program and bring the tables of the database to it."""
    _django(places, step, "migrate", "--noinput", "--verbosity=1")


def rules_on_ledger(places: Places, step: Step) -> None:
    """Put the policies' revision on the ledger before the first decision under it, when it changed."""
    now = (places.state / "opa" / "revision").read_text(encoding="utf-8").strip()
    if _stamps(places).get("revision") == now:
        return
    _module(places, step, "hub.ledger", "revision")
    _stamp(places, "revision", now)


def stay_without_demo(places: Places) -> None:
    """Remember that this enclave is to hold no demo; one that holds it already is refused."""
    if _passwords(places).exists():
        raise StepFailed(
            f"the enclave in {places.state} already holds the demo",
            fix="`python3 -m hub reset` removes it with everything else, or name another PARLATORY_STATE",
        )
    without_demo(places).parent.mkdir(parents=True, exist_ok=True)
    without_demo(places).touch()


def without_demo(places: Places) -> Path:
    """Return the file that says that an enclave is to hold no demo."""
    return places.state / "without-demo"


def restore_on_ledger(places: Places, step: Step) -> None:
    """Put a restore on the ledger and end the sessions that its backup took for live, once."""
    if not (said := places.state / "restored.json").exists():
        return
    step.say("entering the restore in the ledger")
    _module(places, step, "hub.workspaces.restored")
    said.unlink()


def demo(places: Places, step: Step) -> None:
    """Put the demo in, when the program changed since the last time; none where none is wanted."""
    if without_demo(places).exists():
        step.note = "none is wanted"
        return
    now = version.of_prepared(places.checkout)
    if _stamps(places).get("demo") == now and _passwords(places).exists():
        return
    step.say("speech, institutions, people and projects")
    step.run(
        [programs_python(places), "-u", "-m", "hub.demo", "seed"],
        cwd=programs.checkout(places),
        # The demo's speech comes out of Debian packages, so the caller's way to the mirror is kept.
        env=os.environ | programs.environment(places, None) | {"PATH": os.environ["PATH"]},
    )
    _stamp(places, "demo", now)


def show_passwords_once(places: Places) -> bool:
    """Say whether the demo's passwords were never shown, and remember that now they are."""
    if not (file := _passwords(places)).exists():
        return False
    now = hashlib.sha256(file.read_bytes()).hexdigest()
    if _stamps(places).get("shown") == now:
        return False
    _stamp(places, "shown", now)
    return True


def _passwords(places: Places) -> Path:
    return places.state / "demo-passwords.json"


def programs_python(places: Places) -> Path:
    """Return the interpreter by the path that all users reach."""
    return environment.python(programs.checkout(places))


def _django(places: Places, step: Step, *words: str) -> None:
    _module(places, step, "django", *words)


def _module(places: Places, step: Step, module: str, *words: str) -> None:
    step.run(
        [programs_python(places), "-m", module, *words],
        cwd=programs.checkout(places),
        env=programs.environment(places, "portal"),
        umask=0o007,
        **programs.credentials(USERS["portal"]),
    )


def _database_exists(places: Places) -> bool:
    return postgresql.chosen() or sqlite(places).exists()


def sqlite(places: Places) -> Path:
    """Return the embedded database's file."""
    return places.state / "db" / "parlatory.sqlite3"


def _stamps(places: Places) -> dict[str, str]:
    try:
        found = json.loads((places.state / "prepared.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _stamp(places: Places, name: str, value: str) -> None:
    stamps = _stamps(places) | {name: value}
    fresh = places.state / "prepared.json.new"
    fresh.write_text(json.dumps(stamps), encoding="utf-8")
    shutil.move(fresh, places.state / "prepared.json")
