"""Addresses of pages about projects, agreements and approvals."""

from __future__ import annotations

from django.urls import path

from hub.access import views

app_name = "access"
urlpatterns = [
    path("projects/", views.project_list, name="projects"),
    path("projects/<slug:slug>/", views.project, name="project"),
    path("projects/<slug:slug>/suspend/", views.suspend_project, name="suspend_project"),
    path("projects/<slug:slug>/resume/", views.resume_project, name="resume_project"),
    path("projects/<slug:slug>/members/<int:number>/end/", views.end_membership, name="end_membership"),
    path("agreements/<int:number>/", views.agreement, name="agreement"),
    path("approvals/", views.approval_list, name="approvals"),
    path("approvals/<slug:id>/revoke/", views.revoke, name="revoke"),
]
