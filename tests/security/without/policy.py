"""The policies' controls: rules in Rego, taken out of the bundle, and the client that asks."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hub.places import Places
from hub.policy import bundle, client
from hub.policy.client import Answer
from tests.security.without.removal import Removal, replaced

ENGINE, VOTES = "security/test_policy_engine.py", "security/test_votes.py"
CLIENT, SESSIONS = "integration/policy/test_opa.py", "integration/portal/test_revocation.py"
WHO_MAY = "integration/portal/test_who_may.py"

CHECKOUT = Path(bundle.__file__).parents[2]
FOUR_QUESTIONS = """	input.method == "POST"
	some name in packages
	input.path == ["v1", "data", name, "decision"]
"""


def altered(file: str, change: Callable[[str], str]) -> Callable[[], None]:
    """Return a removal that builds each bundle of our rules with one file of them changed."""

    def remove() -> None:
        build = bundle.build
        # A rule that is not there to be taken out is noticed at once.
        change((CHECKOUT / "policies" / file).read_text())

        def made(places: Places, *, policies: Path | None = None, into: Path | None = None) -> bundle.Bundle:
            with tempfile.TemporaryDirectory() as folder:
                copy = Path(folder) / "policies"
                shutil.copytree(policies or places.checkout / "policies", copy)
                rules = copy / file
                # A test may build a bundle of rules that are not ours.
                if policies is None or rules.exists():
                    rules.write_text(change(rules.read_text()))
                return build(places, policies=copy, into=into)

        replaced(bundle, "build", made)

    return remove


def rules_gone(*words: str) -> Callable[[str], str]:
    """Return a change that takes out each rule with one of these words in it; it has to be there."""

    def change(text: str) -> str:
        rules = text.split("\n\n")
        for word in words:
            kept = [rule for rule in rules if not (rule.startswith("deny ") and word in rule)]
            assert len(kept) == len(rules) - 1, word
            rules = kept
        return "\n\n".join(rules)

    return change


def no_rules(text: str) -> str:
    """Return rules that deny nothing."""
    kept = [rule for rule in text.split("\n\n") if not rule.startswith("deny ")]
    return "\n\n".join([*kept, 'deny contains "never" if false'])


def said(old: str, new: str) -> Callable[[str], str]:
    """Return a change of one place in the rules."""

    def change(text: str) -> str:
        assert text.count(old) == 1, old
        return text.replace(old, new)

    return change


def both(first: Callable[[str], str], second: Callable[[str], str]) -> Callable[[str], str]:
    """Return a change of two places: the same thing is held for the submission and for each file."""
    return lambda text: second(first(text))


by_file_gone = said("not each_file_approved", "false")


def open_engine() -> None:
    """Start OPA as it starts by default: whoever reaches its port may do anything."""
    from hub.policy import __main__ as command

    serve = command.serve_command

    def bare(*arguments: Any) -> list[str]:
        words = serve(*arguments)
        return [word for word in words if word not in ("--authentication=token", "--authorization=basic")]

    replaced(command, "serve_command", bare)


def no_engine_means_yes() -> None:
    """Let act whoever the policies did not answer."""
    answer = client.Policy._answer

    def lenient(self: client.Policy, package: str, document: dict[str, Any]) -> Answer:
        try:
            return answer(self, package, document)
        except client.BROKEN:
            return Answer(allow=True, reasons=(), revision="none")

    replaced(client.Policy, "_answer", lenient)


def any_revision() -> None:
    """Take an answer under whatever rules it was given."""
    read = client.read

    def reading(body: Any, *, expected_revision: str) -> Answer:
        (found,) = client._revisions(body)
        return read(body, expected_revision=found)

    replaced(client, "read", reading)


def votes_at_any_time() -> None:
    """Take votes in every state."""
    from egress_review import reviews

    altered("releases/releases.rego", rules_gone("not open for votes"))()
    replaced(reviews, "_require_open", lambda submission: None)


def votes_without_number() -> None:
    """Make a database that takes any number of votes of one person."""
    from django.db.migrations.operations import AddConstraint

    for step in ("state_forwards", "database_forwards"):
        act = getattr(AddConstraint, step)

        def skipped(self: Any, *given: Any, act: Any = act) -> None:
            if self.constraint.name != "one_vote_per_reviewer":
                act(self, *given)

        replaced(AddConstraint, step, skipped)


def _voted(control: str, change: Callable[[str], str], attack: str) -> Removal:
    """Return the row of a rule of the releases, without which an attack on votes is not refused."""
    return Removal(control, altered("releases/releases.rego", change), VOTES, attack, shows="DID NOT RAISE")


REMOVALS = {
    "token": Removal(
        "OPA answers the holder of its token only",
        open_engine,
        ENGINE,
        "test_nobody_asks_without_the_token",
        shows="200 in",
    ),
    "authz": Removal(
        "the token's holder may ask four questions, and nothing else",
        altered("system/authz.rego", said(FOUR_QUESTIONS, "")),
        ENGINE,
        "test_rules_data_queries_and_secrets_are_out_of_reach and with and token and not status",
        shows=r"20\d in",
    ),
    "silence": Removal(
        "a policy engine that is down, hung or unreadable means no",
        no_engine_means_yes,
        CLIENT,
        "test_a_killed_engine_allows_nothing or test_a_hung_engine_allows_nothing "
        "or test_a_wrong_token_gets_no_answer or test_a_bundle_without_our_package_allows_nothing",
        shows=r"\(True|not True",
    ),
    "unsaid": Removal(
        "OPA writes down nothing of what it is asked and answers",
        altered("system/log.rego", said('mask contains "/input"\n\nmask contains "/result"\n\n', "")),
        CLIENT,
        "test_nothing_of_what_the_engine_is_asked_is_in_its_log",
        shows="'tell' not in",
    ),
    "revision": Removal(
        "answers under our own rules' revision only",
        any_revision,
        CLIENT,
        "test_a_bundle_of_another_revision_allows_nothing or test_an_older_bundle_put_back_allows_nothing",
        shows=r"\(True",
    ),
    "sessions": Removal(
        "a session's rules: training, dates, approval, purpose, agreement, role, unsuspended",
        altered("sessions/sessions.rego", no_rules),
        SESSIONS,
        # The services hold these two as well: membership, and one session at a time.
        "test_each_flaw_refuses_a_start_with_a_reason_of_its_own and not member and not second",
        shows="DID NOT RAISE",
    ),
    "admins": Removal(
        "only an admin changes people and projects",
        altered("people/people.rego", rules_gone("Only an admin may do this")),
        WHO_MAY,
        "test_nobody_is_let_do_what_is_not_theirs "
        "and (people.suspend or people.edit or projects.edit or projects.close)",
        shows=r"== \[\]",
    ),
    "oneself": Removal(
        "nobody changes their own roles, training or projects",
        altered(
            "people/people.rego",
            rules_gone("Nobody changes their own", "Nobody records their own", "Nobody adds themselves"),
        ),
        WHO_MAY,
        "test_nobody_is_let_do_what_is_not_theirs and oneself",
        shows=r"== \[\]",
    ),
    "leads": Removal(
        "data is asked for by a lead of the project",
        altered("people/people.rego", rules_gone("data is asked for by a project's lead")),
        WHO_MAY,
        "test_nobody_is_let_do_what_is_not_theirs "
        "and (requests.ask or requests.withdraw) and not member_requests",
        shows=r"== \[\]",
    ),
    "member_leads": Removal(
        "members are asked for by a lead of the project",
        altered("people/people.rego", rules_gone("a project's lead asks for its members")),
        WHO_MAY,
        "test_nobody_is_let_do_what_is_not_theirs and (member_requests.ask or member_requests.withdraw)",
        shows=r"== \[\]",
    ),
    "stewards": Removal(
        "a dataset's steward, and nobody else, approves, refuses and revokes",
        altered("people/people.rego", rules_gone("not steward_of(input.version.dataset)")),
        WHO_MAY,
        "test_nobody_is_let_do_what_is_not_theirs "
        "and (approvals.approve or approvals.revoke or requests.refuse)",
        shows=r"== \[\]",
    ),
    "own": _voted(
        "nobody reviews their own release",
        rules_gone("nobody reviews their own release"),
        "test_an_author_does_not_vote_on_their_own_release_not_even_after_leaving",
    ),
    "outsider": _voted(
        "nobody of the project reviews its releases",
        rules_gone("not facts.outsider"),
        "test_nobody_of_the_project_votes_on_its_releases",
    ),
    "once": Removal(
        "a vote is cast once, says the policy",
        altered("releases/releases.rego", rules_gone("a vote is cast once")),
        VOTES,
        "test_the_policies_take_one_vote_of_a_person",
        shows="by the database alone",
    ),
    "unique": Removal(
        "a vote is cast once, says the database",
        votes_without_number,
        VOTES,
        "test_the_database_takes_one_vote_of_a_person",
        shows="DID NOT RAISE",
    ),
    "different": Removal(
        "two approvals are those of two people",
        altered(
            "releases/releases.rego",
            both(
                said("not count(approvers) >= reviews_needed", "not count(input.reviews) >= 2"), by_file_gone
            ),
        ),
        VOTES,
        "test_two_approvals_of_one_person_are_one",
        shows="released it",
    ),
    "votes": _voted(
        "a release needs its votes, whatever its row says",
        both(said("not count(approvers) >= reviews_needed", "false"), by_file_gone),
        "test_a_row_forged_to_approved_releases_nothing",
    ),
    "conflict": _voted(
        "a declared conflict keeps a checker out",
        rules_gone("not input.conflicted == false"),
        "test_a_checker_who_declared_a_conflict_does_not_vote",
    ),
    "named": _voted(
        "only a checker who is named reviews, where some are named",
        rules_gone("not facts.may_review(input.reviewing, input.person.id)"),
        "test_a_checker_who_is_not_named_does_not_vote",
    ),
    "fewest": Removal(
        "no setting goes below two approvals",
        altered(
            "releases/releases.rego",
            both(
                said("fewest_reviews := 2", "fewest_reviews := -1"),
                said("{0: 2, 1: 2, 2: 2, 3: 2, 4: 3}", "{0: -1, 1: -1, 2: -1, 3: -1, 4: 3}"),
            ),
        ),
        VOTES,
        "test_no_setting_lets_fewer_than_two_approvals_release",
        shows="released it",
    ),
    "tier": Removal(
        "data of the highest tier takes three approvals, whatever the project asks for",
        altered(
            "releases/releases.rego",
            said("{0: 2, 1: 2, 2: 2, 3: 2, 4: 3}", "{0: 2, 1: 2, 2: 2, 3: 2, 4: 2}"),
        ),
        VOTES,
        "test_two_approvals_release_nothing_of_the_most_sensitive_data",
        shows="released it",
    ),
    "bytes": _voted(
        "an approval is of the very bytes that leave",
        by_file_gone,
        "test_approvals_of_other_bytes_release_nothing",
    ),
    "open": Removal(
        "no vote before the screening is over, by rule and by state",
        votes_at_any_time,
        VOTES,
        "test_nobody_votes_before_the_screening_is_over",
        shows="DID NOT RAISE",
    ),
}
