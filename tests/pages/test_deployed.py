"""A portal behind a TLS proxy, started as it is deployed: what Django says of it, and what it answers."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]
SECRET = "known to the proxy"
TLS = {"PARLATORY_PORTAL_URL": "https://portal.example.org", "PARLATORY_LAB_URL": "https://lab.example.org"}

DEPLOYED = """
import sys, types
import django; django.setup()
from django.conf import settings
from django.core.management import call_command
from django.http import HttpResponse
from django.test import Client
from django.urls import path
call_command("check", deploy=True, fail_level="WARNING")
urls = sys.modules["urls"] = types.ModuleType("urls")
urls.urlpatterns = [path("", lambda request: HttpResponse(str(request.is_secure())))]
settings.ROOT_URLCONF = "urls"
proxy = Client(headers={"host": "portal.example.org", "x-parlatory-front": "known to the proxy"})
answer = proxy.get("/")
assert answer.content == b"True"
assert answer["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains", answer.headers
assert Client(headers={"host": "portal.example.org"}).get("/").status_code == 421
assert Client(headers={"host": "portal.localhost"}).get("/").status_code == 400
print(settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME, settings.SESSION_COOKIE_SECURE)
"""


def test_django_finds_nothing_to_mend_before_a_deployment(tmp_path: Path) -> None:
    file = tmp_path / "front"
    file.touch(0o600)
    file.write_text(SECRET)
    said = subprocess.run(
        [sys.executable, "-W", "error", "-c", DEPLOYED],
        check=False,
        cwd=CHECKOUT,
        env=os.environ | TLS | {"PARLATORY_FRONT_FILE": str(file), "DJANGO_SETTINGS_MODULE": "hub.settings"},
        capture_output=True,
        text=True,
    )
    assert said.returncode == 0, said.stderr
    assert said.stdout.split()[-3:] == [
        "__Host-parlatory_portal_session",
        "__Host-parlatory_portal_csrf",
        "True",
    ]
