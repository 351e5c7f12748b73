"""What the gate says to the portal, over a real unix socket."""

from __future__ import annotations

import asyncio
from pathlib import Path

from hub.gate.portal import Portal

ANSWER = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 15\r\n\r\n{"sessions":[]}'


def test_a_portal_that_closes_what_is_idle_loses_no_renewal(tmp_path: Path) -> None:
    """Holds a connection open for one answer only, and hangs up the moment a second question comes on it."""

    async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(ANSWER)
        await writer.drain()
        await reader.read(1000)
        await reader.read(1000)
        writer.close()
        await writer.wait_closed()

    async def story() -> None:
        path = str(tmp_path / "portal.sock")
        server = await asyncio.start_unix_server(once, path)
        portal = Portal(socket=path, token="t")
        for _ in range(3):
            assert await portal.renew({}) == []
        await portal.close()
        server.close()
        # The last connection's end is still to be read.
        await asyncio.sleep(0.1)

    asyncio.run(story())
