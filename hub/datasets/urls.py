"""Addresses of pages about datasets."""

from __future__ import annotations

from django.urls import path

from hub.datasets import views

app_name = "datasets"
urlpatterns = [
    path("", views.catalogue, name="catalogue"),
    path("<slug:slug>/", views.dataset, name="dataset"),
    path("<slug:slug>/suspend/", views.suspend, name="suspend"),
    path("<slug:slug>/resume/", views.resume, name="resume"),
]
