"""Addresses of pages about people."""

from __future__ import annotations

from django.urls import path

from hub.people import views

app_name = "people"
urlpatterns = [
    path("account/", views.account, name="account"),
    path("people/", views.people, name="people"),
    path("people/<slug:id>/", views.person, name="person"),
    path("people/<slug:id>/suspend/", views.suspend, name="suspend"),
    path("people/<slug:id>/resume/", views.resume, name="resume"),
    path("people/<slug:id>/close/", views.deactivate, name="deactivate"),
]
