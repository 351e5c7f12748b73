"""The ledger's addresses."""

from __future__ import annotations

from django.urls import path

from hub.audit import ledger_views

app_name = "ledger"
urlpatterns = [
    path("", ledger_views.index, name="index"),
    path("kinds/", ledger_views.kinds, name="kinds"),
    path("checkpoint", ledger_views.checkpoint, name="checkpoint"),
    path("export.zip", ledger_views.export, name="export"),
    path("<int:index>/", ledger_views.entry, name="entry"),
    path("<int:index>/proof.json", ledger_views.proof, name="proof"),
]
