"""Many of everything, written in bulk: people, projects, datasets, releases, a long ledger; all made up."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.totp.internal.auth import TOTP
from django.db import connection, transaction

from egress_review.models import File, Finding, Release, Review, Severity, Submission, Vote
from egress_review.states import DECIDED, State
from egress_review.vault import Stored, Vault
from hub.access.models import Agreement, AgreementSignature, Approval
from hub.bench import asked, ground
from hub.bring_ins.models import BringIn, BringInFile
from hub.datasets.models import Dataset, DatasetVersion
from hub.ledger import entries, tree
from hub.ledger.kinds import Kind
from hub.ledger.models import Entry
from hub.people.models import Institution, Person, Role, RoleAssignment, Training
from hub.places import places
from hub.projects.models import MemberRole, Membership, Project
from hub.workspaces.models import FIRST_UID, Session, SessionState, Workspace

MEMBERS = 6
SESSIONS_A_MEMBER = 3
TABLE = b"vowel,speakers\r\na,12\r\ne,14\r\n"
STATES = (State.RELEASED,) * 16 + (State.RETURNED, State.REJECTED, State.BLOCKED, State.IN_REVIEW)
BATCH = 2000
REASON = "You are not a member of the project today; ask its lead to have you added."


@dataclass(frozen=True)
class Size:
    """How many of each there are."""

    people: int
    projects: int
    datasets: int
    releases: int
    entries: int

    def over(self, divisor: int) -> Size:
        """Return a fraction of it."""
        return Size(*(max(24, number // divisor) for number in vars(self).values()))


FULL = Size(people=1_000, projects=200, datasets=300, releases=10_000, entries=1_000_000)


class Crowd:
    """Fills the database up to a size; what was there stays."""

    def __init__(self) -> None:
        """Begin with one institution and one person of each role, in a measurement's own state only."""
        ground.require(places, why="nobody is made up in it")
        self._random = Random(20261127)  # noqa: S311 - the same crowd each time is the point
        self.today = datetime.now(UTC).date()
        self.institution = Institution.objects.create(slug="demo", name="Demo University", is_demo=True)
        self.personas = {role: self._persona(role) for role in Role}
        self.stored = self._content()

    def grow(self, size: Size) -> None:
        """Fill up to a size."""
        with transaction.atomic():
            self._people(size.people)
            self._datasets(size.datasets)
            self._projects(size.projects)
            self._releases(size.releases)
            self._bring_ins(size.releases // 5)
            asked.grow(requests=size.projects // 4, intakes=size.datasets // 4, feedback=size.datasets)
            self._entries(size.entries)

    def _persona(self, role: Role) -> Person:
        person = Person(
            email=f"{role.value}@demo.example",
            name=f"Demo {role.label}",
            institution=self.institution,
            is_demo=True,
        )
        person.set_unusable_password()
        person.save()
        EmailAddress.objects.create(user=person, email=person.email, verified=True, primary=True)
        RoleAssignment.objects.create(person=person, role=role.value)
        for course in ("safe-researcher", "output-checking"):
            Training.objects.create(
                person=person, course=course, completed_on=self.today, valid_until=self.day(300)
            )
        TOTP.activate(person, "JBSWY3DPEHPK3PXP")
        return person

    def _content(self) -> Stored:
        vault = Vault(places.state / "vault")
        vault.prepare()
        return vault.put(TABLE)

    def day(self, number: int) -> date:
        """Return the day so many days from now."""
        return self.today + timedelta(days=number)

    def _people(self, wanted: int) -> None:
        made = [
            Person(
                email=f"person{number}@demo.example",
                name=f"Demo Person {number}",
                institution=self.institution,
                is_demo=True,
                password="!",  # noqa: S106 - Django's mark of a password that never fits
            )
            for number in range(Person.objects.count(), wanted)
        ]
        Person.objects.bulk_create(made, BATCH)
        RoleAssignment.objects.bulk_create(
            [RoleAssignment(person=person, role=Role.RESEARCHER.value) for person in made], BATCH
        )
        Training.objects.bulk_create(
            [
                Training(
                    person=person,
                    course="safe-researcher",
                    completed_on=self.day(-100),
                    valid_until=self.day(self._random.randint(-30, 300)),
                )
                for person in made
            ],
            BATCH,
        )

    def _datasets(self, wanted: int) -> None:
        made = [
            Dataset(
                slug=f"dataset-{number}",
                title=f"Demo Dataset {number}",
                description="Made up for a measurement.",
                institution=self.institution,
                steward=self.personas[Role.DATA_STEWARD],
                tier=number % 5,
                licence=("CC BY 4.0", "CC BY-SA 4.0", "by agreement")[number % 3],
                attribution="nobody",
            )
            for number in range(Dataset.objects.count(), wanted)
        ]
        Dataset.objects.bulk_create(made, BATCH)
        versions = [
            DatasetVersion(
                dataset=dataset,
                version=name,
                folder=f"{dataset.slug}/{name}",
                manifest_sha256="0" * 64,
                recordings=400,
                speakers=40,
                seconds=36_000,
                languages=[("de", "en", "fr", "ga")[number % 4]],
                registered_by=dataset.steward,
            )
            for number, dataset in enumerate(made)
            for name in ("1.0", "1.1")
        ]
        DatasetVersion.objects.bulk_create(versions, BATCH)

    def _projects(self, wanted: int) -> None:
        first = Project.objects.count()
        made = [
            Project(
                slug=f"project-{number}",
                title=f"Demo Project {number}",
                summary="Made up for a measurement.",
                purpose="speech_research",
                state="open",
                opens_on=self.day(-100),
                closes_on=self.day(300),
                is_demo=True,
            )
            for number in range(first, wanted)
        ]
        Project.objects.bulk_create(made, BATCH)
        everybody = list(Person.objects.filter(role_assignments__role=Role.RESEARCHER.value).distinct())
        memberships = [membership for project in made for membership in self._members(project, everybody)]
        Membership.objects.bulk_create(memberships, BATCH)
        self._work(memberships, first=Workspace.objects.count())
        self._approvals(made)

    def _members(self, project: Project, everybody: list[Person]) -> list[Membership]:
        people = self._random.sample(everybody, min(MEMBERS, len(everybody)))
        own = [self.personas[Role.RESEARCHER], self.personas[Role.PROJECT_LEAD]]
        if project.slug == "project-0":
            people = own + [person for person in people if person not in own]
        roles = [MemberRole.RESEARCHER.value, MemberRole.PROJECT_LEAD.value]
        return [
            Membership(project=project, person=person, role=roles[place == 1])
            for place, person in enumerate(people)
        ]

    def _work(self, memberships: list[Membership], *, first: int) -> None:
        workspaces = [
            Workspace(
                project=one.project, person=one.person, slug=one.project.slug, uid=FIRST_UID + first + number
            )
            for number, one in enumerate(memberships)
        ]
        Workspace.objects.bulk_create(workspaces, BATCH)
        sessions = []
        for workspace in workspaces:
            for number in range(SESSIONS_A_MEMBER):
                began = datetime.now(UTC) - timedelta(days=number * 9 + 1)
                sessions.append(
                    Session(
                        workspace=workspace,
                        state=SessionState.ENDED.value,
                        started_at=began,
                        ended_at=began + timedelta(hours=3),
                        expires_at=began + timedelta(hours=8),
                        end_reason="You stopped this session.",
                        cleared_at=began + timedelta(hours=3),
                    )
                )
        Session.objects.bulk_create(sessions, BATCH)

    def _approvals(self, projects: list[Project]) -> None:
        versions = list(DatasetVersion.objects.select_related("dataset").order_by("folder"))
        approvals, agreements = [], []
        for number, project in enumerate(projects):
            for step in range(min(3, len(versions))):
                version = versions[(number * 3 + step) % len(versions)]
                approvals.append(
                    Approval(
                        project=project,
                        version=version,
                        purpose=project.purpose,
                        until=self.day(self._random.randint(5, 250)),
                        approved_by=self.personas[Role.DATA_STEWARD],
                    )
                )
                agreements.append(
                    Agreement(
                        dataset=version.dataset,
                        project=project,
                        title=f"Terms of {version.dataset.title}",
                        text="Made up for a measurement.",
                        text_sha256="0" * 64,
                        until=self.day(250),
                    )
                )
        Approval.objects.bulk_create(approvals, BATCH)
        Agreement.objects.bulk_create(agreements, BATCH)
        signers = {
            project.id: [one.person_id for one in project.memberships.all()]
            for project in Project.objects.filter(pk__in=[one.pk for one in projects]).prefetch_related(
                "memberships"
            )
        }
        signatures = [
            AgreementSignature(agreement=agreement, person_id=person)
            for agreement in agreements
            for person in signers[agreement.project_id]
        ]
        AgreementSignature.objects.bulk_create(signatures, BATCH)

    def _releases(self, wanted: int) -> None:
        sessions = list(Session.objects.select_related("workspace"))
        submissions = [
            self._submission(number, sessions[number % len(sessions)])
            for number in range(Submission.objects.count(), wanted)
        ]
        Submission.objects.bulk_create(submissions, BATCH)
        File.objects.bulk_create([self._file(one) for one in submissions], BATCH)
        Finding.objects.bulk_create(
            [
                Finding(
                    submission=one,
                    check_name="small_cells",
                    severity=Severity.BLOCK.value if one.state == State.BLOCKED else Severity.NOTE.value,
                    where="row 1",
                    message="A cell counts few speakers.",
                    fix="Join small groups.",
                )
                for one in submissions
            ],
            BATCH,
        )
        checkers = self._checkers()
        Review.objects.bulk_create(
            [
                Review(submission=one, reviewer=checker, vote=self._vote(one), comment="as agreed upon")
                for one in submissions
                if one.state in DECIDED
                for checker in checkers
            ],
            BATCH,
        )
        Release.objects.bulk_create(
            [
                Release(submission=one, released_at=one.decided_at or one.submitted_at, receipt=_receipt(one))
                for one in submissions
                if one.state == State.RELEASED
            ],
            BATCH,
        )

    def _bring_ins(self, wanted: int) -> None:
        people = list(Membership.objects.order_by("pk"))
        made = [
            BringIn(
                project_id=people[number % len(people)].project_id,
                author_id=people[number % len(people)].person_id,
                title=f"Script {number}",
                why="Made up for a measurement of pages.",
                folder=f"script-{number}",
                state=("waiting", "rejected", "withdrawn")[number % 3],
            )
            for number in range(BringIn.objects.count(), wanted)
        ]
        BringIn.objects.bulk_create(made, BATCH)
        kept = {"sha256": self.stored.sha256, "size_bytes": self.stored.size_bytes}
        files = [BringInFile(bring_in=one, position=0, name="table.csv", lines=4, **kept) for one in made]
        BringInFile.objects.bulk_create(files, BATCH)

    def _checkers(self) -> list[Person]:
        second = Person.objects.filter(role_assignments__role=Role.RESEARCHER.value).last()
        return [self.personas[Role.OUTPUT_CHECKER], *([second] if second else [])]

    def _submission(self, number: int, session: Session) -> Submission:
        state = STATES[number % len(STATES)]
        at = datetime.now(UTC) - timedelta(hours=number % 8_000 + 2)
        return Submission(
            session=session,
            project_id=session.workspace.project_id,
            author_id=session.workspace.person_id,
            title=f"Vowel table {number}",
            context="Counts of speakers per vowel, made up for a measurement.",
            controls="Every cell counts ten speakers or more.",
            state=state.value,
            submitted_at=at,
            screened_at=at + timedelta(minutes=1),
            decided_at=at + timedelta(minutes=self._random.randint(5, 90)) if state in DECIDED else None,
        )

    def _file(self, of: Submission) -> File:
        said = {} if of.state == State.BLOCKED else {"canonical_name": "table.csv"}
        if said:
            said |= {"canonical_sha256": self.stored.sha256}
        return File(
            submission=of,
            name="table.csv",
            sha256=self.stored.sha256,
            size_bytes=self.stored.size_bytes,
            kind="table",
            media_type="text/csv",
            canonical_size_bytes=self.stored.size_bytes if said else None,
            **said,
        )

    def _vote(self, of: Submission) -> str:
        votes = {State.REJECTED: Vote.REJECT, State.RETURNED: Vote.RETURN}
        return votes.get(State(of.state), Vote.APPROVE).value

    def _entries(self, wanted: int) -> None:
        last = Entry.objects.order_by("-index").values_list("index", flat=True).first()
        first = 0 if last is None else last + 1
        subjects = list(Submission.objects.values_list("pk", flat=True)[:5_000])
        actors = list(Person.objects.values_list("pk", flat=True))
        kinds = (Kind.VIEWED, Kind.SIGNED_IN, Kind.DECISION_ALLOWED, Kind.HANDED_IN, Kind.DECISION_DENIED)
        began = datetime.now(UTC) - timedelta(days=700)
        names = '"index", kind, at, "by", subject, facts, salt, leaf, leaf_hash'
        places_held = ", ".join(["%s"] * 9)
        with connection.cursor() as cursor:
            for start in range(first, wanted, 20_000):
                rows = [
                    self._entry(index, kinds[index % 5], began, wanted, actors, subjects)
                    for index in range(start, min(wanted, start + 20_000))
                ]
                cursor.executemany(f"INSERT INTO ledger_entry ({names}) VALUES ({places_held})", rows)  # noqa: S608 - our own names

    def _entry(
        self, index: int, kind: Kind, began: datetime, wanted: int, actors: list[str], subjects: list[str]
    ) -> tuple[Any, ...]:
        at = began + timedelta(days=699) * (index / max(wanted, index + 1))
        by, subject = actors[index % len(actors)], subjects[index % len(subjects)]
        facts = {"reasons": [REASON]} if kind is Kind.DECISION_DENIED else {"number": index}
        salt = self._random.randbytes(3 * entries.SALT_BYTES)
        leaf = entries.leaf_of(kind=kind.value, at=at, by=by, subject=subject, facts=facts, salt=salt)
        when = connection.ops.adapt_datetimefield_value(at)
        return (index, kind.value, when, by, subject, json.dumps(facts), salt, leaf, tree.leaf_hash(leaf))


def _receipt(of: Submission) -> dict[str, object]:
    """Return a receipt that points at an entry there is, so that its page can be shown."""
    document = {"release": of.pk, "files": [], "reviews": [], "findings": {}, "submission": {"id": of.pk}}
    return {"document": document, "receipt_sha256": "0" * 64, "ledger": {"entry_index": 0}}
