"""The addresses under /notices/."""

from __future__ import annotations

from django.urls import path

from hub.notices import views

app_name = "notices"
urlpatterns = [
    path("", views.index, name="index"),
    path("read/", views.read_all, name="read-all"),
    path("preferences/", views.preferences, name="preferences"),
    path("outbox/", views.outbox, name="outbox"),
    path("<slug:notice>/open/", views.open_one, name="open"),
]
