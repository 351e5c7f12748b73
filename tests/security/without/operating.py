"""The controls at the machine: what its commands refuse, and the faults that the doctor would not see."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from tests.security.without.removal import Removal, put, replaced

MACHINE, DOCTOR = "unit/cli/test_machine.py", "unit/doctor/test_doctor.py"
EXPOSURE, TRACE = "unit/doctor/test_exposure.py", "unit/trace/test_lines.py"
GROUND = "integration/cli/test_ground.py"
SUPERVISION = "integration/cli/test_supervision.py"


def trusting() -> None:
    """Take what a container has for what it should have."""
    from hub.doctor import sessions

    replaced(sessions, "lacks", lambda container: [])


def blind(name: str, value: object = ()) -> Callable[[], None]:
    """Return a removal after which a look of the doctor finds nothing."""
    return put(f"hub.doctor.{name}", lambda *_: value)


def shell(places: Any, part: str | None) -> dict[str, str]:
    """Give a process what the caller's shell has."""
    from hub.cli import programs

    return {**os.environ, "PATH": programs.PATH, "PARLATORY_STATE": str(places.state)}


def rotated() -> None:
    """Rotate every secret."""
    import dataclasses

    from hub.cli import rotate

    for name, one in rotate.ROTATIONS.items():
        rotate.ROTATIONS[name] = dataclasses.replace(one, never="")


def content() -> None:
    """Take a look that saw nothing for a good one."""
    from hub.doctor import exposure
    from hub.doctor.promise import Finding

    replaced(exposure, "_nothing", lambda there: Finding(ok=True, detail=there))


def fine(places: Any) -> Any:
    """Find everything as it should be."""
    from hub.doctor.promise import Finding

    return Finding(ok=True, detail="")


REMOVALS = {
    "below-mounts": Removal(
        "a reset removes nothing below a mount",
        put("hub.cli.reset:folders", SimpleNamespace(mounts_under=lambda path: [])),
        MACHINE,
        "test_reset_removes_nothing_below_a_mount",
        shows="DID NOT RAISE",
    ),
    "quotes": Removal(
        "no value ends early in supervisor's configuration, to say something of its own",
        put("hub.cli.programs:_quote", lambda value: f'"{value}"'),
        MACHINE,
        "test_a_quote_cannot_end_a_value_early",
        shows="DID NOT RAISE",
    ),
    "shell": Removal(
        "the processes get nothing of the shell that starts them",
        put("hub.cli.programs:environment", shell),
        MACHINE,
        "test_the_processes_get_nothing_of_the_callers_shell",
        shows="AWS_SECRET",
    ),
    "never": Removal(
        "the ledger's key is rotated by nobody",
        rotated,
        "unit/cli/test_rotate.py",
        "test_what_is_never_rotated_or_is_no_secret_is_refused or test_all_are_all_but_those",
        shows="DID NOT RAISE|ledger.key",
    ),
    "lines": Removal(
        "no value fills a log",
        put("hub.trace:FIELD_CHARACTERS", 10**9),
        TRACE,
        "test_a_value_cannot_write_a_second_line_or_fill_the_log",
        shows="100000 == ",
    ),
    "confined": Removal(
        "the doctor sees a container that lost one of its walls",
        trusting,
        DOCTOR,
        "test_each_loosened_setting_is_seen",
        shows="assert False",
    ),
    "let-in": Removal(
        "the doctor sees a firewall that lets in more than it names",
        put("hub.doctor.firewall:_holes", lambda *_: ()),
        "unit/doctor/test_firewall.py",
        "test_rules_that_let_in_more_than_they_name_break_the_promise and False",
        shows="is False",
    ),
    "looked-for": Removal(
        "the doctor sees a secret in a log, an environment or a command line",
        blind("exposure:_secrets", {b"x" * 40: "none"}),
        EXPOSURE,
        "test_a_secret_in_a_log_is_found_by_its_name or test_a_secret_of_another_process_is_found",
        shows="not True",
    ),
    "nothing-seen": Removal(
        "a look that saw nothing says so, and not that all is well",
        content,
        EXPOSURE,
        "test_where_nothing_can_be_looked_for_nothing_holds",
        shows="nothing could be looked at",
    ),
    "unbound": Removal(
        "the doctor sees a process of another user, or one that is not bound",
        blind("processes:_unbounded"),
        SUPERVISION,
        "test_a_process_that_is_not_bound_is_seen or test_a_process_under_a_wrong_user_is_seen",
        shows="set-uid|not as parlatory",
    ),
    "ids": Removal(
        "what is no id of a request is not taken as one",
        put("hub.trace:_ID", re.compile("(?s).*")),
        TRACE,
        "test_what_is_no_id_is_not_taken_as_one",
        shows="!=",
    ),
    "opened": Removal(
        "the doctor sees a secret that others may read",
        put("hub.doctor.storage:secrets", fine),
        GROUND,
        "test_the_doctor_sees_a_secret_opened_to_others",
        shows="not True",
    ),
    "writable": Removal(
        "the doctor sees data that can be written",
        put("hub.doctor.storage:data_is_fixed", fine),
        GROUND,
        "test_the_doctor_sees_data_that_can_be_written",
        shows="not True",
    ),
}
