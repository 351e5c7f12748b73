"""Who gets what from each operation: the whole table, held against the API's own description."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from tests import portal
from tests.integration.api.world import WHO, World

EVERYBODY = frozenset(WHO)
ADMIN = frozenset({"admin"})
OFFICE = frozenset({"admin", "auditor"})
PROJECTS = OFFICE | {"committee_member", "member", "lead"}
DATASETS = OFFICE | {"committee_member", "data_steward", "steward"}
STEWARD = frozenset({"steward"})
SEES = frozenset({"member", "lead", "auditor", "output_checker"})
BECAUSE = {"reason": "The test asks for it."}


@dataclass(frozen=True)
class Row:
    """One operation: a request that is right, who gets it, and what they get."""

    request: Callable[[World], tuple[str, str, Any]]
    may: frozenset[str]
    status: int = 200


def get(path: Callable[[World], str]) -> Callable[[World], tuple[str, str, Any]]:
    """Return a request that reads."""
    return lambda world: ("GET", path(world), None)


def post(path: Callable[[World], str], body: Any = None) -> Callable[[World], tuple[str, str, Any]]:
    """Return a request that does something."""
    return lambda world: ("POST", path(world), body(world) if callable(body) else body or {})


def _training(world: World) -> dict[str, str]:
    days = {"completed_on": portal.days(-1).isoformat(), "valid_until": portal.days(300).isoformat()}
    return {"course": "safe-researcher", **days}


def _project(world: World) -> dict[str, str]:
    days = {"opens_on": portal.days(0).isoformat(), "closes_on": portal.days(90).isoformat()}
    return {"slug": "new", "title": "New", "purpose": "speech_research", **days}


def _dataset(world: World) -> dict[str, Any]:
    said = {name: name for name in ("slug", "title", "licence", "attribution")}
    return {**said, "institution": "north", "steward": world.people["steward"].id, "tier": 1}


def _approval(world: World) -> dict[str, str]:
    until = portal.days(20).isoformat()
    said = {"project": "vowels", "dataset": "letters", "version": "1.0", "until": until}
    return {**said, "purpose": world.project.purpose}


def _agreement(world: World) -> dict[str, str]:
    until = portal.days(20).isoformat()
    return {"project": "vowels", "dataset": "letters", "title": "Use", "text": "I promise.", "until": until}


def _later(world: World) -> dict[str, str]:
    return {"until": (world.approval.until + timedelta(days=1)).isoformat()}


def _request(world: World) -> dict[str, str]:
    until = portal.days(20).isoformat()
    said = {"project": "vowels", "dataset": "letters", "version": "1.0", "until": until}
    return {**said, "reason": "The paper needs it."}


def _wish(world: World) -> dict[str, str]:
    return {"project": "vowels", "wish": "join", "email": world.somebody.email, "reason": "He labels vowels."}


def _text(world: World) -> dict[str, Any]:
    files = [{"name": "track.py", "text": "print('vowels')\n"}]
    why = "A formant tracker from our last paper."
    return {"project": "vowels", "title": "Tracker", "why": why, "files": files}


def _table(world: World) -> dict[str, Any]:
    row = f"somebody@north.example,output-checking,{portal.days(-2)},{portal.days(90)}"
    return {"csv": f"email,course,completed_on,valid_until\n{row}\n"}


def _person(world: World) -> dict[str, Any]:
    return {"email": "new@north.example", "name": "New", "institution": "north"}


TABLE: dict[str, Row] = {
    "me_me": Row(get(lambda w: "/me"), EVERYBODY),
    "people_list_institutions": Row(get(lambda w: "/institutions"), OFFICE),
    "people_add_institution": Row(post(lambda w: "/institutions", {"slug": "s", "name": "S"}), ADMIN, 201),
    "people_list_people": Row(get(lambda w: "/people"), OFFICE),
    "people_get_person": Row(get(lambda w: f"/people/{w.somebody.id}"), OFFICE),
    "people_add_person": Row(post(lambda w: "/people", _person), ADMIN, 201),
    "people_give_role": Row(lambda w: ("PUT", f"/people/{w.somebody.id}/roles/auditor", {}), ADMIN),
    "people_end_role": Row(lambda w: ("DELETE", f"/people/{w.somebody.id}/roles/researcher", None), ADMIN),
    "people_rename_institution": Row(lambda w: ("PATCH", "/institutions/north", {"name": "N"}), ADMIN),
    "people_edit_person": Row(lambda w: ("PATCH", f"/people/{w.somebody.id}", {"name": "N"}), ADMIN),
    "arrivals_list_invitations": Row(get(lambda w: f"/people/{w.somebody.id}/invitations"), OFFICE),
    "arrivals_invite": Row(post(lambda w: f"/people/{w.somebody.id}/invitations"), ADMIN, 201),
    "arrivals_revoke_invitation": Row(
        post(lambda w: f"/people/{w.somebody.id}/invitations/{w.invitation.id}/revoke"), ADMIN
    ),
    "arrivals_record_table": Row(post(lambda w: "/training", _table), ADMIN),
    "people_record_training": Row(post(lambda w: f"/people/{w.somebody.id}/training", _training), ADMIN, 201),
    "people_suspend": Row(post(lambda w: f"/people/{w.somebody.id}/suspend", BECAUSE), ADMIN),
    "people_resume": Row(post(lambda w: f"/people/{w.suspended.id}/resume"), ADMIN),
    "people_close": Row(post(lambda w: f"/people/{w.somebody.id}/close", BECAUSE), ADMIN),
    "projects_list_projects": Row(get(lambda w: "/projects"), EVERYBODY),
    "projects_list_projects?all": Row(get(lambda w: "/projects?all=true"), OFFICE | {"committee_member"}),
    "projects_propose": Row(post(lambda w: "/projects", _project), ADMIN, 201),
    "projects_get_project": Row(get(lambda w: "/projects/vowels"), PROJECTS),
    "projects_edit_project": Row(lambda w: ("PATCH", "/projects/vowels", {"title": "T"}), ADMIN),
    "projects_edit_settings": Row(lambda w: ("PATCH", "/projects/vowels/settings", {"pids": 128}), ADMIN),
    "projects_change_membership": Row(
        lambda w: (
            "PATCH",
            f"/projects/vowels/members/{w.people['member'].id}",
            {"role": "project_lead"},
        ),
        ADMIN,
    ),
    "projects_open_project": Row(post(lambda w: "/projects/planned/open"), ADMIN),
    "projects_close_project": Row(post(lambda w: "/projects/vowels/close"), ADMIN),
    "projects_suspend": Row(post(lambda w: "/projects/vowels/suspend", BECAUSE), ADMIN),
    "projects_resume": Row(post(lambda w: "/projects/halted/resume"), ADMIN),
    "projects_list_members": Row(get(lambda w: "/projects/vowels/members"), PROJECTS),
    "projects_add_member": Row(
        post(lambda w: "/projects/vowels/members", lambda w: {"person": w.somebody.id}), ADMIN, 201
    ),
    "projects_end_membership": Row(
        lambda w: ("DELETE", f"/projects/vowels/members/{w.people['member'].id}", None), ADMIN
    ),
    "member_requests_list_requests": Row(get(lambda w: "/member-requests"), EVERYBODY),
    "member_requests_list_requests?all": Row(get(lambda w: "/member-requests?all=true"), OFFICE),
    "member_requests_ask": Row(post(lambda w: "/member-requests", _wish), frozenset({"lead"}), 201),
    "member_requests_withdraw": Row(
        post(lambda w: f"/member-requests/{w.wish.id}/withdraw"), frozenset({"lead"})
    ),
    "member_requests_refuse": Row(post(lambda w: f"/member-requests/{w.wish.id}/refuse", BECAUSE), ADMIN),
    "reviewing_get_reviewers": Row(get(lambda w: "/projects/vowels/reviewers"), ADMIN),
    "reviewing_choose": Row(lambda w: ("PATCH", "/projects/vowels/reviewers", {"approvals": 3}), ADMIN),
    "access_list_approvals": Row(get(lambda w: "/approvals"), EVERYBODY),
    "access_list_approvals?all": Row(get(lambda w: "/approvals?all=true"), DATASETS),
    "access_list_of_project": Row(get(lambda w: "/projects/vowels/approvals"), PROJECTS),
    "access_approve": Row(post(lambda w: "/approvals", _approval), STEWARD, 201),
    "access_prolong": Row(lambda w: ("PATCH", f"/approvals/{w.approval.id}", _later(w)), STEWARD),
    "access_revoke": Row(post(lambda w: f"/approvals/{w.approval.id}/revoke", BECAUSE), STEWARD),
    "access_list_agreements": Row(get(lambda w: "/projects/vowels/agreements"), PROJECTS),
    "access_add_agreement": Row(post(lambda w: "/agreements", _agreement), STEWARD, 201),
    "requests_list_requests": Row(get(lambda w: "/requests"), EVERYBODY),
    "requests_ask": Row(post(lambda w: "/requests", _request), frozenset({"lead"}), 201),
    "requests_refuse": Row(post(lambda w: f"/requests/{w.request.id}/refuse", BECAUSE), STEWARD),
    "requests_withdraw": Row(post(lambda w: f"/requests/{w.request.id}/withdraw"), frozenset({"lead"})),
    "datasets_list_datasets": Row(get(lambda w: "/datasets"), EVERYBODY),
    "datasets_add_dataset": Row(post(lambda w: "/datasets", _dataset), STEWARD, 201),
    "datasets_get_dataset": Row(get(lambda w: "/datasets/prompts"), EVERYBODY),
    "datasets_edit_dataset": Row(lambda w: ("PATCH", "/datasets/prompts", {"title": "T"}), STEWARD),
    "datasets_hand_over": Row(
        post(lambda w: "/datasets/prompts/hand-over", lambda w: {"steward": w.people["data_steward"].email}),
        STEWARD,
    ),
    "datasets_list_versions": Row(get(lambda w: "/datasets/prompts/versions"), EVERYBODY),
    # There is no folder: whoever may register gets as far as being told that.
    "datasets_register": Row(post(lambda w: "/datasets/prompts/versions", {"version": "2"}), STEWARD, 422),
    "datasets_deprecate": Row(post(lambda w: "/datasets/prompts/versions/1.0/deprecate"), STEWARD),
    "datasets_suspend": Row(post(lambda w: "/datasets/prompts/suspend", BECAUSE), STEWARD),
    # It is not suspended: whoever may resume gets as far as being told that.
    "datasets_resume": Row(post(lambda w: "/datasets/prompts/resume"), STEWARD, 409),
    "sessions_list_sessions": Row(get(lambda w: "/sessions"), EVERYBODY),
    "sessions_list_sessions?all": Row(get(lambda w: "/sessions?all=true"), OFFICE),
    "sessions_stop": Row(post(lambda w: f"/sessions/{w.session.id}/stop"), frozenset({"member"})),
    "bring_ins_list_bring_ins": Row(get(lambda w: "/bring-ins"), EVERYBODY),
    "bring_ins_bring": Row(post(lambda w: "/bring-ins", _text), frozenset({"member", "lead"}), 201),
    "bring_ins_get_bring_in": Row(get(lambda w: f"/bring-ins/{w.brought.id}"), SEES),
    "bring_ins_take_back": Row(post(lambda w: f"/bring-ins/{w.brought.id}/take-back"), SEES - {"auditor"}),
    "submissions_list_submissions": Row(get(lambda w: "/submissions"), EVERYBODY),
    "submissions_list_submissions?all": Row(get(lambda w: "/submissions?all=true"), frozenset({"auditor"})),
    "submissions_get_submission": Row(get(lambda w: f"/submissions/{w.waiting.id}"), SEES),
    "submissions_list_findings": Row(get(lambda w: f"/submissions/{w.waiting.id}/findings"), SEES),
    "submissions_withdraw": Row(post(lambda w: f"/submissions/{w.waiting.id}/withdraw"), SEES - {"auditor"}),
    "submissions_get_receipt": Row(get(lambda w: f"/submissions/{w.released.id}/receipt"), SEES),
    "submissions_download": Row(
        get(lambda w: f"/submissions/{w.released.id}/files/{w.released.files.get().id}/download"),
        frozenset({"member", "lead"}),
    ),
    "ledger_checkpoint": Row(get(lambda w: "/ledger/checkpoint"), OFFICE),
}
