"""What a backup holds, what it does not show, and what a restore refuses before it touches anything."""

from __future__ import annotations

import io
import subprocess
import tarfile
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pyrage
import pytest

from hub.backup import restoring
from hub.backup.failure import BackupRefused
from hub.backup.restoring import Wish
from hub.cli import preflight, prepare
from tests import statefolder
from tests.statefolder import Enclave, back_up, elsewhere, put_back, quiet

SECRETS = (b"the-secret-of-all-cookies", b"PRIVATE KEY", b"a-demo-password", b"a table that was handed in")


def tree_of(state: Path) -> dict[str, tuple[int, bytes]]:
    return {
        str(path.relative_to(state)): (path.stat().st_mode, path.read_bytes() if path.is_file() else b"")
        for path in sorted(state.rglob("*"))
    }


def test_a_restored_state_is_the_one_that_was_backed_up(enclave: Enclave) -> None:
    before = tree_of(enclave.state)
    new = elsewhere(enclave)
    (new.state / "db").mkdir(parents=True)
    assert put_back(new, back_up(enclave, with_datasets=True)).aside is None
    after = tree_of(new.state)
    differ = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    # Signed-in people are not; what `up` has to do again is not stamped as done; empty places need no file.
    assert differ == {"db/parlatory.sqlite3", "prepared.json", "restored.json"}
    assert (new.state / "prepared.json").read_text() == '{"demo": "2", "shown": "3"}'
    with closing(new.database()) as database:
        assert database.execute("SELECT count(*) FROM ledger_entry").fetchone() == (3,)
        assert database.execute("SELECT count(*) FROM django_session").fetchone() == (0,)


@pytest.mark.parametrize("with_datasets", [False, True])
def test_an_enclave_without_the_demo_comes_back_without_it(enclave: Enclave, with_datasets: bool) -> None:
    """`up` would otherwise put people with known addresses into an institution's enclave."""
    (enclave.state / "demo-passwords.json").unlink()
    new = elsewhere(enclave)
    put_back(new, back_up(enclave, with_datasets=with_datasets))
    assert prepare.without_demo(new.places).exists()


def test_an_enclave_with_the_demo_comes_back_with_it(enclave: Enclave) -> None:
    new = elsewhere(enclave)
    put_back(new, back_up(enclave))
    assert not prepare.without_demo(new.places).exists()


def test_a_right_taken_back_since_does_not_come_back(enclave: Enclave) -> None:
    """Tokens and invitations are revoked: nobody knows which were, after the backup."""
    new = elsewhere(enclave)
    put_back(new, back_up(enclave))
    with closing(new.database()) as database:
        tokens = dict(database.execute("SELECT id, revoked_at FROM api_token"))
        invitations = dict(database.execute("SELECT id, revoked_at FROM people_invitation"))
    assert tokens["over"] == "2020-01-02 03:04:05"
    assert datetime.fromisoformat(tokens["live"]) <= datetime.now(UTC).replace(tzinfo=None)
    assert invitations["waits"]
    assert invitations["accepted"] is None


def test_nothing_of_the_state_can_be_read_in_the_file(enclave: Enclave) -> None:
    content = back_up(enclave, with_datasets=True).read_bytes()
    assert not [word for word in (*SECRETS, b"RIFF", b"MANIFEST", b"ledger", b"parlatory") if word in content]


def test_only_the_key_opens_it(enclave: Enclave) -> None:
    file = back_up(enclave)
    with pytest.raises(BackupRefused, match="not sealed to this key"):
        restoring.restore(
            elsewhere(enclave).places,
            file,
            keys=[pyrage.x25519.Identity.generate()],
            wish=Wish(without_checkpoint=True),
            say=quiet,
        )


def test_other_programs_open_it(enclave: Enclave) -> None:
    """The seal is age's and the inside is tar's: a restore does not depend on this program."""
    plain = pyrage.decrypt(back_up(enclave).read_bytes(), [enclave.key])
    said = subprocess.run(["tar", "-t"], input=plain, capture_output=True, check=True).stdout.decode()
    assert "vault/sha256/" in said
    assert said.splitlines()[-2:] == ["MANIFEST.json", "MANIFEST.sig"]


def test_a_byte_altered_anywhere_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    """Every byte of the seal's header, of the beginning and the end, and many between."""
    enclave = statefolder.make(tmp_path, entries=1)
    whole = bytearray(back_up(enclave).read_bytes())
    new = elsewhere(enclave)
    new.state.mkdir(parents=True)
    file = tmp_path / "altered"
    places = [*range(400), *range(400, len(whole), 997), *range(len(whole) - 64, len(whole))]
    taken = []
    for place in places:
        whole[place] ^= 1
        file.write_bytes(whole)
        whole[place] ^= 1
        try:
            put_back(new, file)
        except BackupRefused:
            if list(new.state.iterdir()):
                taken.append(place)
        else:
            taken.append(place)
    assert not taken
    file.write_bytes(whole)
    put_back(new, file)


