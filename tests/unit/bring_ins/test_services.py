"""From a form to a session's folder: nothing before it was let in, nothing after it was taken back."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from egress_review.vault import Vault, VaultAltered
from hub import ids
from hub.bring_ins import delivery, services
from hub.bring_ins.models import BringIn, BringInState
from hub.errors import Invalid, Refused, WrongState
from hub.ledger.kinds import Kind
from hub.ledger.models import Entry
from hub.notices import derive
from hub.people.models import Person, Role
from hub.places import places
from tests import portal
from tests.portal import Policies

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("vault")]
CODE = b"print('vowels')\n"
WHY = "A formant tracker from our last paper, MIT licence."


def brought(by: Person, vault: Vault, title: str = "Tracker", slug: str = "vowels") -> BringIn:
    project = by.memberships.first().project if by.memberships.exists() else portal.project(slug, member=by)  # type: ignore[union-attr]  # there is one
    return services.bring(
        by=by, project=project, title=title, why=WHY, files=[("track.py", CODE)], vault=vault
    )


def judged(one: BringIn, by: Person, verdict: str, vault: Vault, comment: str = "") -> None:
    services.judge(by=by, bring_in=one, verdict=verdict, comment=comment, seen=one.row_version, vault=vault)  # type: ignore[arg-type]  # as typed in the test


def seen() -> dict[str, bytes]:
    """Return what a session of the project would see, by path."""
    root = places.bring_ins("vowels")
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_nothing_is_in_a_session_before_it_was_let_in(author: Person, checker: Person, vault: Vault) -> None:
    one = brought(author, vault)
    delivery.step(vault)
    assert seen() == {}
    judged(one, checker, "approve", vault)
    assert seen() == {f"{one.folder}/track.py": CODE}
    path = places.bring_ins("vowels") / one.folder / "track.py"
    assert path.stat().st_mode & 0o777 == 0o444
    assert path.stat().st_ino != vault.path(one.files.get().sha256).stat().st_ino


@pytest.mark.parametrize("state", [BringInState.REJECTED, BringInState.WITHDRAWN])
def test_what_was_rejected_or_taken_back_never_appears(
    state: BringInState, author: Person, checker: Person, vault: Vault
) -> None:
    one = brought(author, vault)
    if state is BringInState.REJECTED:
        judged(one, checker, "reject", vault, "Nobody can read this.")
    else:
        services.take_back(by=author, bring_in=one, vault=vault)
    delivery.step(vault)
    assert seen() == {}
    with pytest.raises(WrongState):
        judged(services.find(one.id), checker, "approve", vault)
    assert seen() == {}


def test_what_is_taken_back_leaves_the_sessions_at_once(
    author: Person, checker: Person, vault: Vault
) -> None:
    one, other = brought(author, vault), brought(author, vault, "Other")
    judged(one, checker, "approve", vault)
    judged(other, checker, "approve", vault)
    services.take_back(by=author, bring_in=services.find(one.id), vault=vault)
    assert list(seen()) == [f"{other.folder}/track.py"]
    assert [path.name for path in places.bring_ins("x").parent.iterdir()] == ["vowels"]


def test_what_lies_there_without_a_word_is_taken_away_and_what_is_missing_comes_back(
    author: Person, checker: Person, vault: Vault, tmp_path: Path
) -> None:
    one = brought(author, vault)
    judged(one, checker, "approve", vault)
    root = places.bring_ins("vowels")
    (root / "smuggled").mkdir()
    (root / "smuggled" / "x.py").write_text("x")
    (root / "link").symlink_to(tmp_path)
    delivery.step(vault)
    assert list(seen()) == [f"{one.folder}/track.py"] and not (root / "link").is_symlink()
    assert tmp_path.is_dir()
    (root / one.folder).rename(tmp_path / "gone")
    delivery.step(vault)
    assert list(seen()) == [f"{one.folder}/track.py"]


def test_content_that_was_changed_after_the_review_never_appears(
    author: Person, checker: Person, vault: Vault
) -> None:
    one = brought(author, vault)
    path = vault.path(one.files.get().sha256)
    path.chmod(0o640)
    path.write_bytes(CODE.replace(b"vowels", b"secret"))
    judged(one, checker, "approve", vault)
    assert seen() == {}
    with pytest.raises(VaultAltered):
        delivery.step(vault)
    assert seen() == {} and [path.name for path in places.bring_ins("x").parent.iterdir()] == ["vowels"]


def test_content_that_was_changed_holds_up_nothing_else(
    author: Person, checker: Person, vault: Vault
) -> None:
    first = portal.project("a-first", member=author)
    changed = services.bring(
        by=author, project=first, title="Changed", why=WHY, files=[("x.py", b"one = 1\n")], vault=vault
    )
    whole = brought(author, vault, "Whole")
    later = brought(portal.person("ruth", Role.RESEARCHER), vault, "Later", "vowels")
    for one in (changed, whole, later):
        judged(one, checker, "approve", vault)
    gone = [places.bring_ins(one.project.slug) / one.folder for one in (changed, whole, later)]
    stray = places.bring_ins("vowels") / "stray"
    stray.mkdir()
    for folder in gone:
        shutil.rmtree(folder)
    path = vault.path(changed.files.get().sha256)
    path.chmod(0o640)
    path.write_bytes(b"two = 2\n")
    with pytest.raises(VaultAltered):
        delivery.step(vault)
    assert [folder.exists() for folder in gone] == [False, True, True] and not stray.exists()


def test_a_project_that_brought_nothing_in_has_nothing_there(author: Person, vault: Vault) -> None:
    portal.project("vowels", member=author)
    stray = places.bring_ins("vowels") / "stray"
    stray.mkdir(parents=True)
    delivery.step(vault)
    assert not stray.exists()


def test_who_is_refused_changes_nothing(
    author: Person, checker: Person, vault: Vault, policies: Policies
) -> None:
    one = brought(author, vault)
    for action in ("judge_bring_in", "take_back_bring_in", "bring_in", "view_bring_in"):
        policies.deny(action)
    for attempt in (
        lambda: judged(one, checker, "approve", vault),
        lambda: services.take_back(by=author, bring_in=one, vault=vault),
        lambda: brought(author, vault, "Second"),
        lambda: services.open_page(by=author, bring_in=one),
        lambda: services.open_file(by=author, bring_in=one, file=one.files.get(), vault=vault),
    ):
        with pytest.raises(Refused):
            attempt()
    assert BringIn.objects.get().state == "waiting" and seen() == {}


def test_a_stale_page_and_a_second_decision_change_nothing(
    author: Person, checker: Person, vault: Vault
) -> None:
    one = brought(author, vault)
    with pytest.raises(WrongState):
        services.judge(by=checker, bring_in=one, verdict="approve", comment="", seen=9, vault=vault)
    judged(services.find(one.id), checker, "approve", vault)
    with pytest.raises(WrongState):
        judged(services.find(one.id), checker, "reject", vault, "No.")
    assert BringIn.objects.get().state == "approved"


@pytest.mark.parametrize("why", ["", "too short", "a\u202eb c d e f", "x " * 6_000])
def test_it_needs_a_reason_that_can_be_read(why: str, author: Person, vault: Vault) -> None:
    with pytest.raises(Invalid):
        services.bring(
            by=author,
            project=portal.project(member=author),
            title="T",
            why=why,
            files=[("x.py", CODE)],
            vault=vault,
        )
    assert not BringIn.objects.exists()


def test_a_rejection_needs_words(author: Person, checker: Person, vault: Vault) -> None:
    with pytest.raises(Invalid):
        judged(brought(author, vault), checker, "reject", vault)


def test_a_project_has_so_many_waiting_at_most(author: Person, vault: Vault) -> None:
    for number in range(services.MOST_WAITING):
        brought(author, vault, f"Tracker {number}")
    with pytest.raises(Invalid, match="wait for a review"):
        brought(author, vault, "One more")


def test_the_ledger_keeps_hashes_and_no_text(author: Person, checker: Person, vault: Vault) -> None:
    one = brought(author, vault)
    judged(one, checker, "approve", vault)
    services.open_file(by=checker, bring_in=one, file=one.files.get(), vault=vault)
    kept = Entry.objects.filter(subject=one.id).exclude(kind__startswith="decision")
    assert [entry.kind for entry in kept.order_by("index")] == ["brought_in", "bring_in_approved", "viewed"]
    assert kept.order_by("index")[0].facts["files"] == [
        {"sha256": one.files.get().sha256, "bytes": len(CODE)}
    ]
    assert "formant" not in str([entry.facts for entry in kept])


def test_checkers_and_author_are_told_and_a_mail_holds_no_comment(
    author: Person, checker: Person, vault: Vault, policies: Policies
) -> None:
    one = brought(author, vault)
    first = Entry.objects.get(kind=Kind.BROUGHT_IN.value)
    assert [draft.person for draft in derive.drafts(first)] == [checker.id]
    policies.deny("judge_bring_in")
    assert derive.drafts(first) == []
    policies.denials.clear()
    judged(one, checker, "reject", vault, "Speaker Rosa Smith is in row 7.")
    (draft,) = derive.drafts(Entry.objects.get(kind=Kind.BRING_IN_REJECTED.value))
    assert draft.person == author.id and "Smith" in draft.body and "Smith" not in draft.mail
    assert derive.drafts(first) == []


def test_what_a_killed_process_left_aside_is_forgotten_after_a_while(
    author: Person, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = places.bring_ins("")
    brought(author, vault)
    delivery.step(vault)
    left, others = root / f".{ids.new()}", [root / ".keep", root / f".{ids.new()}x"]
    for folder in (left, *others):
        folder.mkdir()
        (folder / "track.py").write_bytes(CODE)
    delivery.step(vault)
    assert left.is_dir(), "its process may still be at work"
    monkeypatch.setattr(delivery, "LEFT", timedelta(0))
    delivery.step(vault)
    assert not left.exists()
    assert all(folder.is_dir() for folder in others), "only what is ours is taken away"
    assert places.bring_ins("vowels").is_dir()
