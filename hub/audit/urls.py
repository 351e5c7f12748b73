"""The auditor's addresses beside the ledger."""

from __future__ import annotations

from django.urls import path

from hub.audit import impact_views, reach_views

app_name = "audit"
urlpatterns = [
    path("impact/", impact_views.index, name="impact"),
    path("reach/", reach_views.index, name="reach"),
    path("reach.csv", reach_views.table, name="reach-table"),
]