@pytest.mark.parametrize("cut", [0, 1, 100, 5000, -1])
def test_a_file_cut_short_is_refused(enclave: Enclave, cut: int) -> None:
    whole = back_up(enclave).read_bytes()
    file = enclave.places.checkout / "cut"
    file.write_bytes(whole[:cut])
    with pytest.raises(BackupRefused):
        put_back(elsewhere(enclave), file)


def test_a_file_with_something_after_it_is_refused(enclave: Enclave) -> None:
    file = back_up(enclave)
    file.write_bytes(file.read_bytes() + b"x")
    with pytest.raises(BackupRefused, match="damaged"):
        put_back(elsewhere(enclave), file)


Change = Callable[[dict[str, bytes]], None]


def repacked(enclave: Enclave, change: Change, kind: bytes = tarfile.REGTYPE) -> Path:
    """A backup opened, changed and sealed again, as who has its key and not the ledger's could."""
    plain = pyrage.decrypt(back_up(enclave, "honest").read_bytes(), [enclave.key])
    out = io.BytesIO()
    with tarfile.open(fileobj=io.BytesIO(plain)) as old, tarfile.open(fileobj=out, mode="w") as fresh:
        members = {info.name: info for info in old.getmembers()}
        held = {
            name: file.read()
            for name, info in members.items()
            if info.isreg() and (file := old.extractfile(info))
        }
        change(held)
        for info in members.values():
            if not info.isreg():
                fresh.addfile(info)
        for name, content in held.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            if name not in members:
                info.type, info.linkname = kind, "/etc/passwd"
            fresh.addfile(info, io.BytesIO(content))
    file = enclave.places.checkout / "repacked"
    file.write_bytes(pyrage.encrypt(out.getvalue(), [enclave.key.to_public()]))
    return file


def alter(name: str, old: bytes, new: bytes) -> Change:
    def change(held: dict[str, bytes]) -> None:
        assert old in held[name]
        held[name] = held[name].replace(old, new)

    return change


def first(held: dict[str, bytes], name: str, content: bytes) -> None:
    rest = dict(held)
    held.clear()
    held[name] = content
    held.update(rest)


def refuse(enclave: Enclave, change: Change, why: str) -> None:
    file = repacked(enclave, change)
    new = elsewhere(enclave)
    with pytest.raises(BackupRefused, match=why):
        put_back(new, file)
    assert not any(new.state.iterdir())
    assert not (enclave.places.checkout / "outside").exists()


@pytest.mark.parametrize(
    "change",
    [
        alter("secrets/data/django", b"cookies", b"cookie5"),
        lambda held: first(held, "vault/more", b"x"),
    ],
    ids=["altered", "added"],
)
def test_who_has_only_the_seals_key_changes_no_file(enclave: Enclave, change: Change) -> None:
    refuse(enclave, change, "not those of its manifest")


@pytest.mark.parametrize(
    "change",
    [
        alter("MANIFEST.json", b'"user":"root"', b'"user":"daemon"'),
        alter("MANIFEST.json", b'"made_at":"20', b'"made_at":"30'),
        alter("MANIFEST.sig", b"unit", b"else"),
    ],
    ids=["owner", "time", "signature"],
)
def test_who_has_only_the_seals_key_changes_no_manifest(enclave: Enclave, change: Change) -> None:
    refuse(enclave, change, "signed")


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (alter("MANIFEST.json", b'"entries":3', b'"entries":2'), "not the one that was signed"),
        (lambda held: held.pop("MANIFEST.json"), "no backup of this kind"),
        (lambda held: held.pop("secrets/data/django"), "not those of its manifest"),
        (lambda held: held.update({"vault/more": b"x"}), "after the manifest"),
        (lambda held: first(held, "../../outside", b"x"), "does not belong"),
        (lambda held: first(held, "/outside", b"x"), "does not belong"),
        (lambda held: first(held, "tools/bin/opa", b"x"), "does not belong"),
    ],
    ids=["entries", "no manifest", "file gone", "after the end", "climbs", "root", "no state"],
)
def test_what_is_no_backup_of_ours_is_refused(enclave: Enclave, change: Change, why: str) -> None:
    refuse(enclave, change, why)


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE])
def test_links_and_devices_are_refused(enclave: Enclave, kind: bytes) -> None:
    file = repacked(enclave, lambda held: first(held, "vault/link", b""), kind)
    with pytest.raises(BackupRefused, match="neither file nor folder"):
        put_back(elsewhere(enclave), file)


def test_a_backup_forged_under_another_key_does_not_fit_the_checkpoint_that_was_kept(
    enclave: Enclave, tmp_path: Path
) -> None:
    """Whoever knows the public key can seal a file; not so that it continues the ledger somebody kept."""
    kept = tmp_path / "kept"
    kept.write_text(enclave.append(1))
    forger = statefolder.make(tmp_path / "forger")
    forger.key = enclave.key
    with pytest.raises(BackupRefused, match="not of the ledger whose key is in this backup"):
        put_back(elsewhere(enclave), back_up(forger), Wish(checkpoint=kept))


