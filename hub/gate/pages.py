"""What the gate serves itself: Lab's page and files, the readiness probe, the strip above Lab."""

from __future__ import annotations

import asyncio
import json
import logging
import re
from functools import lru_cache
from html import escape
from pathlib import Path
from typing import Any

from tornado.iostream import StreamClosedError
from tornado.web import HTTPError

from hub.gate import forward, routes
from hub.gate.identity import NOT_YOURS, PREFIX, GateHandler
from hub.gate.leases import Place
from hub.gate.pageconfig import page_config
from hub.gate.routes import Route, Shape

log = logging.getLogger("parlatory.gate")

STATIC = Path(__file__).parent / "static"
OWN_FILES = {"banner.js", "banner.css", "page.css"}
TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".gif": "image/gif",
    ".ico": "image/x-icon",
    ".woff": "font/woff",
    ".woff2": "font/woff2",
    ".ttf": "font/ttf",
    ".eot": "application/vnd.ms-fontobject",
    ".wasm": "application/wasm",
}
AREAS = {
    "static/lab": "lab/static",
    "static/favicons": "server/static/favicons",
    "lab/extensions": "labextensions",
    "lab/api/themes": "lab/themes",
    "kernelspecs": "kernelspecs",
}
_TAG = re.compile(r"[a-z0-9]{6,64}")
_PROBE = Route("GET", "api", 0, 4096, Shape.ANY, seconds=3)
# The hub asks again after up to five seconds; a question that is held has its answer when there is one.
PROBE_HELD_SECONDS = 10.0
PROBE_AGAIN_SECONDS = 0.1
_CHUNK = 256 * 1024


def files_of(labfiles: Path, place: Place) -> Path:
    """Return the folder with the files of the session's image, copied when the image was built."""
    tag = (place.lease.image or "").rpartition(":")[2]
    if not _TAG.fullmatch(tag):
        raise HTTPError(503, "The image of this session is not known yet; load the page again.")
    return labfiles / tag


class LabPage(GateHandler):
    """The one HTML page of Lab, written by the gate."""

    async def get(self, person: str, server: str, _mode: str, rest: str | None = None) -> None:
        """Send the page, or the browser to sign in."""
        self.check_host()
        if await self.person() is None:
            self.sign_in()
            return
        place = await self.own_place(person, server)
        try:
            parts = routes.segments("/" + (rest or ""))
        except routes.BadPath as error:
            raise HTTPError(400, f"Refused: {error}.") from error
        files = files_of(self.gate.labfiles, place)
        base = forward.base_path(place)
        config = page_config(files, base, workspace=_after(parts, "workspaces"), tree=_tree(parts))
        config["mode"] = "single-document" if _mode == "doc" else "multiple-document"
        kept = self.settings["xsrf_cookie_kwargs"]
        self.set_cookie("_xsrf", self.xsrf_for(person, server), path=base, samesite="Strict", **kept)
        self.set_header("Content-Type", "text/html; charset=utf-8")
        place.touch()
        await self.finish(_html(config, base, _main_script(files)))


def _after(parts: tuple[str, ...], name: str) -> str:
    if len(parts) >= 2 and parts[0] == name and re.fullmatch(r"[A-Za-z0-9_-]{1,64}", parts[1]):
        return parts[1]
    return "default"


def _tree(parts: tuple[str, ...]) -> str:
    return "/".join(parts[parts.index("tree") + 1 :]) if "tree" in parts else ""


@lru_cache(maxsize=8)
def _main_script(files: Path) -> str:
    try:
        index = (files / "lab" / "static" / "index.html").read_text(encoding="utf-8")
    except OSError as error:
        raise HTTPError(
            503, "Lab's files are not in place; the enclave's admin runs `python3 -m hub up`."
        ) from error
    found = re.search(r"/(main\.[0-9a-f]+\.js)", index)
    if found is None:
        raise HTTPError(503, "Lab's files are not complete; the enclave's admin runs `python3 -m hub up`.")
    return found.group(1)


def _html(config: dict[str, Any], base: str, script: str) -> str:
    data = json.dumps(config).replace("<", "\\u003c").replace("&", "\\u0026")
    base = escape(base)
    icons = f"{base}static/favicons"
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>JupyterLab</title>'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f'<script id="jupyter-config-data" type="application/json">{data}</script>'
        f'<link rel="icon" type="image/x-icon" href="{icons}/favicon.ico" class="idle favicon">'
        f'<link rel="" type="image/x-icon" href="{icons}/favicon-busy-1.ico" class="busy favicon">'
        f'<link rel="stylesheet" href="{PREFIX}static/banner.css">'
        f'<script defer src="{PREFIX}static/banner.js" data-base="{base}parlatory/"></script>'
        f'<script defer src="{base}static/lab/{script}"></script>'
        '</head><body class="jp-ThemedContainer"></body></html>'
    )


