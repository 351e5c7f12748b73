"""The controls over projects, data and sessions: what is changed by whom, mounted, and ended when."""

from __future__ import annotations

import os
import re
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from tests.security.without.removal import Everything, Removal, Unreached, nothing, put

SESSIONS, LEASES = "unit/workspaces/test_sessions.py", "unit/workspaces/test_leases.py"
INSIDE, INTAKES = "unit/workspaces/test_internal.py", "integration/datasets/test_intakes.py"
MANIFEST, BRING_INS = "unit/datasets/test_manifest.py", "unit/bring_ins/test_services.py"
TEXT = "unit/bring_ins/test_text.py"


def stop(*, by: Any, session: Any, reason: str = "") -> None:
    """Stop whoever's session."""
    from hub.workspaces import sessions

    sessions.end(by=by.id, session=session, reason=reason)


def start(*, by: Any, workspace: Any) -> None:
    """Start a session in whoever's workspace."""
    from hub.workspaces import sessions

    sessions.start_in(by=workspace.person, project=workspace.project)


def wanted(project: Any, person: Any) -> list[Any]:
    """Mount whatever was ever approved."""
    from hub.access.models import Approval

    return list(Approval.objects.filter(project=project).select_related("version__dataset"))


def by_policy_alone(session: Any, decision: Any, at: Any) -> None:
    """End a session for what the policies say, and for no time."""
    from hub.workspaces import sessions

    if not decision.allow:
        sessions.end(by="portal", session=session, reason=" ".join(decision.reasons), decision=decision)


def believed(reports: Any, at: Any) -> None:
    """Believe the gate's clock."""
    from hub.workspaces.models import Session

    for session, report in reports.items():
        Session.objects.filter(pk=session).update(active_at=report.active_at)


def copied(root: int, name: str, expected: str, target: Path) -> None:
    """Copy what lies there now."""
    from hub.datasets.folder import plain_file

    target.parent.mkdir(parents=True, exist_ok=True)
    with plain_file(root, name) as file:
        target.write_bytes(os.read(file, 1 << 30))


def taken_by_all(self: Any, at: Any) -> Any:
    """Find due what another worker has taken."""
    return self.filter(state__in=["examining", "copying"])


def shown(self: Any, stored: Any, target: Path) -> None:
    """Show what lies there now."""
    target.write_bytes(self.path(stored.sha256).read_bytes())


class All(list[str]):
    """A list in which everything is."""

    def __contains__(self, one: object) -> bool:
        return True


