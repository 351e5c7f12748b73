"""The ledger's addresses."""

from __future__ import annotations

from django.urls import path

from hub.ledger import views

app_name = "ledger"
urlpatterns = [
    path("", views.index, name="index"),
    path("checkpoint", views.checkpoint, name="checkpoint"),
    path("<int:index>/", views.entry, name="entry"),
]
