"""Addresses of the pages on which people, projects and images are looked after."""

from __future__ import annotations

from django.urls import path

from hub.provisioning import access, images, invited, members, people, projects, registers, reviewers

app_name = "provisioning"
urlpatterns = [
    path("provisioning/projects/new/", projects.propose, name="propose"),
    path("projects/<slug:slug>/edit/", projects.edit, name="edit_project"),
    path("projects/<slug:slug>/settings/", projects.settings, name="settings"),
    path("projects/<slug:slug>/reviewers/", reviewers.choose, name="reviewers"),
    path("projects/<slug:slug>/open/", projects.open, name="open_project"),
    path("projects/<slug:slug>/close/", projects.close, name="close_project"),
    path("projects/<slug:slug>/suspend/", projects.suspend, name="suspend_project"),
    path("projects/<slug:slug>/resume/", projects.resume, name="resume_project"),
    path("projects/<slug:slug>/members/add/", projects.find_member, name="find_member"),
    path("projects/<slug:slug>/members/add/<slug:id>/", projects.add_member, name="add_member"),
    path("projects/<slug:slug>/members/<int:number>/", projects.change_member, name="change_member"),
    path("projects/<slug:slug>/members/<int:number>/end/", projects.end_member, name="end_member"),
    path("projects/<slug:slug>/members/ask/", members.ask_join, name="ask_join"),
    path("projects/<slug:slug>/members/<int:number>/leave/", members.ask_leave, name="ask_leave"),
    path("member-requests/<slug:id>/", members.answer, name="member_request"),
    path("member-requests/<slug:id>/refuse/", members.refuse, name="refuse_member_request"),
    path("member-requests/<slug:id>/withdraw/", members.withdraw, name="withdraw_member_request"),
    path("provisioning/people/invite/", people.invite, name="invite"),
    path("people/<slug:id>/edit/", people.edit, name="edit_person"),
    path("people/<slug:id>/roles/", people.give_role, name="give_role"),
    path("people/<slug:id>/roles/<slug:role>/end/", people.end_role, name="end_role"),
    path("people/<slug:id>/suspend/", people.suspend, name="suspend_person"),
    path("people/<slug:id>/resume/", people.resume, name="resume_person"),
    path("people/<slug:id>/close/", people.deactivate, name="close_person"),
    path("people/<slug:id>/training/", people.record_training, name="record_training"),
    path("people/<slug:id>/invitations/send/", people.send_invitation, name="send_invitation"),
    path(
        "people/<slug:id>/invitations/<slug:invitation>/revoke/",
        people.revoke_invitation,
        name="revoke_invitation",
    ),
    path("provisioning/training/", registers.training, name="training"),
    path("provisioning/institutions/", registers.institutions, name="institutions"),
    path("provisioning/institutions/new/", registers.add_institution, name="add_institution"),
    path("provisioning/institutions/<slug:slug>/", registers.rename_institution, name="rename_institution"),
    path("projects/<slug:slug>/ask/", access.ask, name="ask"),
    path("requests/", access.request_list, name="requests"),
    path("requests/<slug:id>/", access.one_request, name="request"),
    path("requests/<slug:id>/approve/", access.approve_request, name="approve_request"),
    path("requests/<slug:id>/refuse/", access.refuse_request, name="refuse_request"),
    path("requests/<slug:id>/withdraw/", access.withdraw_request, name="withdraw_request"),
    path("provisioning/approvals/new/", access.choose, name="choose"),
    path("provisioning/approvals/<slug:slug>/<slug:version>/", access.approve, name="approve"),
    path("approvals/<slug:id>/prolong/", access.prolong, name="prolong"),
    path("approvals/<slug:id>/revoke/", access.revoke, name="revoke"),
    path("approvals/<slug:id>/agreement/", access.add_agreement, name="add_agreement"),
    path("invitation/", invited.accept, name="invitation"),
    path("invitation/<str:token>/", invited.arrive, name="arrive"),
    path("images/", images.images, name="images"),
    path("images/<slug:name>/", images.image, name="image"),
    path("images/<slug:name>/packages.cdx.json", images.bill, name="bill"),
]
