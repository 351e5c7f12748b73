"""What a token may be narrowed to; a scope never gives a right that its person does not have."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Scope(StrEnum):
    """One kind of thing that a token may be used for."""

    PEOPLE_READ = "people:read"
    PEOPLE_WRITE = "people:write"
    TRAINING_WRITE = "training:write"
    PROJECTS_READ = "projects:read"
    PROJECTS_WRITE = "projects:write"
    MEMBERS_ASK = "members:ask"
    MEMBERS_WRITE = "members:write"
    REVIEWERS_WRITE = "reviewers:write"
    DATASETS_READ = "datasets:read"
    DATASETS_WRITE = "datasets:write"
    APPROVALS_READ = "approvals:read"
    APPROVALS_WRITE = "approvals:write"
    SESSIONS_READ = "sessions:read"
    SESSIONS_WRITE = "sessions:write"
    RELEASES_READ = "releases:read"
    RELEASES_DOWNLOAD = "releases:download"
    RELEASES_WRITE = "releases:write"
    BRING_INS_READ = "bring-ins:read"
    BRING_INS_WRITE = "bring-ins:write"
    LEDGER_READ = "ledger:read"


MEANING: Mapping[Scope, str] = MappingProxyType(
    {
        Scope.PEOPLE_READ: "read people, roles, training, institutions",
        Scope.PEOPLE_WRITE: "add people and institutions, give and end roles, suspend, close",
        Scope.TRAINING_WRITE: "record training, one by one or from a CSV file",
        Scope.PROJECTS_READ: "read projects, members, limits, and what leads ask about members",
        Scope.PROJECTS_WRITE: "propose, change, open, close, suspend projects",
        Scope.MEMBERS_ASK: "ask that somebody joins or leaves a project that you lead, and take it back",
        Scope.MEMBERS_WRITE: "add members to projects, end memberships, refuse what leads ask",
        Scope.REVIEWERS_WRITE: "choose who reviews a project’s outputs, and how many approve",
        Scope.DATASETS_READ: "read the catalogue and its versions",
        Scope.DATASETS_WRITE: "add datasets, register and deprecate versions, suspend, hand over",
        Scope.APPROVALS_READ: "read approvals and agreements",
        Scope.APPROVALS_WRITE: "approve data for projects, revoke, add agreements",
        Scope.SESSIONS_READ: "read sessions",
        Scope.SESSIONS_WRITE: "stop your own session",
        Scope.RELEASES_READ: "read submissions, findings and receipts",
        Scope.RELEASES_DOWNLOAD: "download released files",
        Scope.RELEASES_WRITE: "withdraw a submission",
        Scope.BRING_INS_READ: "read what was brought in and what became of it, not its text",
        Scope.BRING_INS_WRITE: "hand in text for your projects’ sessions, and take it back",
        Scope.LEDGER_READ: "read the ledger’s signed checkpoint and proofs",
    }
)
# What the operator's own short-lived token may be used for: provisioning, and nothing that leaves.
PROVISIONING = (
    Scope.PEOPLE_READ,
    Scope.PEOPLE_WRITE,
    Scope.TRAINING_WRITE,
    Scope.PROJECTS_READ,
    Scope.PROJECTS_WRITE,
    Scope.MEMBERS_WRITE,
    Scope.REVIEWERS_WRITE,
    Scope.DATASETS_READ,
    Scope.DATASETS_WRITE,
    Scope.APPROVALS_READ,
)
