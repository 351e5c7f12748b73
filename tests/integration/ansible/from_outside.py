"""Runs outside of the hosts, on their network: a person's browser as a plain client, and an intruder.

Standard input: one JSON object with the invitation, the authorities and the client's certificate; prints one.
"""

from __future__ import annotations

import json
import re
import socket
import ssl
import sys
from collections.abc import Iterator
from typing import Any

import httpx

EDGE, ENTRANCE = "192.0.2.12", "192.0.2.10"
PORTAL, LAB = "https://portal.example.org", "https://lab.example.org"
PASSWORD = "correct horse battery staple"
resolve = socket.getaddrinfo


def look_up(host: Any, *rest: Any, **more: Any) -> Any:
    """Know the two names, which stand in no server of names."""
    return resolve(EDGE if str(host).endswith(".example.org") else host, *rest, **more)


def client(authority: str) -> httpx.Client:
    """Return a client that trusts this authority alone."""
    context = ssl.create_default_context(cafile=authority)
    return httpx.Client(verify=context, trust_env=False, timeout=60, follow_redirects=True)


def submit(browser: httpx.Client, page: httpx.Response, **fields: str) -> httpx.Response:
    """Send a page's form."""
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
    assert token, page.text
    headers = {"Origin": PORTAL, "Referer": str(page.url)}
    return browser.post(str(page.url), data={"csrfmiddlewaretoken": token[1], **fields}, headers=headers)


def sign_in(browser: httpx.Client, email: str) -> httpx.Response:
    """Sign in by the portal's page."""
    return submit(browser, browser.get(f"{PORTAL}/sign-in/"), login=email, password=PASSWORD)


def strangers(authority: str) -> Iterator[int]:
    """Come as somebody new to both names, again and again; return what is answered."""
    for _ in range(10):
        with client(authority) as browser:
            for page in (f"{PORTAL}/sign-in/", f"{LAB}/hub/api/"):
                yield browser.get(page).status_code


def at_the_entrance(given: dict[str, str], *certificate: str) -> int:
    """Go past the proxy to the enclave's own entrance; return what it answers."""
    context = ssl.create_default_context(cafile=given["entrance_ca"])
    if certificate:
        context.load_cert_chain(*certificate)
    with httpx.Client(verify=context, trust_env=False) as direct:
        named = {"sni_hostname": "portal.example.org"}
        headers = {"Host": "portal.example.org"}
        return direct.get(f"https://{ENTRANCE}:8443/sign-in/", headers=headers, extensions=named).status_code


def reaches(address: str, port: int) -> bool:
    """Say whether a connection is taken."""
    with socket.socket() as probe:
        probe.settimeout(2)
        return probe.connect_ex((address, port)) == 0


def main() -> None:
    """Come in by an invitation, go to the lab and back; then try what must not work."""
    given: dict[str, str] = json.load(sys.stdin)
    socket.getaddrinfo = look_up
    found: dict[str, Any] = {}
    if "invitation" in given:
        browser = client(given["browser_ca"])
        browser.headers["X-Forwarded-For"] = "198.51.100.7"
        submit(browser, browser.get(given["invitation"]), password=PASSWORD, again=PASSWORD)
        found["home"] = "Sign out" in sign_in(browser, given["email"]).text
        # By the hub's own sign-in: to the portal for a code and back; then the other name at once.
        browser.get(f"{LAB}/hub/oauth_login?next=")
        lab = browser.get(f"{LAB}/hub/home")
        found["lab"] = [lab.status_code, str(lab.url)]
        found["strangers"] = sorted(set(strangers(given["browser_ca"])))
        found["inner address"] = browser.get(f"{PORTAL}/internal/leases").status_code
    elif "client" in given:
        found["entrance"] = [
            at_the_entrance(given),
            at_the_entrance(given, given["other"], given["other_key"]),
            at_the_entrance(given, given["client"], given["client_key"]),
        ]
        found["reached"] = [port for port in (8000, 8001, 8002, 8003, 8004, 8005) if reaches(ENTRANCE, port)]
    elif "gone" in given:
        found = {"status": client(given["browser_ca"]).get(given["gone"]).status_code}
    else:
        answer = sign_in(client(given["browser_ca"]), given["email"])
        found = {"home": "Sign out" in answer.text, "status": answer.status_code}
    sys.stdout.write(json.dumps(found) + "\n")


main()