def test_an_enclave_is_not_replaced_by_another_of_another_name(enclave: Enclave) -> None:
    new = elsewhere(enclave)
    new.places = replace(new.places, enclave="another")
    with pytest.raises(BackupRefused, match="backup of the enclave unit; here is another"):
        put_back(new, back_up(enclave))


def test_a_state_that_holds_something_is_replaced_only_when_told_and_kept_beside(enclave: Enclave) -> None:
    file = back_up(enclave)
    (enclave.state / "secrets/data/django").write_text("changed since")
    before = tree_of(enclave.state)
    with pytest.raises(BackupRefused, match="holds an enclave already"):
        put_back(enclave, file, Wish())
    assert tree_of(enclave.state) == before
    done = put_back(enclave, file, Wish(over=True))
    assert (enclave.state / "secrets/data/django").read_text() == "the-secret-of-all-cookies"
    assert done.aside
    assert (done.aside / "secrets/data/django").read_text() == "changed since"
    assert (enclave.state / "datasets/voices/1.0/recordings/a.wav").exists(), (
        "a manifest took the data's place"
    )


def test_a_restore_that_dies_half_way_is_noticed_and_done_again(
    enclave: Enclave, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, new = back_up(enclave), elsewhere(enclave)
    rename, moved = Path.rename, []

    def dies(path: Path, target: Path) -> Path:
        if len(moved) == 3:
            raise KeyboardInterrupt
        moved.append(path.name)
        return rename(path, target)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "rename", dies)
        with pytest.raises(KeyboardInterrupt):
            put_back(new, file)
    assert "was interrupted" in preflight.half_restored(new.places)
    put_back(new, file, Wish(without_checkpoint=True, over=True))
    assert preflight.half_restored(new.places) == ""
    assert (new.state / "secrets/data/django").read_text() == "the-secret-of-all-cookies"


def test_the_datasets_are_left_out_unless_asked_for_and_their_lack_is_said(enclave: Enclave) -> None:
    new = elsewhere(enclave)
    done = put_back(new, back_up(enclave))
    assert done.missing_data == ("voices/1.0",)
    assert not (new.state / "datasets").exists()
    assert (new.state / "datasets-in-backup/voices/1.0/manifest.jsonl").exists()
    assert "demo" not in (new.state / "prepared.json").read_text()


def test_without_a_checkpoint_nobody_can_say_what_is_missing(enclave: Enclave) -> None:
    file = back_up(enclave)
    new = elsewhere(enclave)
    with pytest.raises(BackupRefused, match="--checkpoint FILE"):
        put_back(new, file, Wish())
    assert not any(new.state.iterdir())
    put_back(new, file, Wish(checkpoint=Path(f"{file}.checkpoint")))


def test_a_shorter_ledger_is_refused_and_says_which_entries_are_missing(
    enclave: Enclave, tmp_path: Path
) -> None:
    file = back_up(enclave)
    kept = tmp_path / "kept"
    kept.write_text(enclave.append(4))
    new = elsewhere(enclave)
    with pytest.raises(BackupRefused, match=r"entries 3 to 6 are missing, 4 published after"):
        put_back(new, file, Wish(checkpoint=kept))
    assert not any(new.state.iterdir())
    done = put_back(new, file, Wish(checkpoint=kept, lose_the_tail=True))
    assert done.lost
    assert (done.lost.first, done.lost.last) == (3, 6)
    assert '"lost_first": 3' in (new.state / "restored.json").read_text()


def test_the_machine_itself_remembers_the_longest_ledger_it_saw(enclave: Enclave) -> None:
    """No checkpoint is given, and an older backup is still told from what this machine saw since."""
    old = back_up(enclave, "old")
    enclave.append(2)
    back_up(enclave, "later")
    with pytest.raises(BackupRefused, match="entries 3 to 4 are missing"):
        put_back(enclave, old, Wish(over=True))


def test_an_older_checkpoint_does_not_make_the_machine_forget(enclave: Enclave) -> None:
    old = back_up(enclave, "old")
    enclave.append(2)
    back_up(enclave, "later")
    with pytest.raises(BackupRefused, match="entries 3 to 4 are missing"):
        put_back(enclave, old, Wish(over=True, checkpoint=Path(f"{old}.checkpoint")))


def test_another_history_of_the_same_length_is_refused(enclave: Enclave, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.write_text(enclave.signer.sign(size=3, root=b"r" * 32))
    with pytest.raises(BackupRefused, match="another history"):
        put_back(elsewhere(enclave), back_up(enclave), Wish(checkpoint=kept, lose_the_tail=True))


def test_content_that_the_database_speaks_of_must_be_there(enclave: Enclave) -> None:
    digest = enclave.keep(b"handed in")
    (enclave.state / "vault/sha256" / digest[:2] / digest).unlink()
    with pytest.raises(BackupRefused, match="lacks 1 contents"):
        put_back(elsewhere(enclave), back_up(enclave))
