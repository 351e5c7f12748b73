"""Addresses of pages about projects, agreements and approvals."""

from __future__ import annotations

from django.urls import path

from hub.access import views

app_name = "access"
urlpatterns = [
    path("projects/", views.project_list, name="projects"),
    path("projects/<slug:slug>/", views.project, name="project"),
    path("agreements/<int:number>/", views.agreement, name="agreement"),
    path("approvals/", views.approval_list, name="approvals"),
]
