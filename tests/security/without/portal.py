"""The portal's controls: who somebody is, what their browser may do for them, and when a session ends."""

from __future__ import annotations

from typing import Any

from tests.security.without import serving, signing_in
from tests.security.without.removal import Removal, replaced

COOKIES, INTERNAL = "security/test_cookies_across_hosts.py", "unit/workspaces/test_internal.py"
IDENTITY, REVOCATION = "unit/people/test_identity.py", "integration/portal/test_revocation.py"
STANDING, PASSWORDS = "unit/people/test_standing.py", "unit/people/test_passwords.py"
FRONT, SLOW_READERS = "unit/pages/test_front.py", "integration/portal/test_slow_readers.py"


def one_host() -> None:
    """Give portal and lab one host name: ports keep no cookies apart."""
    from hub.places import Places

    replaced(Places, "lab_host", property(lambda self: f"portal.localhost:{self.port('lab')}"))


def no_proof() -> None:
    """Take a form from any page."""
    from django.middleware.csrf import CsrfViewMiddleware

    replaced(CsrfViewMiddleware, "process_view", lambda self, *arguments: None)


def no_content_policy() -> None:
    """Let the lab's page load and send anything."""
    from hub.gate import identity

    replaced(identity, "CONTENT_POLICY", serving.ANYTHING)


def any_token() -> None:
    """Answer the inner endpoints to everybody."""
    from hub.workspaces import internal

    replaced(internal, "_shows", lambda request, tokens: True)


def respond(self: Any, request: Any) -> Any:
    """Answer without having looked."""
    return self.respond(request)


def any_host() -> None:
    """Answer whatever host was asked for."""
    from hub.pages.hosts import Hosts

    replaced(Hosts, "__call__", respond)


def no_challenge() -> None:
    """Let a client authorise without PKCE."""
    from hub.people.identity import Challenges

    replaced(Challenges, "__call__", respond)


def claims_of_anybody() -> None:
    """Say who somebody is, suspended or not."""
    from hub.people import identity
    from hub.people.models import Person

    def by_sub(self: Any, client: Any, sub: str) -> Person | None:
        return Person.objects.filter(pk=sub).first()

    def claims(self: Any, purpose: str, user: Person, client: Any, scopes: Any, **_: Any) -> dict[str, Any]:
        return {"sub": user.id}

    replaced(identity.IdentityAdapter, "get_user_by_sub", by_sub)
    replaced(identity.IdentityAdapter, "get_claims", claims)


def sessions_go_on() -> None:
    """Let a session outlive its person's sign-out."""
    from hub.workspaces import sessions

    replaced(sessions, "stop_all_of", lambda person, reason: 0)


def decided_once() -> None:
    """Ask about a session when it starts, and never again."""
    from hub.workspaces import leases

    replaced(leases, "_examine", lambda session, decision, at: None)


def all_that_waits() -> None:
    """Show sessions what nobody has read yet."""
    from hub.bring_ins import delivery
    from hub.bring_ins.models import BringInState

    class Waiting:
        APPROVED = BringInState.WAITING

    replaced(delivery, "BringInState", Waiting)


def any_bytes() -> None:
    """Take whatever is called text."""
    from hub.bring_ins import text

    replaced(text, "decoded", lambda name, data: data.decode("latin-1"))
    replaced(text, "_hidden", lambda said: "")


def any_link() -> None:
    """Let every link that was ever mailed set a password."""
    from hub.people import invitations
    from hub.people.models import Invitation, Person

    def found(token_sha256: str) -> Invitation:
        return Invitation.objects.select_related("person").get(token_sha256=token_sha256)

    def all_of(person: Person) -> Any:
        return Invitation.objects.filter(person=person)

    replaced(invitations, "find", found)
    replaced(invitations, "_waiting", all_of)


def any_page() -> None:
    """Let a page that is old change what it no longer shows."""
    from hub import rows

    replaced(rows, "expect", lambda row, seen: None)


def unwatched() -> None:
    """Let a lease that nobody renews last for ever."""
    from hub.workspaces.lapses import Watch

    replaced(Watch, "look", lambda self: 0)


