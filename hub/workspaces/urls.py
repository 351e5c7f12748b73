"""Addresses of workspaces, and of what the enclave's own processes ask."""

from __future__ import annotations

from django.urls import path

from hub.workspaces import internal, views

app_name = "workspaces"
urlpatterns = [
    path("workspaces/<slug:project>/", views.workspace, name="workspace"),
    path("workspaces/<slug:project>/start/", views.start, name="start"),
    path("workspaces/<slug:project>/stop/", views.stop, name="stop"),
    path("sessions/", views.session_list, name="sessions"),
    path("internal/grants", internal.grant, name="grant"),
    path("internal/leases", internal.lease, name="lease"),
    path("internal/events", internal.event, name="event"),
    path("internal/sessions/<slug:session>/ended", internal.ended, name="ended"),
]
