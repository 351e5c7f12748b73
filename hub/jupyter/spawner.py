"""The spawner: it asks the portal, hands the grant to the engine, and holds no rule of its own."""

from __future__ import annotations

from typing import Any

from jupyterhub.spawner import Spawner, SpawnException
from traitlets import Unicode

from hub import trace
from hub.jupyter.doors import Denied, EngineDoor, PortalDoor


class StartRefused(SpawnException):  # type: ignore[misc] # JupyterHub carries no types
    """No session is started; JupyterHub shows the reason to the person."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence.replace("%", "%%"), reason="refused", status_code=403)
        self.message = sentence


class GrantSpawner(Spawner):  # type: ignore[misc] # JupyterHub carries no types
    """Starts exactly what the portal granted, and nothing a request asks for."""

    portal_socket = Unicode(config=True, help="The unix socket on which the portal answers.")
    portal_token = Unicode(config=True, help="The secret by which the portal knows the hub.")
    engine_socket = Unicode(config=True, help="The unix socket of the engine.")
    gate_url = Unicode(
        config=True, help="Where the gate listens: the proxy sends every session's traffic there."
    )

    session = Unicode(help="The id of the running session, or empty.")

    @property
    def portal(self) -> PortalDoor:
        """The way to the portal."""
        return PortalDoor(socket=self.portal_socket, token=self.portal_token)

    @property
    def engine(self) -> EngineDoor:
        """The way to the engine."""
        return EngineDoor(socket=self.engine_socket)

    async def start(self) -> str:
        """Ask for a grant and start it; every doubt is a refusal with a reason."""
        trace.begin(self._asked())
        self.user_options: dict[str, Any] = {}
        if not self.name:
            raise StartRefused("A session belongs to a workspace; start it from the portal.")
        try:
            granted = await self.portal.grant(person=self.user.name, server=self.name)
            self.session = granted.session
            await self.engine.start(granted)
        except Denied as denial:
            await self._forget(str(denial))
            raise StartRefused(str(denial)) from denial
        self.log.info("session_started session=%s request=%s", self.session, trace.current())
        return self.gate_url

    def _asked(self) -> str | None:
        # Only the portal may start servers, so what its request carries is the portal's word.
        request = getattr(self.handler, "request", None)
        return request.headers.get(trace.HEADER) if request is not None else None

    async def poll(self) -> int | None:
        """Return None while the session runs; tell the portal once when it has ended by itself."""
        if not self.session:
            return 0
        ended = await self.engine.ended(self.session)
        if ended is None:
            return None
        await self._forget(ended.reason)
        return ended.code

    async def stop(self, now: bool = False) -> None:
        """Stop the session for good; its container is never used again."""
        if not self.session:
            return
        await self.engine.stop(self.session)
        await self._forget("Stopped through the hub.")

    async def _forget(self, reason: str) -> None:
        session, self.session = self.session, ""
        if session and not await self.portal.ended(session=session, reason=reason):
            self.log.warning("portal_not_told session=%s", session)

    def get_state(self) -> dict[str, Any]:
        """Keep the session's id over a restart of the hub."""
        state: dict[str, Any] = super().get_state()
        return {**state, "session": self.session} if self.session else state

    def load_state(self, state: dict[str, Any]) -> None:
        """Find the running session again."""
        super().load_state(state)
        self.session = str(state.get("session", ""))

    def clear_state(self) -> None:
        """Forget the session: the next start begins from nothing."""
        super().clear_state()
        self.session = ""

    async def rename(self, old_name: str, new_name: str) -> None:
        """Refuse: a server's name is its workspace, and a workspace is the portal's."""
        raise StartRefused("A workspace cannot be renamed.")

    def get_env(self) -> dict[str, str]:
        """Return nothing: no hub variable, no token ever goes into a session."""
        return {}
