"""The controls over accounts: codes and tokens of the sign-in, second factors, links, cookies."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from tests.security.without.removal import Everything, Removal, nothing, put, replaced

IDENTITY, STANDING = "unit/people/test_identity.py", "unit/people/test_standing.py"
INVITATIONS, PAGES = "unit/people/test_invitations.py", "unit/pages/test_pages.py"
KNOWN = "integration/sign_in/test_known_browsers.py"
CODES_GUESSED, LINKS = (
    "integration/sign_in/test_second_factors.py",
    "integration/sign_in/test_browser_links.py",
)
CODES = "allauth.idp.oidc.internal.oauthlib.request_validator:OAuthLibRequestValidator"
WORTHLESS = "test_a_code_is_worth_nothing_without_verifier_secret_and_redirect"


def any_signature() -> None:
    """Read a signed cookie without looking at its signature."""
    from django.core import signing

    from hub.people import known_browsers

    class Unsigned(signing.TimestampSigner):
        def unsign(self, value: str, max_age: Any = None) -> str:
            return value.rsplit(":", 2)[0]

    def loads(text: str, **_named: Any) -> Any:
        try:
            return Unsigned().unsign_object(text)
        except ValueError as error:
            raise signing.BadSignature from error

    replaced(known_browsers, "signing", SimpleNamespace(**{**vars(signing), "loads": loads}))


def open_sign_up() -> None:
    """Let everybody make an account at an address for it."""
    from allauth.account import views
    from django.urls import path

    from hub.people import sign_in_urls
    from hub.people.sign_in import AccountAdapter

    kept = [one for one in sign_in_urls.urlpatterns if one.name != "account_signup"]
    open_one = path("sign-in/none/", views.signup, name="account_signup")
    replaced(sign_in_urls, "urlpatterns", [*kept, open_one])
    replaced(AccountAdapter, "is_open_for_signup", lambda *_: True)


def legible() -> None:
    """Keep the secrets of second factors as they are."""
    from hub.people.sign_in import SecondFactorAdapter

    replaced(SecondFactorAdapter, "encrypt", lambda self, text: text)
    replaced(SecondFactorAdapter, "decrypt", lambda self, text: text)


def read(path: str) -> str:
    """Read a secret whoever else may."""
    return Path(path).read_text().strip()


def rates(**changed: str) -> Callable[[], None]:
    """Return a removal that counts some tries otherwise, or not at all."""

    def remove() -> None:
        from hub.people import known_browsers

        replaced(known_browsers, "RATES", {**known_browsers.RATES, **changed})

    return remove


def together() -> None:
    """Count the tries at an account from all places as one, as who comes from one place could spend."""
    from allauth.core.internal import ratelimit

    replaced(ratelimit, "get_ip", lambda request: "somewhere")


def soon_full() -> None:
    """Keep as many counts as Django does where nobody says how many."""
    from django.core.cache import cache

    replaced(cache, "_max_entries", 300)


def codes_by_account() -> None:
    """Count tries of a second factor by account alone, as allauth does."""
    from hub.people import known_browsers

    def try_code(request: Any, person: Any) -> Any:
        return known_browsers._counted(request, {"code": person.pk})

    replaced(known_browsers, "try_code", try_code)


def wiped() -> None:
    """Forget all wrong codes at a right one, as allauth does."""
    from django.core.cache import cache

    from hub.people import known_browsers

    replaced(known_browsers.Tried, "rollback", lambda self: cache.clear())


def a_name_each() -> None:
    """Give each browser that opens a link a count of its own."""
    from hub.people import known_browsers

    know = known_browsers.know
    replaced(
        known_browsers,
        "know",
        lambda request, response, person, name: know(request, response, person, known_browsers.named()),
    )


def any_link() -> None:
    """Take a link whoever signed it, and whenever."""
    from django.core import signing

    from hub.people import browser_links

    def loads(text: str, **_named: Any) -> Any:
        try:
            return signing.JSONSerializer().loads(signing.b64_decode(text.split(":")[0].encode()))
        except ValueError as error:
            raise signing.BadSignature from error

    replaced(browser_links, "signing", SimpleNamespace(**{**vars(signing), "loads": loads}))


def no_link() -> None:
    """Mail no link to whoever is kept waiting."""
    from hub.people import known_browsers

    replaced(known_browsers, "know", nothing)


REMOVALS = {
    "redirect": Removal(
        "a code goes to the hub's own address and to no other",
        put(f"{CODES}.validate_redirect_uri", lambda *_: True),
        IDENTITY,
        "test_another_redirect_gets_no_code",
        shows="302",
    ),
    "posted": Removal(
        "a challenge is looked for where the provider looks for it",
        put(
            "hub.people.identity:_challenged", lambda request: "code_challenge" in request.POST | request.GET
        ),
        IDENTITY,
        "test_an_authorisation_posted_past_the_query_is_refused",
        shows="302 == 400",
    ),
    "verifier": Removal(
        "a code is exchanged by who began the sign-in: the verifier of its challenge",
        put(f"{CODES}.get_code_challenge", nothing),
        IDENTITY,
        f"{WORTHLESS} and changes",
        shows="200 in",
    ),
    "client": Removal(
        "a code is exchanged by the hub alone: its secret",
        put("allauth.idp.oidc.models:Client.check_secret", lambda *_: True),
        IDENTITY,
        f"{WORTHLESS} and changes2",
        shows="200 in",
    ),
    "once": Removal(
        "a code is used once",
        put("allauth.idp.oidc.internal.oauthlib.authorization_codes:claim", lambda *_: True),
        IDENTITY,
        "test_a_code_is_used_once",
        shows="200 == 400",
    ),
    "served": Removal(
        "of the provider four addresses are served, and no other",
        put("hub.people.identity:SERVED", Everything()),
        IDENTITY,
        "test_nothing_else_of_the_provider_is_served",
        shows="== 404",
    ),
    "tokens": Removal(
        "a suspension ends the person's tokens for good",
        put(
            "hub.people.services:Token",
            SimpleNamespace(objects=SimpleNamespace(filter=lambda **_: SimpleNamespace(delete=nothing))),
        ),
        IDENTITY,
        "test_suspending_somebody_ends_their_tokens",
        shows="200 == 401",
    ),
    "forged": Removal(
        "the cookie by which a browser is known is signed",
        any_signature,
        KNOWN,
        "test_a_forged_cookie_names_nobody",
        shows="not True",
    ),
    "stolen": Removal(
        "who stole a known browser guesses no more than others",
        rates(known=""),
        KNOWN,
        "test_a_known_browser_guesses_no_more_than_others",
        shows="not True",
    ),
    "elsewhere": Removal(
        "who guesses from one place keeps nobody out who comes from another",
        together,
        KNOWN,
        "test_who_guesses_from_one_place_keeps_nobody_out",
        shows="assert False",
    ),
    "counts-kept": Removal(
        "no flood of names makes counts of guesses forgotten",
        soon_full,
        KNOWN,
        "test_a_flood_of_names_and_places_makes_no_count_forgotten",
        shows="were tried",
    ),
    "codes": Removal(
        "few guesses at a second factor are tried, in one sign-in or in many, from one address or from many",
        rates(code="", known_code=""),
        CODES_GUESSED,
        "test_of_many_wrong_codes or test_codes_guessed_in_one_sign_in or test_a_known_browser_guesses "
        "or test_a_stolen_session_guesses",
        shows="codes were tried",
    ),
    "codes-a-day": Removal(
        "patience gets few guesses at a second factor a day",
        rates(code="5/5m/key"),
        CODES_GUESSED,
        "test_whoever_has_patience_tries_fifty_codes_a_day",
        shows="codes were tried",
    ),
    "codes-elsewhere": Removal(
        "who knows the password and guesses codes keeps nobody out of a browser known before",
        codes_by_account,
        CODES_GUESSED,
        "test_who_guesses_codes_keeps_nobody_out_of_a_browser_known_before",
        shows="locked the right person out",
    ),
    "codes-kept": Removal(
        "a right code makes no wrong one forgotten",
        wiped,
        CODES_GUESSED,
        "test_the_owners_sign_in_gives_who_guesses_no_new_tries",
        shows="codes were tried",
    ),
    "codes-once": Removal(
        "a code of an authenticator is used once",
        put("allauth.mfa.totp.internal.auth:TOTP._mark_code_used", lambda *_: True),
        CODES_GUESSED,
        "test_a_code_is_used_once",
        shows="200 == 302",
    ),
    "link": Removal(
        "whom guesses keep waiting in a new browser comes in by a mailed link",
        no_link,
        LINKS,
        "test_a_new_browser_comes_in_by_the_mailed_link_while_others_guess",
        shows="no way in",
    ),
    "link-forged": Removal(
        "a mailed link is signed, and good for two hours",
        any_link,
        LINKS,
        "test_a_forged_link_says_that_it_is_over or test_an_old_link",
        shows="302 == 404|not True",
    ),
    "link-shared": Removal(
        "all who open one mailed link share its few tries",
        a_name_each,
        LINKS,
        "test_all_browsers_that_open_one_link_share_its_few_tries",
        shows="guesses were tried",
    ),
    "link-mails": Removal(
        "few mails are sent to anybody, and for anybody",
        put("hub.people.browser_links:RATES", {}),
        LINKS,
        "test_nobody_is_flooded_with_mail or test_one_address_has_few_mails_sent",
        shows=r"mails in three hours|<= 3|30 == 20|== 20",
    ),
    "put-out": Removal(
        "each page asks whether its reader is suspended",
        put("hub.people.models:Person.is_suspended", False),
        STANDING,
        "test_somebody_suspended_while_signed_in_is_put_out_at_the_next_page",
        shows="200 == 403",
    ),
    "admitted": Removal(
        "a sign-in is asked of the policies",
        put("hub.people.standing:admit", nothing),
        STANDING,
        "test_a_sign_in_that_the_policies_refuse_shows_the_reason_and_ends_it",
        shows="200 == 403",
    ),
    "sign-up": Removal(
        "nobody makes an account of their own (two layers: no address for it, and nobody is let)",
        open_sign_up,
        STANDING,
        "test_nobody_signs_up",
        shows="200 == 404",
    ),
    "again": Removal(
        "a second factor is changed by who has just given the password",
        put("hub.people.sign_in:AccountAdapter.is_reauthentication_required", lambda *_, **__: False),
        STANDING,
        "test_an_hour_after_signing_in_the_second_factor_is_changed_only_with_the_password",
        shows="startswith",
    ),
    "sealed": Removal(
        "the secrets of second factors are sealed in the database",
        legible,
        STANDING,
        "test_enrolling_a_second_factor_opens_the_portal_and_keeps_the_secret_encrypted",
        shows="not in",
    ),
    "weak": Removal(
        "no weak password is set",
        put("hub.people.invitations:validate_password", nothing),
        INVITATIONS,
        "test_a_weak_password_uses_nothing_up",
        shows="DID NOT RAISE",
    ),
    "guessed": Removal(
        "a guessed link leaves nothing behind, not even a session",
        put("hub.people.invitations:was_sent", lambda _: True),
        INVITATIONS,
        "test_a_guessed_link_leaves_no_session_behind",
        shows="parlatory_portal_session",
    ),
    "unchanged": Removal(
        "whoever lost a right while the policies were asked does not act",
        put("hub.rows:recheck", nothing),
        "unit/people/test_services.py",
        "test_an_actor_who_changed_while_the_policies_were_asked_does_not_act",
        shows="DID NOT RAISE",
    ),
    "cookies": Removal(
        "no script reads the portal's cookies",
        put("django.conf:settings.SESSION_COOKIE_HTTPONLY", False),
        PAGES,
        "test_cookies_are_the_portals_own_and_read_by_no_script",
        shows=r"\(''\)",
    ),
    "names": Removal(
        "a page is shown under the portal's own name, and the inside under its own",
        put("hub.pages.hosts:Hosts.__call__", lambda self, request: self.respond(request)),
        PAGES,
        "test_host_and_path_have_to_belong_together",
        shows="== 421",
    ),
    "numbers": Removal(
        "no browser reads the enclave's numbers",
        put("hub.pages.hosts:INSIDE_ONLY", ("/internal/",)),
        "unit/pages/test_metrics.py",
        "test_a_browser_gets_no_numbers",
        shows="200 in",
    ),
    "readable": Removal(
        "a secret that everybody may read is none",
        put("hub.settings:private", read),
        "unit/pages/test_front.py",
        "test_a_secret_that_everybody_may_read_is_refused",
        shows="DID NOT RAISE",
    ),
    "formula": Removal(
        "no table that is taken away runs in a spreadsheet",
        put("hub.audit.tables:cell", str),
        "unit/audit/test_reach_pages.py",
        "test_what_could_be_a_formula_is_text",
        shows="==",
    ),
}
