"""A mail server for one test: takes every letter on loopback and keeps it."""

from __future__ import annotations

import re
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import cast


class Mailbox:
    """The letters that arrived, and where to send more."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.letters: list[tuple[str, EmailMessage]] = []

    def text_to(self, address: str) -> str:
        """Return the newest letter to an address as text; none yet is an empty text."""
        bodies = [letter.get_content() for to, letter in self.letters if to == address]
        return str(bodies[-1]) if bodies else ""

    def link_to(self, address: str, pattern: str) -> str:
        """Return the first address on a page that the newest letter to somebody names, or nothing."""
        found = re.search(pattern, self.text_to(address))
        return found[0] if found else ""


@contextmanager
def opened() -> Iterator[Mailbox]:
    """Take mail on a free port of loopback until the end of the block."""

    class Session(socketserver.StreamRequestHandler):
        """Just enough of SMTP for one client that sends letters."""

        def handle(self) -> None:
            """Speak with a client."""
            self.say("220 mailbox")
            to = ""
            while line := self.rfile.readline().decode("ascii", "replace").strip():
                word = line.split(maxsplit=1)[0].upper()
                if word == "RCPT":
                    to = line.partition("<")[2].partition(">")[0]
                if word == "DATA":
                    self.say("354 go on")
                    mailbox.letters.append((to, self.letter()))
                self.say("221 bye" if word == "QUIT" else "250 mailbox" if word == "EHLO" else "250 ok")
                if word == "QUIT":
                    return

        def letter(self) -> EmailMessage:
            """Read a letter up to its last line."""
            lines: list[bytes] = []
            while (line := self.rfile.readline()) not in (b".\r\n", b""):
                lines.append(line[1:] if line.startswith(b"..") else line)
            return cast(EmailMessage, message_from_bytes(b"".join(lines), policy=policy.default))

        def say(self, line: str) -> None:
            """Answer a line."""
            self.wfile.write(f"{line}\r\n".encode())

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Session) as server:
        server.daemon_threads = True
        mailbox = Mailbox(server.server_address[1])
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield mailbox
        finally:
            server.shutdown()
