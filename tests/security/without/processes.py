"""The controls on our own processes: what each may become, ask the kernel for, and read."""

from __future__ import annotations

from typing import Any

from tests.security.without.removal import Removal, replaced

BOUNDS = "integration/cli/test_supervision.py"


def unbounded() -> None:
    """Start each process as it is, with all that its user may do."""
    from hub.cli import programs

    replaced(programs, "_bounds", lambda places, program: ())


def open_secrets() -> None:
    """Let everybody on the machine read every secret."""
    from hub.cli import prepare

    made = prepare.secrets

    def opened(places: Any, step: Any) -> None:
        made(places, step)
        for path in (places.state / "secrets").rglob("*"):
            path.chmod(0o755 if path.is_dir() else 0o644)

    replaced(prepare, "secrets", opened)


def one_for_all() -> None:
    """Let the processes write for a moment where everybody does."""
    from hub.cli import programs

    made = programs.environment

    def shared(places: Any, part: str | None) -> dict[str, str]:
        return {name: value for name, value in made(places, part).items() if name != "TMPDIR"}

    replaced(programs, "environment", shared)


REMOVALS = {
    "set-uid": Removal(
        "no process of the enclave becomes more than its user by a set-uid program",
        unbounded,
        BOUNDS,
        "test_a_set_uid_program_makes_no_process_more_than_its_user",
        shows="could become another|root",
    ),
    "calls": Removal(
        "no process of the enclave makes a name space, which opens much of the kernel to anybody",
        unbounded,
        BOUNDS,
        "test_a_process_makes_no_name_space",
        shows="made one",
    ),
    "powers": Removal(
        "a process of root's has only the powers that its work needs",
        unbounded,
        BOUNDS,
        "test_a_process_of_root_has_few_of_its_powers",
        shows="capabilities",
    ),
    "moment": Removal(
        "what a process writes for a moment is nobody else's",
        one_for_all,
        "integration/cli/test_ground.py",
        "test_what_a_process_writes_for_a_moment_is_nobody_elses",
        shows="the hub reads /tmp/",
    ),
    "secrets": Removal(
        "each process reads its own secrets and no other's",
        open_secrets,
        "integration/cli/test_ground.py",
        "test_the_gates_user_reads_its_own_secrets_and_no_others",
        shows="data/grant.key",
    ),
}