def unforeseen() -> None:
    """Name nobody whose session a change ends."""
    from hub.provisioning import foresight

    replaced(foresight, "ending", lambda changed, **where: [])


REMOVALS = {
    "guesses": Removal(
        "few guesses at an account's password are tried",
        signing_in.unlimited_guesses,
        "integration/portal/test_guesses.py",
        "test_of_a_thousand_guesses_few_are_tried",
        "guesses were tried",
    ),
    "known": Removal(
        "others' guesses lock nobody out of a browser they signed in with before",
        signing_in.no_browser_known,
        "integration/portal/test_guesses.py",
        "test_of_a_thousand_guesses_few_are_tried",
        "locked the right person out",
    ),
    "second-factor": Removal(
        "a second factor is required of stewards, checkers, custodians and admins",
        signing_in.one_factor,
        STANDING,
        "test_a_role_that_needs_a_second_factor_reaches_nothing_without_one",
        "== \\(302",
    ),
    "code": Removal(
        "who has a second factor shows it at each sign-in",
        signing_in.password_alone,
        STANDING,
        "test_who_enrolled_a_second_factor_has_to_show_it",
        "startswith",
    ),
    "spared": Removal(
        "the demo's switch spares demo people the second factor, and nobody else",
        signing_in.spared,
        STANDING,
        "test_the_demo_switch_frees_demo_people_only or test_the_demo_switch_spares_enrolled",
        "200 == 302",
    ),
    "memory-hard": Removal(
        "a guess at a stolen hash costs memory",
        signing_in.cheap_guesses,
        PASSWORDS,
        "test_a_password_costs_who_guesses_more_memory",
        "1024 >= ",
    ),
    "kept-anew": Removal(
        "passwords are kept by Argon2id, and those kept otherwise are kept anew",
        signing_in.kept_as_before,
        PASSWORDS,
        "test_a_password_kept_otherwise_still_signs_in_and_is_kept_anew",
        "pbkdf2_sha256",
    ),
    "one-turn": Removal(
        "a try to sign in waits for one turn to write: a busy enclave refuses no right password",
        signing_in.step_by_step,
        "integration/sign_in/test_known_browsers.py",
        "test_a_try_is_counted_in_one_transaction",
        r"\[0, 0\] == \[1, 1\]",
    ),
    "front": Removal(
        "behind a TLS proxy the portal answers nobody but the proxy",
        serving.any_front,
        FRONT,
        "test_who_is_not_the_proxy_is_refused",
        "200 == 421",
    ),
    "claimed": Removal(
        "an address that the proxy cannot have seen is not believed",
        serving.claimed,
        FRONT,
        "test_an_address_that_the_proxy_cannot_have_seen_is_not_taken",
        "127.0.0.1",
    ),
    "foreseen": Removal(
        "before a change its page names the sessions that it ends",
        unforeseen,
        "integration/portal/test_provisioning.py",
        "test_the_sessions_that_end_are_those_that_were_named",
        r"set\(\) == ",
    ),
    "logged": Removal(
        "no address with somebody's words in it is logged",
        serving.addresses_logged,
        "unit/pages/test_tracing.py",
        "test_no_secret_and_no_content_is_logged",
        "words-of-a-speaker",
    ),
    "own-id": Removal(
        "a browser writes no line into the story of another's request",
        serving.ids_of_anybody,
        "unit/pages/test_tracing.py",
        "test_a_browser_does_not",
        "!=",
    ),
    "scripts": Removal(
        "the portal's pages run no script, wherever it comes from",
        serving.any_script,
        "unit/pages/test_pages.py",
        "test_every_page_forbids_scripts_frames_and_caching",
        "default-src",
    ),
    "lapse": Removal(
        "a session whose lease nobody renews ends",
        unwatched,
        "unit/workspaces/test_lapses.py",
        "test_a_lease_that_nobody_renews_ends_its_session",
        "0 == 1",
    ),
    "slow": Removal(
        "a slow sender holds a thread of the portal for a bounded time only",
        serving.patient,
        "chaos/test_pressure.py",
        "test_slow_senders_leave_the_portal_its_threads",
        "hold every thread",
    ),
    "stuck": Removal(
        "who does not read an answer holds no thread of the portal",
        serving.stuck,
        SLOW_READERS,
        "test_readers_that_do_not_read_hold_no_thread_and_get_it_all_when_they_do",
        "hold every thread",
    ),
    "queued": Removal(
        "readers of long answers leave threads for pages",
        serving.queued,
        SLOW_READERS,
        "test_readers_of_long_answers_leave_a_thread",
        "hold every thread",
    ),
    "lingering": Removal(
        "who does not close a connection keeps no other from being accepted",
        serving.lingering,
        SLOW_READERS,
        "test_who_does_not_close_keeps_nobody_from_being_served",
        "holds up the one thread",
    ),
    "among-browsers": Removal(
        "the enclave's own processes have threads of the portal that no browser gets",
        serving.among_browsers,
        SLOW_READERS,
        "test_the_enclaves_own_processes_have_threads_that_no_browser_gets",
        "hold the threads",
    ),
    "downloads": Removal(
        "a person has few downloads at a time",
        serving.all_downloads,
        "unit/egress_review/test_releases.py",
        "test_a_person_has_few_downloads_at_a_time",
        "DID NOT RAISE",
    ),
    "hosts": Removal(
        "portal and lab on two hosts, whose cookies the other does not get (alone)",
        one_host,
        COOKIES,
        "test_a_script_in_the_labs_page_cannot_vote and two",
        "vote was taken",
    ),
    "proof": Removal(
        "proof of origin on each of the portal's forms (alone)",
        no_proof,
        COOKIES,
        "test_a_script_in_the_labs_page_cannot_vote and proof",
        "vote was taken",
    ),
    "policy": Removal(
        "the content policy of the lab's page (alone)",
        no_content_policy,
        COOKIES,
        "test_a_script_in_the_labs_page_cannot_vote and policy",
        "vote was taken",
    ),
    "tokens": Removal(
        "a token of one's own for each inner endpoint",
        any_token,
        INTERNAL,
        "test_without_the_right_token_nothing_is_answered or test_a_token_opens_its_own_endpoints_only",
        "== 401",
    ),
    "inside": Removal(
        "the inner endpoints have no public name", any_host, INTERNAL, "test_a_browsers_host", "== 421"
    ),
    "challenge": Removal(
        "PKCE by S256 in each sign-in of the hub's",
        no_challenge,
        IDENTITY,
        "test_an_authorisation_without_a_good_challenge_is_refused_with_a_sentence",
        "302 == 400",
    ),
    "suspended": Removal(
        "nothing is said about who is suspended or closed",
        claims_of_anybody,
        IDENTITY,
        "test_who_is_suspended_or_closed_gets_no_code_token_or_claims",
        "200",
    ),
    "sign-out": Removal(
        "signing out ends the running session",
        sessions_go_on,
        IDENTITY,
        "test_signing_out_ends_tokens_and_sessions_and_leads_through_the_lab",
        "running",
    ),
    "revocation": Removal(
        "each lease asks the policies again: a revocation ends a session",
        decided_once,
        REVOCATION,
        "test_each_revocation_ends_a_running_session_at_the_next_lease",
        "live=True",
    ),
    "invitation": Removal(
        "a link sets one password, within its days, unless it was revoked or replaced",
        any_link,
        "unit/people/test_invitations.py",
        "test_a_link_that_is_over_sets_no_password",
        "DID NOT RAISE",
    ),
    "stale": Removal(
        "a page that is stale changes nothing",
        any_page,
        "unit/projects/test_services.py",
        "test_a_stale_page_changes_nothing",
        "DID NOT RAISE",
    ),
    "let-in": Removal(
        "a session sees what a checker let in, and nothing that waits",
        all_that_waits,
        "unit/bring_ins/test_services.py",
        "test_nothing_is_in_a_session_before_it_was_let_in",
        "track.py",
    ),
    "text": Removal(
        "what is brought in is text that can be read",
        any_bytes,
        "unit/bring_ins/test_text.py",
        "test_what_is_no_text_is_refused or test_a_binary_written_as_text_is_refused",
        "DID NOT RAISE",
    ),
}
