"""Addresses of pages about datasets."""

from __future__ import annotations

from django.urls import path

from hub.stewardship.views import catalogue, changes, desk, feedback, handover, oversight

app_name = "datasets"
urlpatterns = [
    path("", catalogue.catalogue, name="catalogue"),
    path("<slug:slug>/", catalogue.dataset, name="dataset"),
    path("<slug:slug>/datasheet/", catalogue.datasheet, name="datasheet"),
    path("<slug:slug>/datasheet/write/", changes.write_datasheet, name="write_datasheet"),
    path("<slug:slug>/edit/", changes.edit, name="edit"),
    path("<slug:slug>/hand-over/", handover.hand_over, name="hand_over"),
    path("<slug:slug>/suspend/", changes.suspend, name="suspend"),
    path("<slug:slug>/resume/", changes.resume, name="resume"),
    path("<slug:slug>/versions/new/", desk.begin, name="begin"),
    path("<slug:slug>/versions/<str:version>/deprecate/", changes.deprecate, name="deprecate"),
    path("<slug:slug>/use/", oversight.use, name="use"),
    path("<slug:slug>/compare/", oversight.compare, name="compare"),
    path("<slug:slug>/feedback/", feedback.on_dataset, name="feedback"),
]
