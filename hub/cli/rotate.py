"""`rotate`: new keys and tokens in place of old ones, on the ledger, with what that ends said before.

The processes start again, as none of them reads a secret twice; sessions go on. A rotation that was cut off
is finished by asking for it again.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass

from hub.cli import down, environment, preflight, programs, stages, up
from hub.cli.running import Step, StepFailed, step
from hub.cli.supervision import Supervisor
from hub.places import USERS, Places, places


@dataclass(frozen=True)
class Rotation:
    """One secret: what it is for, and what a new one ends; or why it is not changed by a command."""

    purpose: str
    ends: str = ""
    never: str = ""


ROTATIONS: dict[str, Rotation] = {
    "django": Rotation(
        "signs the portal's cookies and forms, seals second factors",
        "every sign-in at the portal; forms that lie open; second factors are sealed anew and stay",
    ),
    "grant.key": Rotation(
        "signs grants", "grants that no session was started from yet, a minute old at most"
    ),
    "ledger.key": Rotation(
        "signs the ledger's checkpoints",
        never="whoever keeps a checkpoint or receipt verifies it with this key's public half",
    ),
    "oidc.key": Rotation(
        "signs who somebody is, for the hub", "sign-ins to the lab that are half way through"
    ),
    "oidc-client": Rotation(
        "the hub's password at the portal", "sign-ins to the lab that are half way through"
    ),
    "hub-api": Rotation("the portal's token at the hub", "nothing that people see"),
    "hub-portal": Rotation("the hub's token at the portal", "nothing that people see"),
    "gate-portal": Rotation("the gate's token at the portal", "nothing that people see"),
    "gate-hub": Rotation(
        "the gate's token at the hub; the gate's cookies derive from it",
        "every open page of the lab: load it again",
    ),
    "opa": Rotation("the portal's token at OPA", "nothing that people see"),
    "proxy": Rotation("the hub's token at the proxy", "nothing that people see"),
    "cookie": Rotation(
        "signs the hub's cookies", "every sign-in at the lab; the portal's sign-in signs in again"
    ),
    "crypt": Rotation("seals what the hub keeps of a sign-in", "every sign-in at the lab, as above"),
    "salt": Rotation("kept for what is hashed with a secret; no part reads it today", "nothing"),
}

CHOSEN = """\
Not made here: the TLS proxy's secret, the passwords of database and mail server. They are in the files that
PARLATORY_FRONT_FILE, _DATABASE_FILE and _MAIL_PASSWORD_FILE name: change them there (Ansible's in its vault),
and `python3 -m hub up` takes them up."""


def run(arguments: list[str]) -> int:
    """List the secrets, or put new ones in the place of those named; `all` names those that can be."""
    parser = argparse.ArgumentParser(prog="python3 -m hub rotate", description=__doc__)
    parser.add_argument("name", nargs="*", help="as the list shows them, or `all`; without one: the list")
    wanted = parser.parse_args(arguments).name
    if not wanted:
        print(listing())
        return 0
    if lack := preflight.not_root(places):
        raise StepFailed(lack)
    rotate(places, chosen(wanted))
    return 0


def listing() -> str:
    """Return every secret, a line each: what it is for and what a new one ends."""
    lines = []
    for name, one in ROTATIONS.items():
        lines += [
            f"{name:<12} {one.purpose}",
            f"{'':<12} " + (f"never: {one.never}" if one.never else f"ends: {one.ends}"),
        ]
    return "\n".join([*lines, "", CHOSEN])


def chosen(wanted: list[str]) -> list[str]:
    """Return the secrets meant; an unknown one, or one that is never changed, is refused in a sentence."""
    if wanted == ["all"]:
        return [name for name, one in ROTATIONS.items() if not one.never]
    for name in wanted:
        if name not in ROTATIONS:
            raise StepFailed(
                f"there is no secret {name!r}", fix=f"there are: {', '.join(ROTATIONS)}, and all"
            )
        if never := ROTATIONS[name].never:
            raise StepFailed(f"{name} is not rotated", fix=never)
    return list(dict.fromkeys(wanted))


def rotate(where: Places, names: list[str]) -> None:
    """Put it on the ledger, stop the processes, change the secrets, start what ran; sessions go on."""
    logs = where.state / "log"
    if not (where.state / "secrets").is_dir():
        raise StepFailed(f"there are no secrets in {where.state} yet", fix="`python3 -m hub up` makes them")
    with up.only_one(where):
        with step("Ledger", "rotate-ledger", logs) as current:
            current.say("entering which secrets are changed")
            _as_portal(where, current, "hub.ledger", "rotated", *names)
        ran = Supervisor(where).runs()
        down.stop_processes(where)
        try:
            with step("Secrets", "rotate", logs) as current:
                current.say(", ".join(names))
                _change(where, current, names)
        finally:
            if ran:
                stages.start(where)
    for name in names:
        print(f"{name} is new. Ended: {ROTATIONS[name].ends}.")


def _change(where: Places, current: Step, names: list[str]) -> None:
    python = str(environment.python(programs.checkout(where)))
    here, own = programs.checkout(where), programs.environment(where, None)
    current.run(
        [python, "-m", "hub.cli.secrets", "replace", *names], cwd=here, env=own, fix="ask for it again"
    )
    if "django" in names:
        _as_portal(where, current, "hub.people.reseal")
        current.run([python, "-m", "hub.cli.secrets", "forget", "django"], cwd=here, env=own)
    if "oidc-client" in names:
        _as_portal(where, current, "hub.people.reseal", "--client")


def _as_portal(where: Places, current: Step, module: str, *words: str) -> None:
    current.run(
        [str(environment.python(programs.checkout(where))), "-m", module, *words],
        cwd=programs.checkout(where),
        env=programs.environment(where, "portal"),
        umask=0o007,
        fix="ask for the rotation again: it goes on where it was",
        **programs.credentials(USERS["portal"]),
    )
