"""`python -m hub.bench.stubs`: many sessions' servers in one process, each an echo on its own socket.

Reads one JSON object on standard input, says that all listen, and serves until standard input ends.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_unix_socket
from tornado.web import Application
from tornado.websocket import WebSocketHandler

from hub.gate import messages
from hub.gate.messages import Message
from hub.gate.socketpath import SOCKET_NAME


class Echo(WebSocketHandler):
    """Answers a cell as a kernel does: busy, the cell, what it printed, the reply, idle."""

    def select_subprotocol(self, subprotocols: list[str]) -> str | None:
        """Speak what the gate speaks."""
        return messages.PROTOCOL if messages.PROTOCOL in subprotocols else None

    async def open(self) -> None:
        """Hold nothing back."""
        self.set_nodelay(True)

    async def on_message(self, message: str | bytes) -> None:
        """Answer one cell."""
        assert isinstance(message, bytes)
        asked = messages.parse(message).header
        says = (
            ("iopub", "status", {"execution_state": "busy"}),
            ("iopub", "execute_input", {"code": "print('echo')", "execution_count": 1}),
            ("iopub", "stream", {"name": "stdout", "text": "echo\n"}),
            ("shell", "execute_reply", {"status": "ok", "execution_count": 1}),
            ("iopub", "status", {"execution_state": "idle"}),
        )
        for channel, kind, content in says:
            header = asked | {"msg_type": kind}
            await self.write_message(
                messages.write(Message(channel, header, asked, dict(content))), binary=True
            )


async def serve(wish: dict[str, Any]) -> None:
    """Listen on every session's socket, as the user that its folder belongs to."""
    for one in wish["sessions"]:
        folder = Path(wish["folder"]) / one["session"] / "in"
        folder.mkdir(parents=True)
        path = folder / SOCKET_NAME
        HTTPServer(Application([(r"/.*/channels", Echo)])).add_socket(bind_unix_socket(str(path), mode=0o666))
        for owned in (folder, path):
            os.chown(owned, wish["uid"], -1)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(serve(json.loads(sys.stdin.readline())))