REMOVALS = {
    "own-start": Removal(
        "nobody starts a session in somebody else's workspace",
        put("hub.workspaces.sessions:start", start),
        SESSIONS,
        "test_nobody_starts_a_session_in_somebody_elses_workspace",
        shows="DID NOT RAISE",
    ),
    "own-stop": Removal(
        "nobody stops somebody else's session",
        put("hub.workspaces.sessions:stop", stop),
        SESSIONS,
        "test_nobody_stops_somebody_elses_session",
        shows="DID NOT RAISE",
    ),
    "one-session": Removal(
        "a person has one session at a time, looked for again in the transaction that starts it",
        put("hub.workspaces.facts:running", lambda *_, **__: ()),
        SESSIONS,
        "test_two_starts_at_once_make_one_session",
        shows="DID NOT RAISE",
    ),
    "asked-again": Removal(
        "a grant is asked of the policies again",
        put("hub.workspaces.grants:_deny", nothing),
        SESSIONS,
        "test_a_grant_is_asked_about_again_and_a_denial_fails_the_session",
        shows="DID NOT RAISE",
    ),
    "mounted": Removal(
        "data that is not approved, signed for, in date and in use is not mounted",
        put("hub.workspaces.facts:wanted", wanted),
        SESSIONS,
        "test_data_that_may_not_be_used_is_not_mounted",
        shows="not in",
    ),
    "times": Removal(
        "a session ends at its time and when nothing happens in it",
        put("hub.workspaces.leases:_examine", by_policy_alone),
        LEASES,
        "test_idle_and_absolute_time_end_a_session",
        shows="True is False",
    ),
    "ahead": Removal(
        "a gate whose clock runs ahead keeps no session",
        put("hub.workspaces.leases:_account", believed),
        LEASES,
        "test_activity_keeps_a_session_but_a_clock_ahead_does_not",
        shows="datetime",
    ),
    "hangs": Removal(
        "a start that hangs is not live for ever",
        put("hub.workspaces.leases:START_LIMIT", timedelta(days=1)),
        LEASES,
        "test_a_start_that_hangs_is_not_live_for_ever",
        shows="not True",
    ),
    "cleared": Removal(
        "what an end left is asked to be cleared again",
        put("hub.workspaces.leases:_clear_again", nothing),
        LEASES,
        "test_what_was_not_cleared_is_cleared_again",
        shows="None is not None",
    ),
    "long-facts": Removal(
        "what the gate tells the ledger is bounded",
        put("hub.workspaces.internal:FACTS_BYTES", 10**9),
        INSIDE,
        "test_events_of_known_kinds_go_on_the_ledger_and_long_facts_do_not",
        shows="in ''",
    ),
    "limits": Removal(
        "a project's limits are those that the engine takes",
        put("hub.projects.limits:check", nothing),
        "unit/projects/test_services.py",
        "test_a_limit_outside_what_the_engine_takes_is_refused and pids",
        shows="DID NOT RAISE",
    ),
    "intake-folder": Removal(
        "data comes from a folder on the intake disk",
        put("hub.datasets.intakes:folders", lambda: All()),
        INTAKES,
        "test_only_a_folder_on_the_intake_disk_is_taken",
        shows="DID NOT RAISE",
    ),
    "intake-blocks": Removal(
        "nothing is registered in which a finding blocks",
        put("hub.datasets.intakes:require_move", nothing),
        INTAKES,
        "test_nothing_is_registered_while_a_finding_blocks",
        shows="DID NOT RAISE",
    ),
    "intake-hash": Removal(
        "what is copied is what was examined",
        put("hub.datasets.copying:_copy", copied),
        INTAKES,
        "test_a_file_changed_after_it_was_examined_is_not_copied",
        shows="registered",
    ),
    "intake-link": Removal(
        "no link in a delivery is followed",
        put("hub.datasets.folder:_FILE", 0),
        INTAKES,
        "test_a_file_replaced_by_a_link_is_not_followed",
        shows="registered",
    ),
    "intake-right": Removal(
        "a steward's right is asked again when what they asked for is done",
        put("hub.datasets.services:may", lambda by, **_: SimpleNamespace(use=nothing)),
        INTAKES,
        "test_a_steward_who_may_no_longer_registers_nothing",
        shows="registered",
    ),
    "intake-claim": Removal(
        "two workers do not take the same intake",
        put("hub.datasets.models:IntakeQuerySet.due", taken_by_all),
        INTAKES,
        "test_a_killed_workers_intake_is_taken_up_when_its_claim_ends",
        shows="not True",
    ),
    "oddities": Removal(
        "links, pipes and devices in a delivery are found and never opened",
        put("hub.datasets.folder:KINDS", ()),
        "unit/datasets/test_examination.py",
        "test_links_pipes_and_devices_are_found_and_never_opened",
        shows="file missing",
    ),
    "frozen": Removal(
        "a version's files lie in it and can't be written",
        put("hub.datasets.manifest:_frozen", nothing),
        MANIFEST,
        "test_files_that_could_change_or_lie_elsewhere_are_refused and writable",
        shows="DID NOT RAISE",
    ),
    "manifest": Removal(
        "a manifest says what its files are",
        put("hub.datasets.manifest:_check", nothing),
        MANIFEST,
        "test_a_manifest_that_lies_is_refused",
        shows="DID NOT RAISE",
    ),
    "let-in-bytes": Removal(
        "what was changed after its review is not shown to sessions",
        put("hub.bring_ins.delivery:Vault.copy_to", shown),
        BRING_INS,
        "test_content_that_was_changed_after_the_review_never_appears",
        shows="secret",
    ),
    "let-in-waiting": Removal(
        "a project has so many bring-ins waiting and no more",
        put("hub.bring_ins.services:MOST_WAITING", Unreached(2)),
        BRING_INS,
        "test_a_project_has_so_many_waiting_at_most",
        shows="DID NOT RAISE",
    ),
    "envelope": Removal(
        "nothing packed and no key is brought in",
        put("hub.bring_ins.text:ENVELOPE", re.compile("(?!)")),
        TEXT,
        "test_an_envelope_or_a_key_is_refused",
        shows="DID NOT RAISE",
    ),
    "kind": Removal(
        "what is brought in is of a kind that people read",
        put("hub.bring_ins.text:KINDS", Everything()),
        TEXT,
        "test_a_name_of_another_kind_or_one_that_misleads_is_refused",
        shows="DID NOT RAISE",
    ),
}