class LabFile(GateHandler):
    """A file of Lab's own, from the copy of the image; a session cannot change it."""

    async def get(self, person: str, server: str, area: str, rest: str) -> None:
        """Send one file."""
        self.check_host()
        place = await self.own_place(person, server)
        try:
            parts = routes.segments("/" + rest)
        except routes.BadPath as error:
            raise HTTPError(404, "Lab has no such file.") from error
        if area == "kernelspecs" and not (len(parts) == 2 and parts[1].startswith("logo")):
            raise HTTPError(404, "Lab has no such file.")
        folder = files_of(self.gate.labfiles, place) / AREAS[area]
        self.set_header("Cache-Control", "private, max-age=3600")
        await self.send_file(folder, parts)

    async def send_file(self, folder: Path, parts: tuple[str, ...]) -> None:
        """Send a regular file that lies, links resolved, inside the folder."""
        path = folder.joinpath(*parts)
        kind = TYPES.get(path.suffix)
        try:
            inside = path.resolve(strict=True).is_relative_to(folder.resolve(strict=True))
        except OSError:
            inside = False
        if kind is None or not inside or not path.is_file():
            raise HTTPError(404, "Lab has no such file.")
        self.set_header("Content-Type", kind)
        self.set_header("Content-Length", str(path.stat().st_size))
        with path.open("rb") as source:
            while chunk := source.read(_CHUNK):
                self.write(chunk)
                try:
                    await self.flush()
                except StreamClosedError:
                    # The browser left; nobody reads the rest.
                    return


class OwnFile(LabFile):
    """A file of the gate's own, the same for everybody."""

    async def get(self, name: str) -> None:  # type: ignore[override] # no session in this address
        """Send one of three files."""
        self.check_host()
        if name not in OWN_FILES:
            raise HTTPError(404, "The gate has no such file.")
        self.set_header("Cache-Control", "private, max-age=300")
        await self.send_file(STATIC, (name,))


class Probe(GateHandler):
    """The hub's question whether a session's server answers."""

    async def get(self, person: str, server: str) -> None:
        """Say yes as soon as the server behind the session's socket answers, no after ten seconds without."""
        if self.request.host.lower() not in (self.gate.gate_host, self.gate.lab_host):
            raise HTTPError(421, "This address is not served here.")
        place = self.gate.leases.find(person, server)
        if place is None:
            await self.gate.leases.soon()
            place = self.gate.leases.find(person, server)
        if place is None or not await self._held(place):
            raise HTTPError(503, "This session is not ready.")
        self.answer_json({"version": "1"})

    async def _held(self, place: Place) -> bool:
        """Return whether the session's server answers; one question a session is held until it does."""
        if place.probed:
            return await self._answers(place)
        clock = asyncio.get_running_loop()
        until = clock.time() + PROBE_HELD_SECONDS
        place.probed = True
        try:
            while not await self._answers(place):
                if clock.time() > until or not self._may_be_asked(place):
                    return False
                await asyncio.sleep(PROBE_AGAIN_SECONDS)
        finally:
            place.probed = False
        return True

    async def _answers(self, place: Place) -> bool:
        if not self._may_be_asked(place):
            return False
        try:
            found = await forward.ask(self.gate, place, _PROBE, "api", "", b"")
        except forward.NoSession:
            return False
        return found.code == 200 and self._may_be_asked(place)

    def _may_be_asked(self, place: Place) -> bool:
        return place.lease.live and not place.stopped and not self.gate.leases.frozen


class Pulse(GateHandler):
    """The hub's question, once a minute, whether the gate answers."""

    async def get(self) -> None:
        """Say yes to the hub; to a browser there is nothing here."""
        if self.request.host.lower() != self.gate.gate_host:
            self.check_host()
            raise HTTPError(404, "The gate does not serve this address.")
        self.answer_json({"gate": "ok"})


class Me(GateHandler):
    """Who Lab thinks is there: the gate answers, not the session."""

    async def get(self, person: str, server: str) -> None:
        """Answer with the person's id."""
        self.check_host()
        await self.own_place(person, server)
        names = {"username": person, "name": "You", "display_name": "You", "initials": "You"}
        self.answer_json({"identity": names | {"color": None, "avatar_url": None}, "permissions": {}})


class Translations(GateHandler):
    """Lab's language: English, from its own files."""

    async def get(self, person: str, server: str, locale: str | None = None) -> None:
        """Answer with the one language or an empty catalogue."""
        self.check_host()
        await self.own_place(person, server)
        english = {"en": {"displayName": "English", "nativeName": "English"}}
        self.answer_json({"data": {} if locale else english, "message": ""})


class Status(GateHandler):
    """What the strip above Lab shows."""

    async def get(self, person: str, server: str) -> None:
        """Answer with time and bytes left."""
        self.check_host()
        signed_in = await self.person()
        if signed_in != person:
            raise HTTPError(403, NOT_YOURS)
        place = self.gate.leases.find(person, server)
        if place is None:
            raise HTTPError(404, "This session is not running. Start it from the portal.")
        lease = place.lease
        self.answer_json(
            {
                "server": server,
                "live": lease.live,
                "reason": lease.reason,
                "frozen": self.gate.leases.frozen,
                "budget_bytes": lease.budget_bytes,
                "budget_left_bytes": place.meter.left,
                "idle_ends_at": lease.idle_ends_at.isoformat() if lease.idle_ends_at else None,
                "ends_at": lease.ends_at.isoformat() if lease.ends_at else None,
                "access_ends_at": lease.access_ends_at.isoformat() if lease.access_ends_at else None,
                "access_ends_why": lease.access_ends_why,
                "workspace_url": f"{self.gate.portal_url}/workspaces/{server}/",
            }
        )


class Start(GateHandler):
    """The root of a session, and what lies nowhere."""

    async def get(self, person: str, server: str) -> None:
        """Send the browser to Lab's page."""
        self.check_host()
        await asyncio.sleep(0)
        self.redirect(f"/user/{person}/{server}/lab")


class Nowhere(GateHandler):
    """Any other address."""

    def prepare(self) -> None:
        """Refuse it."""
        self.check_host()
        raise HTTPError(404, "The gate does not serve this address.")
