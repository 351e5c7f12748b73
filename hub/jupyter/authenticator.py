"""Sign-in to the hub: the portal is the only identity provider."""

from __future__ import annotations

from typing import Any

from jupyterhub import orm
from jupyterhub.apihandlers.base import APIHandler
from jupyterhub.scopes import needs_scope
from oauthenticator.generic import GenericOAuthenticator
from oauthenticator.oauth2 import OAuthLogoutHandler
from tornado.web import HTTPError
from traitlets import Unicode

PERSON_ID_CHARACTERS = frozenset("0123456789abcdefghijklmnopqrstuvwxyz")
KEPT_CLAIMS = ("sub", "name", "groups")


def end_sign_in(db: Any, user: Any) -> None:
    """Forget a person's tokens and what their login cookies name, in every browser; copies name nothing."""
    db.query(orm.APIToken).filter_by(user_id=user.id).delete()
    user.orm_user.cookie_id = orm.new_token()
    db.commit()


class Logout(OAuthLogoutHandler):  # type: ignore[misc] # it carries no types
    """Ends a person's sign-in at the hub in every browser, copied cookies included."""

    async def handle_logout(self) -> None:
        """Forget the tokens and what login cookies name; JupyterHub only clears this browser's."""
        await super().handle_logout()
        if self.current_user is not None:
            end_sign_in(self.db, self.current_user)


class SignOut(APIHandler):  # type: ignore[misc] # it carries no types
    """Ends a person's sign-in at the hub when the portal says so, whatever their browser does."""

    @needs_scope("admin:users")  # type: ignore[untyped-decorator] # it carries no types
    async def post(self, person: str) -> None:
        """End it; somebody who never was at the hub has none."""
        user = self.find_user(person)
        if user is not None:
            end_sign_in(self.db, user)
        self.set_status(204)


class PortalAuthenticator(GenericOAuthenticator):  # type: ignore[misc] # it carries no types
    """Lets in whoever the portal signs in, under the id the portal gave them."""

    logout_handler = Logout

    portal_host = Unicode(config=True, help="The host name that the portal takes on calls over loopback.")

    def get_handlers(self, app: Any) -> list[tuple[str, Any]]:
        """Add the portal's way to end a sign-in to those that a browser follows."""
        handlers: list[tuple[str, Any]] = super().get_handlers(app)
        return [*handlers, (r"/api/users/([0-9a-z]{26})/sign-out", SignOut)]

    def user_info_to_username(self, user_info: dict[str, Any]) -> str:
        """Return the person's id; an answer without a usable one lets nobody in."""
        subject = user_info.get("sub")
        if not isinstance(subject, str) or len(subject) != 26 or not set(subject) <= PERSON_ID_CHARACTERS:
            raise HTTPError(403, "The portal did not say who you are; sign in there again.")
        return subject

    def build_auth_state_dict(self, token_info: dict[str, Any], user_info: dict[str, Any]) -> dict[str, Any]:
        """Keep the id, the name and the groups beside the tokens; mail is not the hub's business."""
        state: dict[str, Any] = super().build_auth_state_dict(token_info, user_info)
        kept = {claim: user_info[claim] for claim in KEPT_CLAIMS if claim in user_info}
        return {**state, self.user_auth_state_key: {"groups": [], **kept}}

    async def update_auth_model(self, auth_model: dict[str, Any]) -> dict[str, Any]:
        """Make nobody an admin of the hub, whatever a group is called: that role may enter any session."""
        model: dict[str, Any] = await super().update_auth_model(auth_model)
        return {**model, "admin": False}

    def build_token_info_request_headers(self) -> dict[str, str]:
        """Name a host that the portal takes: it refuses any other."""
        return {**super().build_token_info_request_headers(), "Host": self.portal_host}

    def build_userdata_request_headers(self, access_token: str, token_type: str) -> dict[str, str]:
        """Name a host that the portal takes: it refuses any other."""
        return {**super().build_userdata_request_headers(access_token, token_type), "Host": self.portal_host}
