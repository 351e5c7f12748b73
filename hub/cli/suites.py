"""Which tests there are, and what each needs: an enclave, its own parts, the machine to itself, a browser."""

from __future__ import annotations

# In the order they run: what fails fast first, the slowest last.
SUITES = ("unit", "pages", "integration", "security", "chaos", "leaks", "fuzz", "browser", "load")
# These need no enclave and no root.
ALONE = {"unit", "lint"}
# These have an enclave's parts of their own, in a state that is thrown away: they empty its disks.
APART = {"unit", "pages"}
# So have these files: they run with the pages, beside the tests on the enclave, and give way to them.
# None of them kills, hangs or races processes: that needs the machine's attention (`ATTENDED`).
BESIDE = (
    "fuzz/test_replay.py",
    "integration/ansible",
    "integration/api",
    "integration/children",
    "integration/client",
    "integration/controls",
    "integration/datasets",
    "integration/demo",
    "integration/ledger/test_published.py",
    "integration/notices",
    "integration/policy/test_at_once.py",
    "integration/policy/test_mutations.py",
    "integration/policy/test_rego.py",
    "integration/portal/test_audit_who_may.py",
    "integration/portal/test_every_form.py",
    "integration/portal/test_guesses.py",
    "integration/portal/test_provisioning.py",
    "integration/portal/test_reach.py",
    "integration/portal/test_revocation.py",
    "integration/portal/test_who_may.py",
    "integration/postgresql",
    "integration/review/test_shortages.py",
    "integration/review/test_who_may.py",
    "integration/review_pages",
    "integration/screening/test_archives.py",
    "integration/screening/test_leaks.py",
    "integration/screening/test_beside_and_inside.py",
    "integration/screening/test_lettering.py",
    "integration/screening/test_letters.py",
    "integration/screening/test_near_misses.py",
    "integration/screening/test_numbers_kept.py",
    "integration/screening/test_printed.py",
    "integration/screening/test_protocol.py",
    "integration/screening/test_rebuild.py",
    "integration/screening/test_recurrence.py",
    "integration/screening/test_rejoined.py",
    "integration/screening/test_respelled.py",
    "integration/screening/test_reworded.py",
    "integration/screening/test_rows.py",
    "integration/screening/test_sounds.py",
    "integration/screening/test_sounds_drawn.py",
    "integration/screening/test_sounds_undone.py",
    "integration/screening/test_twins.py",
    "integration/sign_in",
    "leaks",
    "security/test_ledger.py",
    "security/test_receipts.py",
    "security/test_screening_apart.py",
    "security/test_screening_hostile.py",
    "security/test_votes.py",
)
# Of those, these take minutes: they come first, the longest before the others, so that at the end no core
# waits for the other's last file.
LONG = (
    "integration/postgresql",
    "integration/ansible",
    "leaks",
    "integration/api/test_schema.py",
    "integration/portal/test_every_form.py",
)
# These start all they need themselves too, and kill, hang or race it: they run beside the tests on an enclave
# as well, and give way to nobody.
ATTENDED = (
    "chaos/test_docker.py",
    "chaos/test_ends_without_docker.py",
    "chaos/test_kills.py",
    "chaos/test_power.py",
    "fuzz/test_doors.py",
    "integration/backup/test_state.py",
    "integration/ledger/test_writers.py",
    "integration/review/test_concurrency.py",
)
# These come last and have the enclave to themselves: they kill, replace, fill or judge what every other test
# on it stands on.
UNDISTURBED = (
    "browser/test_records.py",
    "chaos/test_enclave.py",
    "chaos/test_pressure.py",
    "integration/backup/test_running.py",
    "integration/doctor",
    "security/test_controls_come_back.py",
    "security/test_rotation.py",
    "security/test_upgrade.py",
)
# These drive a browser.
SEEN = {"pages", "integration", "security", "chaos", "browser"}
