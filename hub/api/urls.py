"""Addresses of the API, of its tokens' pages, and of what root asks at the unix socket."""

from __future__ import annotations

from django.urls import include, path

from hub.api import operator, views
from hub.api.v1 import api

pages = [
    path("account/tokens/", views.token_list, name="tokens"),
    path("account/tokens/new/", views.new_token, name="new_token"),
    path("account/tokens/<slug:id>/revoke/", views.revoke_token, name="revoke_token"),
    path("tokens/", views.all_tokens, name="all_tokens"),
    path("tokens/<slug:id>/revoke/", views.revoke_anybodys, name="revoke_anybodys"),
    path("api/", views.description, name="description"),
]
urlpatterns = [
    path("api/v1/", api.urls),
    path("internal/operator/token/", operator.token),
    path("", include((pages, "api"))),
]
