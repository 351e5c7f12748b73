"""The portal as a WSGI application."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hub.settings")

application = get_wsgi_application()

# Pages can be imported once Django knows the apps.
from hub.pages import settled  # noqa: E402 - as above

settled.settle()
