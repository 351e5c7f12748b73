"""Addresses of the steward's desk and of feedback."""

from __future__ import annotations

from django.urls import path

from hub.stewardship.views import changes, desk, feedback

app_name = "stewardship"
urlpatterns = [
    path("", desk.desk, name="desk"),
    path("datasets/new/", changes.add, name="add"),
    path("intakes/<slug:id>/", desk.intake, name="intake"),
    *(
        path(f"intakes/<slug:id>/{verb}/", desk.act, {"verb": verb}, name=f"{verb}_intake")
        for verb in desk.ACTS
    ),
    path("feedback/", feedback.mine, name="feedback_list"),
    path("feedback/<slug:id>/", feedback.one, name="feedback"),
    path("feedback/submissions/<slug:id>/", feedback.on_submission, name="on_submission"),
]
