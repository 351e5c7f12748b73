"""The API's controls: whom a token acts for, for what, and what a request may be like."""

from __future__ import annotations

from typing import Any

from tests.security.without.policy import altered, rules_gone
from tests.security.without.removal import Removal, nothing, put, replaced

PEOPLE = "unit/api/test_people.py"
ATTACKS, PROVISION = "integration/api/test_attacks.py", "integration/api/test_provision.py"


def any_scope() -> None:
    """Let a token be used for everything."""
    from hub.api import caller

    asked = caller._person
    replaced(caller, "_person", lambda token, scope: asked(token, None))


def never_asked() -> None:
    """Let a token be used without asking the policies about it."""
    from hub.api import caller
    from hub.people import facts

    replaced(caller, "_person", lambda token, scope: caller.Caller(facts.fresh(token.person), token))


def any_secret() -> None:
    """Find a token by its id alone."""
    from hub.api import tokens
    from hub.api.models import Token

    def find(text: str) -> Token | None:
        match = tokens.FORM.fullmatch(text)
        return Token.objects.filter(pk=match[1]).first() if match else None

    replaced(tokens, "find", find)


def by_cookie() -> None:
    """Let a browser's sign-in do for a token."""
    from hub.api import caller, door
    from hub.api.models import Token

    asked = caller.Bearer.__call__

    def either(self: Any, request: Any) -> Any:
        if request.user.is_authenticated:
            return caller.Caller(request.user, Token.objects.filter(person=request.user).first())
        return asked(self, request)

    replaced(door, "without_cookies", lambda request: None)
    replaced(caller.Bearer, "__call__", either)


def in_address() -> None:
    """Don't look for tokens in addresses."""
    from hub.api import door

    replaced(door, "carries_token", lambda request: False)


def uncounted() -> None:
    """Don't count how often a token is used."""
    from hub.api import tokens

    replaced(tokens, "count", lambda token: True)


def any_length() -> None:
    """Read a body however long it is."""
    from hub.api import door

    replaced(door, "LONGEST_BODY_BYTES", 10**9)


def any_depth() -> None:
    """Read JSON however deep it is."""
    from hub.api import reading

    replaced(reading, "_depth", lambda value: 0)


def any_letter() -> None:
    """Take text with whatever is in it."""
    from hub.api import words

    replaced(words, "_readable", lambda text, allowed: text)


def any_user() -> None:
    """Take whoever is at the portal's unix socket for root."""
    from hub.api import operator

    replaced(operator, "require_root", lambda request: None)


def never_barred() -> None:
    """Look at whatever an address shows, however often it was wrong."""
    from hub.api import misses

    replaced(misses, "barred", lambda address: False)


def barred_with_others() -> None:
    """Look at nothing of a new address while many others show wrong secrets."""
    from hub.api import misses

    barred = misses.barred
    replaced(misses, "barred", lambda address: barred(address) or misses.crowded(address))


def any_life() -> None:
    """Let a token live for as long as is asked for."""
    from hub.api import tokens

    replaced(tokens, "LONGEST_DAYS", 10**7)
    altered("people/tokens.rego", rules_gone("90 days"))()


def each_counted(address: str, *, token: str = "") -> None:
    """Give each address a row of its own."""
    from hub.api import misses
    from hub.api.models import Miss

    row, _ = Miss.objects.get_or_create(minute=misses._minute(), address=address)
    Miss.objects.filter(pk=row.pk).update(tries=row.tries + 1, token=token)


REMOVALS = {
    "scope": Removal(
        "a token's scopes, asked of the policies at each use",
        any_scope,
        ATTACKS,
        "test_a_token_does_nothing_outside_its_scopes",
        "== 403",
    ),
    "use": Removal(
        "each use of a token is asked of the policies",
        never_asked,
        ATTACKS,
        "test_a_token_that_is_over_opens_nothing",
        "200 == 401",
    ),
    "secret": Removal(
        "a token's secret", any_secret, ATTACKS, "test_a_token_needs_its_own_secret", "200 == 401"
    ),
    "cookie": Removal(
        "a browser's sign-in is nothing to the API",
        by_cookie,
        ATTACKS,
        "test_a_browsers_sign_in_opens_nothing",
        "200 == 401",
    ),
    "address": Removal(
        "no token in an address",
        in_address,
        ATTACKS,
        "test_a_token_in_an_address_is_refused_even_beside_a_good_one",
        "200 == 400",
    ),
    "rate": Removal(
        "so many uses a minute", uncounted, ATTACKS, "test_a_token_is_used_so_often_and_no_more", "200 == 429"
    ),
    "misses": Removal(
        "so many wrong secrets from an address a minute",
        never_barred,
        ATTACKS,
        "test_wrong_secrets_bar_their_address_and_no_other or test_a_whole_network_is_one_address",
        "429",
    ),
    "crowd": Removal(
        "who shows wrong secrets from many addresses bars no right one",
        barred_with_others,
        ATTACKS,
        "test_a_flood_of_wrong_secrets_from_everywhere_keeps_no_right_one_out",
        "keeps every script out",
    ),
    "length": Removal("a body's length", any_length, ATTACKS, "test_a_long_body_is_not_read", "201 == 413"),
    "depth": Removal("JSON's depth", any_depth, ATTACKS, "test_deep_json_is_refused", "422 == 400"),
    "letters": Removal(
        "no text that hides something",
        any_letter,
        ATTACKS,
        "test_a_name_that_hides_something_is_refused and (rtl or newline)",
        "201 == 422",
    ),
    "root": Removal(
        "the operator is root at the unix socket, told by the kernel",
        any_user,
        PROVISION,
        "test_nobody_but_root_becomes_the_operator_at_the_socket",
        "201 == 401",
    ),
    "replayed": Removal(
        "a request that is sent again is answered as it was (its service, too, does it only once)",
        put("hub.api.v1.people:once", lambda request, make: make()),
        PEOPLE,
        "test_the_same_request_with_the_same_key_is_done_once",
        shows="201, 409",
    ),
    "edition": Removal(
        "a script that read an older edition changes nothing",
        put("hub.api.answers:require_edition", nothing),
        PEOPLE,
        "test_a_change_from_an_older_edition_is_refused",
        shows="200 == 412",
    ),
    "own-keys": Removal(
        "a key belongs to one request",
        put("hub.api.once:_fingerprint", lambda request: ""),
        PEOPLE,
        "test_the_same_request_with_the_same_key_is_done_once",
        shows="201 == 422",
    ),
    "life": Removal(
        "no token lives longer than 90 days (two layers: its service, and the policies)",
        any_life,
        ATTACKS,
        "test_no_token_lives_longer_than_90_days and 91",
        shows="DID NOT RAISE",
    ),
    "flood": Removal(
        "a flood of wrong secrets leaves few rows and one entry",
        put("hub.api.misses:count", each_counted),
        ATTACKS,
        "test_a_flood_of_wrong_secrets_is_one_entry_and_few_rows",
        shows="401 == 429",
    ),
    "read-twice": Removal(
        "what two readers could read in two ways is not read",
        put("hub.api.reading:_object", dict),
        ATTACKS,
        "test_what_is_not_plain_json_is_refused",
        shows="in \\(400, 422\\)",
    ),
}
