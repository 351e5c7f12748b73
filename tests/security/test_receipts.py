"""Attacks on a receipt: whatever is altered, by whomever but the ledger's key, the check refuses it."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import transaction

from egress_review import receipts, releases
from egress_review.models import Vote
from egress_review.states import State
from egress_review.vault import Vault
from hub.ledger import entries, publisher, receipt, tree
from hub.ledger.checkpoint import CheckpointRefused, Signer, Verifier
from hub.ledger.kinds import Kind
from hub.ledger.models import Entry
from hub.ledger.proofs import Proof, ProofRefused
from hub.ledger.receipt import ReceiptRefused, check, check_files, proved
from tests.unit.egress_review.conftest import ledger, policies, vault
from tests.unit.egress_review.factories import CANONICAL, review, submission

__all__ = ["ledger", "policies", "vault"]

pytestmark = pytest.mark.django_db
REFUSALS = (ReceiptRefused, ProofRefused, CheckpointRefused)
NEEDED = ("downloaded", "receipt", "canonical", "checkpoint", "findings", "kinds", "proofs", "tree")
CHECKOUT = Path(receipt.__file__).parents[2]


@pytest.fixture
def taken(vault: Vault) -> str:
    """The receipt of a release, as it is downloaded, among other entries of the ledger."""
    made = submission(State.APPROVED, vault=vault)
    voters = [review(made, Vote.APPROVE), review(made, Vote.APPROVE)]
    append(3)
    release = releases.release(by=voters[1].reviewer, submission=made, vault=vault)
    append(4)
    return receipts.proved(release)


def append(count: int) -> None:
    """Append entries of others."""
    for number in range(count):
        with transaction.atomic():
            entries.append(Kind.VIEWED, by="01other", subject=f"01thing{number}", facts={})


def key() -> Verifier:
    """Return the key that an outsider holds."""
    return publisher.signer().verifier


def written(document: Any) -> str:
    """Write a receipt as the enclave would."""
    return json.dumps(document, indent=2, ensure_ascii=False, sort_keys=True) + "\n"


def refused(text: str, verifier: Verifier | None = None) -> str:
    """Return why a receipt is refused."""
    with pytest.raises(REFUSALS) as caught:
        list(check(text, verifier or key()))
    return str(caught.value)


def test_the_receipt_holds_as_it_was_taken_or_no_attack_says_anything(taken: str) -> None:
    assert [finding.good for finding in check(taken, key())] == [True] * 4
    append(300)
    publisher.publish()
    assert all(finding.good for finding in check(taken, key())), "it must outlive the tree's growth"


def test_a_receipt_with_any_byte_altered_is_refused(taken: str) -> None:
    data = taken.encode()
    held = []
    for place in range(len(data)):
        for flip in (0x01, 0x20):
            altered = data[:place] + bytes([data[place] ^ flip]) + data[place + 1 :]
            try:
                list(check(altered.decode(), key()))
            except (*REFUSALS, UnicodeDecodeError):
                continue
            held.append((place, flip, data[max(0, place - 20) : place + 20]))
    assert not held


@pytest.mark.parametrize("cut", [0, 1, 2, 100, -1])
def test_a_receipt_cut_short_or_made_longer_is_refused(taken: str, cut: int) -> None:
    assert refused(taken[:cut])
    assert refused(taken + taken[:cut] + " ")


def paths(value: Any, way: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the way to every field in a document."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [found for name, one in inner for found in [(*way, name), *paths(one, (*way, name))]]


def test_a_receipt_with_any_field_changed_or_left_out_is_refused(taken: str) -> None:
    ways = paths(json.loads(taken))
    assert len(ways) > 40
    for way in ways:
        for act in (lambda holder, name: holder.pop(name), lambda holder, name: change(holder, name)):
            document = json.loads(taken)
            holder = document
            for name in way[:-1]:
                holder = holder[name]
            act(holder, way[-1])
            assert refused(written(document)), way


def change(holder: Any, name: Any) -> None:
    """Put something else in a field's place."""
    holder[name] = {str: f"{holder[name]}x", int: 7_000}.get(type(holder[name]), "another")


def forged(taken: str, signer: Signer | None) -> str:
    """Return a receipt over another file, leaf and tree made to fit it, signed by whoever has a key."""
    said = json.loads(taken)
    said["document"]["files"][0]["released"]["sha256"] = "0" * 64
    leaf = json.loads(said["ledger"]["leaf"])
    leaf["public"]["receipt_sha256"] = receipt.digest(said["document"])
    line = entries.canonical(leaf)
    proof = Proof.read(said["ledger"]["proof"])
    if signer is not None:
        proof = Proof(0, (), signer.sign(size=1, root=tree.leaf_hash(line)))
    return proved(said["document"], leaf=line, proof=proof)


def test_a_document_with_a_hash_made_to_fit_is_not_on_the_ledger(taken: str) -> None:
    said = json.loads(taken)
    said["document"]["project"]["title"] = "Another"
    said["receipt_sha256"] = receipt.digest(said["document"])
    assert "another receipt" in refused(written(said))


def test_a_leaf_made_to_fit_is_not_in_the_tree(taken: str) -> None:
    assert "does not lead" in refused(forged(taken, None))


@pytest.mark.parametrize("origin", ["the log's own name", "evil.example/ledger"])
def test_a_tree_made_to_fit_is_not_signed_by_the_key(taken: str, origin: str) -> None:
    name = publisher.origin() if origin.startswith("the") else origin
    stranger = Signer(name, Ed25519PrivateKey.generate())
    assert "not signed by the key" in refused(forged(taken, stranger))
    assert all(one.good for one in check(forged(taken, stranger), stranger.verifier)), "it says nothing else"


