"""Runs inside the root, on a network of its own: nginx with what the role wrote, and what it does to attacks.

Standard library only; prints one JSON object: what reached the stand-ins of portal and lab, and what didn't.
"""

from __future__ import annotations

import fcntl
import http.client
import json
import socket
import ssl
import struct
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

SIOCSIFFLAGS, UP = 0x8914, 0x1
PORTS = {"portal": 8000, "lab": 8001}
FORGED = {
    "X-Forwarded-For": "192.0.2.1",
    "X-Forwarded-Proto": "http",
    "X-Parlatory-Front": "guessed",
    "Forwarded": "for=192.0.2.1",
}


def loopback_up() -> None:
    """Switch this network's loopback on."""
    with socket.socket() as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", UP))


def stand_in(name: str) -> None:
    """Answer as a part of the enclave: say which part, and the headers that came."""

    class Part(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps({"part": name, "headers": dict(self.headers)}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", PORTS[name]), Part)
    threading.Thread(target=server.serve_forever, daemon=True).start()


def ask(name: str, host: str) -> object:
    """Ask over TLS under one name for another, with forged claims; return what reached a part, or why not."""
    context = ssl.create_default_context(cafile="/etc/nginx/parlatory/certificate.pem")
    try:
        raw = socket.create_connection(("127.0.0.1", 443), timeout=10)
        with context.wrap_socket(raw, server_hostname=name) as inner:
            connection = http.client.HTTPConnection(host)
            connection.sock = inner
            connection.request("GET", "/internal/leases", headers=FORGED)
            answer = connection.getresponse()
            text = answer.read()
            return json.loads(text) if answer.status == 200 else answer.status
    except (OSError, http.client.HTTPException) as error:
        return type(error).__name__


def plain(host: str) -> object:
    """Ask without TLS."""
    connection = http.client.HTTPConnection("127.0.0.1", 80, timeout=10)
    try:
        connection.request("GET", "/x", headers={"Host": host})
        answer = connection.getresponse()
        return [answer.status, answer.getheader("Location")]
    except (OSError, http.client.HTTPException) as error:
        return type(error).__name__


def main() -> None:
    """Start everything, attack, and say what happened."""
    loopback_up()
    for name in PORTS:
        stand_in(name)
    subprocess.run(["nginx"], check=True)
    until = time.monotonic() + 20
    while isinstance(plain("portal.example.org"), str) and time.monotonic() < until:
        time.sleep(0.1)
    try:
        found = {
            "portal": ask("portal.example.org", "portal.example.org"),
            "lab": ask("lab.example.org", "lab.example.org"),
            "inner name": ask("portal.example.org", "127.0.0.1"),
            "other name": ask("elsewhere.example.org", "portal.example.org"),
            "plain": plain("portal.example.org"),
            "plain, other name": plain("127.0.0.1"),
        }
    finally:
        subprocess.run(["nginx", "-s", "stop"], check=True)
    sys.stdout.write(json.dumps(found) + "\n")


main()
