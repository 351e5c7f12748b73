"""Addresses of pages about people."""

from __future__ import annotations

from django.urls import path

from hub.people import views

app_name = "people"
urlpatterns = [
    path("account/", views.account, name="account"),
    path("people/", views.people, name="people"),
    path("people/<slug:id>/", views.person, name="person"),
]