def test_an_entry_that_is_no_release_proves_no_receipt(taken: str) -> None:
    said = json.loads(taken)
    with transaction.atomic():
        facts = {"receipt_sha256": said["receipt_sha256"]}
        entry = entries.append(Kind.VIEWED, by="a", subject="b", facts={}, public=facts)
    hashes = [bytes(one.leaf_hash) for one in Entry.objects.order_by("index")]
    publisher.publish()
    note = (publisher.folder() / "checkpoint").read_text()
    proof = Proof(entry.index, tuple(tree.inclusion_proof(hashes, entry.index)), note)
    assert "no release" in refused(proved(said["document"], leaf=bytes(entry.leaf), proof=proof))


Rewrite = Callable[[str], str]


def loose(line: str) -> str:
    """Write base64 with another last letter that stands for the same bytes."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    at = len(line.rstrip("=")) - 1
    other = line[:at] + letters[letters.index(line[at]) ^ 1] + line[at + 1 :]
    assert base64.b64decode(other) == base64.b64decode(line)
    return other


REWRITES: dict[str, Rewrite] = {
    "a node written loosely": lambda text: text.replace(node(text), loose(node(text))),
    "a signature written loosely": lambda text: text.replace(blob(text), loose(blob(text))),
    "a node too many": lambda text: text.replace(node(text), f"{node(text)}\n{node(text)}"),
    "a node too few": lambda text: text.replace(f"{node(text)}\n", ""),
    "a plus before the index": lambda text: text.replace("index ", "index +"),
    "zeros before the index": lambda text: text.replace("index ", "index 00"),
    "a line of others": lambda text: text.replace("\nindex", "\nextra AA==\nindex"),
    "a second signature": lambda text: text + text.splitlines()[-1] + "\n",
    "no signature": lambda text: text.replace(text.splitlines()[-1] + "\n", ""),
}


def node(text: str) -> str:
    """Return the first node of a proof."""
    return text.splitlines()[2]


def blob(text: str) -> str:
    """Return the signature of a proof's note."""
    return text.splitlines()[-1].rsplit(" ", 1)[1]


@pytest.mark.parametrize("how", REWRITES)
def test_a_proof_in_any_other_form_is_refused(taken: str, how: str) -> None:
    said = json.loads(taken)
    before = said["ledger"]["proof"]
    said["ledger"]["proof"] = REWRITES[how](before)
    assert said["ledger"]["proof"] != before
    assert refused(written(said))


@pytest.mark.parametrize("text", ["", "[]", "null", "{}", "[" * 100_000, '{"document": {}}', "\ud800"])
def test_what_is_no_receipt_is_said_to_be_none(text: str) -> None:
    assert "receipt" in refused(text)


@pytest.mark.parametrize(
    "line", ["", "x", "a+b+c", "a+00000000+AUTH5q6ZLjLGIPt8P8Ckv3snbb2zog7Ob8tGFXiKCKBH"]
)
def test_what_is_no_key_is_said_to_be_none(line: str) -> None:
    with pytest.raises(CheckpointRefused, match="not the public key"):
        Verifier.from_vkey(line)


def outsider(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Check as somebody with a few files of ours and no enclave: no settings, no Django, no network."""
    package = folder / "code" / "hub" / "ledger"
    package.mkdir(parents=True, exist_ok=True)
    for name in ("__init__.py", "places.py"):
        shutil.copy(CHECKOUT / "hub" / name, package.parent)
    for name in ("__init__", *NEEDED):
        shutil.copy(CHECKOUT / "hub" / "ledger" / f"{name}.py", package)
    code = (
        "import runpy, sys; sys.modules['django'] = None; sys.path.insert(0, 'code'); "
        f"sys.argv = ['receipt', *{words!r}]; runpy.run_module('hub.ledger.receipt', run_name='__main__')"
    )
    return subprocess.run(
        [sys.executable, "-I", "-c", code], cwd=folder, env={}, capture_output=True, text=True, timeout=60
    )


def test_an_outsider_with_the_key_alone_checks_receipt_and_files(taken: str, tmp_path: Path) -> None:
    (tmp_path / "r.json").write_bytes(taken.encode())
    (tmp_path / "key").write_text(key().vkey())
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "table.csv").write_bytes(CANONICAL)
    words = ("r.json", "--key", "key", "--files", "files")
    ran = outsider(tmp_path, *words)
    assert (ran.returncode, ran.stdout.splitlines()[-1]) == (0, "The receipt holds."), ran.stdout + ran.stderr
    (tmp_path / "files" / "table.csv").write_bytes(CANONICAL + b"\n")
    ran = outsider(tmp_path, *words)
    assert ran.returncode == 1 and "table.csv is not the file that left" in ran.stdout
    (tmp_path / "key").write_text(Signer(publisher.origin(), Ed25519PrivateKey.generate()).verifier.vkey())
    ran = outsider(tmp_path, *words)
    assert ran.returncode == 1 and "not signed by the key" in ran.stdout
    for missing in ("r.json", "key"):
        (tmp_path / missing).rename(tmp_path / "away")
        ran = outsider(tmp_path, *words)
        assert ran.returncode == 1 and f"{missing} cannot be read" in ran.stdout
        (tmp_path / "away").rename(tmp_path / missing)


def test_a_released_file_that_is_not_there_is_named(taken: str, tmp_path: Path) -> None:
    said = [(finding.good, finding.text) for finding in check_files(taken, tmp_path)]
    assert said == [(False, f"table.csv is not in {tmp_path}")]
