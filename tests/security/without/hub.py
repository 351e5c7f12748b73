"""The hub's controls: it starts what the portal granted, for nobody else and in no other way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hub.jupyter import authenticator, doors, hosts
from hub.jupyter.doors import Denied, Granted
from hub.jupyter.spawner import GrantSpawner
from tests.security.without.removal import Removal, replaced

HUB, SIGN_OUT = "integration/jupyter/test_hub.py", "security/test_sign_out.py"


def role(name: str, *scopes: str) -> Callable[[], None]:
    """Return a removal that gives a role of the hub's more than it needs."""

    def remove() -> None:
        load = hosts.Hub.load_config_file

        def loaded(self: Any, *arguments: Any, **options: Any) -> None:
            load(self, *arguments, **options)
            for one in self.load_roles:
                if one["name"] == name:
                    one["scopes"] = [*one["scopes"], *scopes]

        replaced(hosts.Hub, "load_config_file", loaded)

    return remove


async def start_anything(self: GrantSpawner) -> str:
    """Start a server of any name."""
    granted = await self.portal.grant(person=self.user.name, server=self.name or "unnamed")
    self.session = granted.session
    await self.engine.start(granted)
    return self.gate_url


async def start_with_options(self: GrantSpawner) -> str:
    """Start what the request wishes for, as JupyterHub's own spawners do."""
    granted = await self.portal.grant(person=self.user.name, server=self.name)
    self.session = granted.session
    async with doors._client(self.engine_socket, 60.0) as client:
        await client.post("/sessions", json={"grant": granted.grant, **self.user_options})
    return self.gate_url


def start_without_options_dropped() -> None:
    """Keep what the request wishes for."""
    replaced(GrantSpawner, "start", start_with_options)


async def trusting_grant(self: doors.PortalDoor, *, person: str, server: str) -> Granted:
    """Take any answer for a yes."""
    _, answer = await self._post("/internal/grants", {"person": person, "server": server})
    return Granted(str(answer.get("session")), str(answer.get("grant")))


async def stubborn_start(self: GrantSpawner) -> str:
    """Start though the portal says no."""
    try:
        granted = await self.portal.grant(person=self.user.name, server=self.name)
    except Denied:
        granted = Granted("01jsession0000000000000000", "of my own")
    self.session = granted.session
    await self.engine.start(granted)
    return self.gate_url


async def admitted_by_group(self: Any, auth_model: dict[str, Any]) -> dict[str, Any]:
    """Make whoever is in the group `admin` an admin of the hub."""
    model: dict[str, Any] = await super(authenticator.PortalAuthenticator, self).update_auth_model(auth_model)
    return {**model, "admin": "admin" in model["auth_state"]["oauth_user"]["groups"]}


async def renamed(self: GrantSpawner, old_name: str, new_name: str) -> None:
    """Let a server be renamed."""


async def anybody_signs_out(self: authenticator.SignOut, person: str) -> None:
    """End anybody's sign-in for anybody."""
    authenticator.end_sign_in(self.db, self.find_user(person))
    self.set_status(204)


def open_sign_out() -> None:
    """Ask nobody who they are before a sign-out."""
    replaced(authenticator.SignOut, "prepare", lambda self: None)
    replaced(authenticator.SignOut, "check_xsrf_cookie", lambda self: None)
    replaced(authenticator.SignOut, "post", anybody_signs_out)


REMOVALS = {
    "user": Removal(
        "people start, rename and make tokens of nothing",
        role("user", "servers!user", "tokens!user", "admin:servers!user"),
        HUB,
        "test_a_person_can_neither_start_nor_make_tokens_nor_enter_as_admin",
        shows="201 == 403|202 == 403",
    ),
    "gate": Removal(
        "the gate's token starts nothing",
        role("gate", "servers", "tokens"),
        HUB,
        "test_the_gates_token_can_start_nothing",
        shows="201 == 403|202 == 403",
    ),
    "unnamed": Removal(
        "no unnamed server",
        lambda: replaced(GrantSpawner, "start", start_anything),
        HUB,
        "test_the_unnamed_server_is_refused",
        shows="201 == 403|202 == 403",
    ),
    "options": Removal(
        "options of a request are dropped: no image, no mounts by API",
        start_without_options_dropped,
        HUB,
        "test_options_of_a_request_are_dropped_and_the_grant_goes_to_the_engine_untouched",
        shows="evil",
    ),
    "rename": Removal(
        "no server is renamed",
        lambda: replaced(GrantSpawner, "rename", renamed),
        HUB,
        "test_a_stopped_server_cannot_be_renamed",
        shows="200 in",
    ),
    "refusal": Removal(
        "a no of the portal's is a no",
        lambda: replaced(GrantSpawner, "start", stubborn_start),
        HUB,
        "test_a_refusal_reaches_the_person_with_its_reason_and_starts_nothing",
        shows="201 == 403",
    ),
    "unreadable": Removal(
        "an answer that cannot be read is a no",
        lambda: replaced(doors.PortalDoor, "grant", trusting_grant),
        HUB,
        "test_an_unreadable_answer_of_the_portal_is_a_no",
        shows="'grant'|201 == 403",
    ),
    "admin": Removal(
        "nobody is an admin of the hub",
        lambda: replaced(authenticator.PortalAuthenticator, "update_auth_model", admitted_by_group),
        HUB,
        "test_nobody_becomes_an_admin_of_the_hub_by_a_group_of_that_name",
        shows="True is False",
    ),
    "host": Removal(
        "the lab's host name only",
        lambda: replaced(hosts.WrongHost, "match", lambda self, request: None),
        HUB,
        "test_a_host_name_that_is_not_the_labs_reaches_nothing",
        shows="== 421",
    ),
    "sign-out": Removal(
        "a sign-out ends copied cookies and tokens",
        lambda: replaced(authenticator, "end_sign_in", lambda db, user: None),
        SIGN_OUT,
        "test_a_copied_hub_cookie_is_refused_once_the_portal_has_signed_its_person_out",
        shows="200",
    ),
    "signing-others-out": Removal(
        "the portal alone signs somebody out",
        open_sign_out,
        SIGN_OUT,
        "test_nobody_but_the_portal_signs_somebody_out",
        shows="204",
    ),
}
