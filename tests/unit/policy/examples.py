"""A valid, allowed question of every type, in which every attribute matters: the start of all mutations."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

from hub.policy import questions as q
from hub.policy.facts import RoleName

AT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def person(role: RoleName, course: str) -> q.Person:
    """Return somebody with one role and one course."""
    return q.Person(
        id="01person",
        active=True,
        suspended=False,
        second_factor=True,
        second_factor_waived=False,
        roles=(q.Role(role=role, valid_until=date(2027, 1, 1)),),
        training=(q.Training(course=course, completed_on=date(2026, 1, 1), valid_until=None),),
    )


def _steward(id: str) -> q.Steward:
    """Return a steward in good standing."""
    return q.Steward(
        id=id,
        active=True,
        suspended=False,
        institution="01institution",
        roles=(q.Role(role="data_steward", valid_until=date(2027, 1, 1)),),
    )


RESEARCHER = person("researcher", "safe-researcher")
ADMIN = person("admin", "safe-researcher")
STEWARD = person("data_steward", "safe-researcher")
CHECKER = person("output_checker", "output-checking")
PROJECT = q.Project(
    id="01project",
    title="Vowels",
    purpose="phonetics",
    state="open",
    opens_on=date(2026, 1, 1),
    closes_on=date(2027, 12, 31),
    suspended=False,
)
MEMBERSHIP = q.Membership(
    project="01project", person="01person", role="researcher", valid_until=None, ended=False
)
LEADING = q.Membership(
    project="01project", person="01person", role="project_lead", valid_until=None, ended=False
)
DATASET = q.Dataset(
    id="01dataset", title="Harbour", tier=2, steward="01person", steward_name="Ines", suspended=False
)
VERSION = q.DatasetVersion(id="01version", version="1.0", state="registered", dataset=DATASET)
APPROVAL = q.Approval(
    id="01approval",
    project="01project",
    version="01version",
    purpose="phonetics",
    until=date(2027, 6, 1),
    revoked=False,
)
AGREEMENT = q.Agreement(
    id="01agreement",
    dataset="01dataset",
    project="01project",
    title="Harbour terms",
    until=None,
    signed=True,
)
USE = q.DatasetUse(version=VERSION, approvals=(APPROVAL,), agreements=(AGREEMENT,))
SESSION = q.Session(
    id="01session",
    person="01person",
    project="01project",
    state="running",
    expires_at=datetime(2026, 11, 23, 20, 0, tzinfo=UTC),
)
SUBMISSION = q.Submission(
    id="01submission",
    title="Formants",
    project="01project",
    author="01author",
    open_for_review=True,
    differing=False,
    blocked=False,
    released=False,
    withdrawn=False,
    replaceable=False,
)
RELEASED = q.Submission(
    id="01submission",
    title="Formants",
    project="01project",
    author="01author",
    open_for_review=False,
    differing=False,
    blocked=False,
    released=True,
    withdrawn=False,
    replaceable=False,
)
TOKEN = q.Token(
    id="01token",
    person="01person",
    scopes=("people:read",),
    made_at=AT,
    expires_at=datetime(2026, 12, 23, 12, 0, tzinfo=UTC),
    revoked=False,
)
BROUGHT = q.BringIn(
    id="01bringin", title="Tracker", project="01project", author="01author", waiting=True, gone=False
)
DIFFERING = replace(SUBMISSION, open_for_review=False, differing=True)
CAME_BACK = replace(SUBMISSION, author="01person", open_for_review=False, replaceable=True)
REVIEWING = q.Reviewing(anybody=False, named=("01person",), approvals=2, tier=2)
REVIEWED = q.Reviewing(anybody=False, named=("01person", "01other"), approvals=2, tier=2)
APPROVED_FILE = q.FileApproval(file="01file", approved_by=("01person", "01other"))
MINE = q.Review(reviewer="01person", vote="approve", checker=True, member=False, conflicted=False)
ANOTHERS = q.Review(reviewer="01other", vote="approve", checker=True, member=False, conflicted=False)

ALLOWED: dict[str, q.Question] = {
    "sign in": q.SignIn(person=RESEARCHER, at=AT),
    "sign in as checker": q.SignIn(person=CHECKER, at=AT),
    "manage people": q.ManagePeople(person=ADMIN, at=AT, subject="01other", change="assign_role"),
    "record training": q.RecordTraining(person=ADMIN, at=AT, subject="01other"),
    "manage dataset": q.ManageDataset(person=STEWARD, at=AT, dataset=DATASET, change="register"),
    "hand over": q.HandOverDataset(
        person=STEWARD,
        at=AT,
        dataset=DATASET,
        institution="01institution",
        present=_steward("01person"),
        successor=_steward("01other"),
    ),
    "hand over for one who left": q.HandOverDataset(
        person=replace(ADMIN, id="01admin"),
        at=AT,
        dataset=DATASET,
        institution="01institution",
        present=replace(_steward("01person"), active=False),
        successor=_steward("01other"),
    ),
    "approve": q.ManageApproval(
        person=STEWARD,
        at=AT,
        change="approve",
        project=PROJECT,
        version=VERSION,
        purpose="phonetics",
        until=date(2027, 6, 1),
        memberships=(),
    ),
    "revoke": q.ManageApproval(
        person=STEWARD,
        at=AT,
        change="revoke",
        project=PROJECT,
        version=VERSION,
        purpose="phonetics",
        until=date(2027, 6, 1),
        memberships=(),
    ),
    "refuse": q.ManageApproval(
        person=STEWARD,
        at=AT,
        change="refuse",
        project=PROJECT,
        version=VERSION,
        purpose="phonetics",
        until=date(2027, 6, 1),
        memberships=(),
    ),
    "ask for access": q.RequestAccess(
        person=RESEARCHER,
        at=AT,
        change="ask",
        project=PROJECT,
        version=VERSION,
        purpose="phonetics",
        until=date(2027, 6, 1),
        memberships=(LEADING,),
    ),
    "take a request back": q.RequestAccess(
        person=RESEARCHER,
        at=AT,
        change="withdraw",
        project=PROJECT,
        version=VERSION,
        purpose="phonetics",
        until=date(2027, 6, 1),
        memberships=(LEADING,),
    ),
    "ask for a member": q.RequestMember(
        person=RESEARCHER, at=AT, change="ask", project=PROJECT, memberships=(LEADING,)
    ),
    "take back what was asked": q.RequestMember(
        person=RESEARCHER, at=AT, change="withdraw", project=PROJECT, memberships=(LEADING,)
    ),
    "manage project": q.ManageProject(
        person=ADMIN, at=AT, subject="01project", change="add_member", members=("01other",)
    ),
    "sign agreement": q.SignAgreement(
        person=RESEARCHER, at=AT, subject="01person", agreement=AGREEMENT, memberships=(MEMBERSHIP,)
    ),
    "read records": q.ReadRecords(person=person("auditor", "any"), at=AT, records="ledger"),
    "start": q.StartSession(
        person=RESEARCHER,
        at=AT,
        project=PROJECT,
        memberships=(MEMBERSHIP,),
        purpose="phonetics",
        datasets=(USE,),
        running=(),
    ),
    "continue": q.ContinueSession(
        person=RESEARCHER,
        at=AT,
        project=PROJECT,
        memberships=(MEMBERSHIP,),
        purpose="phonetics",
        datasets=(USE,),
        session=SESSION,
    ),
    "hand in": q.HandIn(
        person=RESEARCHER, at=AT, project=PROJECT, memberships=(MEMBERSHIP,), session=SESSION
    ),
    "hand in anew": q.HandIn(
        person=RESEARCHER,
        at=AT,
        project=PROJECT,
        memberships=(MEMBERSHIP,),
        session=SESSION,
        replaces=(CAME_BACK,),
    ),
    "view page": q.ViewSubmission(
        person=RESEARCHER,
        at=AT,
        what="page",
        project=PROJECT,
        memberships=(MEMBERSHIP,),
        submission=SUBMISSION,
        reviewing=REVIEWING,
        conflicted=False,
    ),
    "view files": q.ViewSubmission(
        person=CHECKER,
        at=AT,
        what="files",
        project=PROJECT,
        memberships=(),
        submission=SUBMISSION,
        reviewing=REVIEWING,
        conflicted=False,
    ),
    "vote": q.Vote(
        person=CHECKER,
        at=AT,
        vote="approve",
        project=PROJECT,
        memberships=(),
        submission=SUBMISSION,
        reviewing=REVIEWING,
        reviews=(ANOTHERS,),
        conflicted=False,
    ),
    "consolidate": q.Consolidate(
        person=CHECKER,
        at=AT,
        vote="approve",
        project=PROJECT,
        memberships=(),
        submission=DIFFERING,
        reviewing=REVIEWING,
        reviews=(MINE, ANOTHERS),
        conflicted=False,
    ),
    "release": q.ReleaseSubmission(
        person=CHECKER,
        at=AT,
        project=PROJECT,
        memberships=(),
        submission=SUBMISSION,
        reviewing=REVIEWED,
        reviews=(MINE, ANOTHERS),
        files=(APPROVED_FILE,),
        conflicted=False,
    ),
    "withdraw": q.Withdraw(
        person=CHECKER,
        at=AT,
        project=PROJECT,
        memberships=(),
        submission=SUBMISSION,
        reviewing=REVIEWING,
        conflicted=False,
    ),
    "download": q.Download(
        person=RESEARCHER, at=AT, project=PROJECT, memberships=(MEMBERSHIP,), submission=RELEASED
    ),
    "see use": q.SeeUse(person=STEWARD, at=AT, dataset=DATASET),
    "give feedback": q.DatasetFeedback(
        person=RESEARCHER, at=AT, what="give", dataset=DATASET, author="01person"
    ),
    "answer feedback": q.DatasetFeedback(
        person=STEWARD, at=AT, what="answer", dataset=DATASET, author="01other"
    ),
    "give feedback on a decision": q.SubmissionFeedback(
        person=RESEARCHER,
        at=AT,
        what="give",
        project=PROJECT,
        memberships=(MEMBERSHIP,),
        submission=RELEASED,
        reviewing=q.Reviewing(anybody=True, named=(), approvals=2, tier=2),
        author="01person",
        conflicted=False,
    ),
    "answer feedback on a decision": q.SubmissionFeedback(
        person=CHECKER,
        at=AT,
        what="answer",
        project=PROJECT,
        memberships=(),
        submission=RELEASED,
        reviewing=REVIEWING,
        author="01other",
        conflicted=False,
    ),
    "make token": q.MakeToken(person=RESEARCHER, at=AT, token=TOKEN),
    "end token": q.EndToken(person=RESEARCHER, at=AT, token=TOKEN),
    "use token": q.UseToken(person=RESEARCHER, at=AT, token=TOKEN, scope="people:read"),
    "bring in": q.BringInText(person=RESEARCHER, at=AT, project=PROJECT, memberships=(MEMBERSHIP,)),
    "view what was brought in": q.ViewBringIn(
        person=RESEARCHER,
        at=AT,
        what="files",
        project=PROJECT,
        memberships=(MEMBERSHIP,),
        bring_in=BROUGHT,
        conflicted=False,
    ),
    "let in": q.JudgeBringIn(
        person=CHECKER,
        at=AT,
        verdict="approve",
        project=PROJECT,
        memberships=(),
        bring_in=BROUGHT,
        conflicted=False,
    ),
    "take back what was brought in": q.TakeBackBringIn(
        person=CHECKER, at=AT, project=PROJECT, memberships=(), bring_in=BROUGHT, conflicted=False
    ),
}
