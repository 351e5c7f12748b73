"""The demo's institutions, people and projects: plainly invented, their dates relative to today."""

from __future__ import annotations

from dataclasses import dataclass

DOMAIN = "demo.invalid"
RESEARCH_COURSE = "safe-researcher"
CHECKING_COURSE = "output-checking"
UNIVERSITY = "demo-university"
INSTITUTE = "demo-speech-institute"
# These roles show a second factor at sign-in, so the demo enrols one for them.
SECOND_FACTOR_ROLES = {"data_steward", "key_custodian", "output_checker", "admin"}
INSTITUTIONS = {UNIVERSITY: "Demo University", INSTITUTE: "Demo Speech Institute"}


@dataclass(frozen=True)
class Part:
    """One demo person: who they are, their roles, and whether their training has lapsed."""

    login: str
    name: str
    institution: str
    roles: tuple[str, ...]
    training_lapsed: bool = False

    @property
    def email(self) -> str:
        """The address they sign in with; nothing sent there arrives anywhere."""
        return f"{self.login}@{DOMAIN}"

    @property
    def needs_second_factor(self) -> bool:
        """Whether one of their roles asks for a second factor."""
        return bool(SECOND_FACTOR_ROLES & set(self.roles))

    @property
    def courses(self) -> tuple[str, ...]:
        """The courses their roles ask for."""
        research = {"researcher", "project_lead"} & set(self.roles)
        checking = {"output_checker"} & set(self.roles)
        return (RESEARCH_COURSE,) * bool(research) + (CHECKING_COURSE,) * bool(checking)


PEOPLE = (
    Part("researcher1", "Demo Researcher One", UNIVERSITY, ("researcher",)),
    Part("lead1", "Demo Project Lead One", UNIVERSITY, ("project_lead",)),
    Part("steward1", "Demo Data Steward One", UNIVERSITY, ("data_steward",)),
    Part("custodian1", "Demo Key Custodian One", UNIVERSITY, ("key_custodian",)),
    Part("checker1", "Demo Output Checker One", UNIVERSITY, ("output_checker",)),
    Part("checker2", "Demo Output Checker Two", UNIVERSITY, ("output_checker",)),
    Part("committee1", "Demo Committee Member One", UNIVERSITY, ("committee_member",)),
    Part("admin1", "Demo Admin One", UNIVERSITY, ("admin",)),
    Part("auditor1", "Demo Auditor One", UNIVERSITY, ("auditor",)),
    Part("researcher2", "Demo Researcher Two", INSTITUTE, ("researcher",)),
    Part("lead2", "Demo Project Lead Two", INSTITUTE, ("project_lead",)),
    Part("steward2", "Demo Data Steward Two", INSTITUTE, ("data_steward",)),
    Part("custodian2", "Demo Key Custodian Two", INSTITUTE, ("key_custodian",)),
    Part("checker3", "Demo Output Checker Three", INSTITUTE, ("output_checker",)),
    Part("checker4", "Demo Output Checker Four", INSTITUTE, ("output_checker",)),
    Part("committee2", "Demo Committee Member Two", INSTITUTE, ("committee_member",)),
    Part("admin2", "Demo Admin Two", INSTITUTE, ("admin",)),
    Part("auditor2", "Demo Auditor Two", INSTITUTE, ("auditor",)),
    # A member of the open project who may not work in it until the training is renewed.
    Part("lapsed", "Demo Researcher Three, training lapsed", UNIVERSITY, ("researcher",), True),
    # Trained, but a member of no project.
    Part("outsider", "Demo Researcher Four, in no project", INSTITUTE, ("researcher",)),
    # May hand in and may review, but never their own.
    Part(
        "both",
        "Demo Researcher Five, also a checker",
        INSTITUTE,
        ("researcher", "output_checker"),
    ),
)
BY_LOGIN = {part.login: part for part in PEOPLE}
STEWARDS = {"prompts-voices": "steward1", "librivox-excerpts": "steward2"}
OWNERS = {"prompts-voices": UNIVERSITY, "librivox-excerpts": INSTITUTE}


@dataclass(frozen=True)
class Use:
    """One dataset version that a project is, or was, approved to use."""

    dataset: str
    version: str
    revoked_because: str = ""


@dataclass(frozen=True)
class Plan:
    """One demo project: its purpose, its days from today, its people and its data."""

    slug: str
    title: str
    summary: str
    purpose: str
    opens_in_days: int
    closes_in_days: int
    ends_as: str
    members: tuple[tuple[str, str], ...]
    uses: tuple[Use, ...] = ()


PROJECTS = (
    Plan(
        "pitch-across-languages",
        "Pitch across languages",
        "How pitch, level and duration of the same prompts differ between languages and voices.",
        "prosody_research",
        -30,
        335,
        "open",
        (
            ("lead1", "project_lead"),
            ("researcher1", "researcher"),
            ("researcher2", "researcher"),
            ("lapsed", "researcher"),
            ("both", "researcher"),
        ),
        (Use("prompts-voices", "1.1"), Use("librivox-excerpts", "1.0")),
    ),
    Plan(
        "reading-styles",
        "Reading styles",
        "How audiobook readers phrase long sentences. Its approval was revoked: nobody can start a session.",
        "reading_research",
        -60,
        200,
        "open",
        (
            ("lead2", "project_lead"),
            ("researcher1", "researcher"),
            ("researcher2", "researcher"),
        ),
        (
            Use(
                "librivox-excerpts",
                "1.0",
                revoked_because="The project changed its question; it has to request access again.",
            ),
        ),
    ),
    Plan(
        "number-words",
        "Number words",
        "How long spoken numbers last in five languages. Finished: its days are over and it was closed.",
        "phonetics_research",
        -400,
        -35,
        "closed",
        (("lead1", "project_lead"), ("researcher2", "researcher")),
    ),
)
AGREEMENT = (
    "I use the recordings for the project's purpose only. I try to identify nobody and imitate no voice. "
    "I name the speakers as their attribution asks. I hand results in before I share them, "
    "and I tell the data steward at once when something goes wrong."
)
