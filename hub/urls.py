"""Every address of the portal."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from hub.pages import health, metrics, views

urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.home, name="home"),
    path("sign-out/", views.sign_out, name="sign_out"),
    path("signed-out/", views.signed_out, name="signed_out"),
    path("health/", health.health, name="health"),
    path("health/portal/", health.portal, name="health_portal"),
    path("metrics", metrics.metrics, name="metrics"),
    path("", include("allauth.idp.urls")),
    path("", include("hub.people.sign_in_urls")),
    path("", include("hub.provisioning.urls")),
    path("", include("hub.people.urls")),
    path("datasets/", include("hub.stewardship.urls")),
    path("stewardship/", include("hub.stewardship.desk_urls")),
    path("", include("hub.access.urls")),
    path("", include("hub.workspaces.urls")),
    path("bring-ins/", include("hub.bring_ins.urls")),
    path("releases/", include("egress_review.urls")),
    path("ledger/", include("hub.audit.ledger_urls")),
    path("audit/", include("hub.audit.urls")),
    path("notices/", include("hub.notices.urls")),
    path("", include("hub.api.urls")),
]
handler400 = "hub.pages.errors.bad_request"
handler403 = "hub.pages.errors.forbidden"
handler404 = "hub.pages.errors.not_found"
handler500 = "hub.pages.errors.server_error"
