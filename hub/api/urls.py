"""Addresses of the API, of its tokens' pages, and of what root asks at the unix socket."""

from __future__ import annotations

from django.urls import path

from hub.api import operator
from hub.api.v1 import api

urlpatterns = [
    path("api/v1/", api.urls),
    path("internal/operator/token/", operator.token),
]
