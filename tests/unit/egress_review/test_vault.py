"""The vault: what was frozen is what is read, or nothing is."""

from __future__ import annotations

import hashlib
import os
import stat

import pytest

from egress_review.vault import CHUNK_BYTES, Stored, Vault, VaultAltered

BIG = os.urandom(CHUNK_BYTES * 2 + 17)


def overwrite(vault: Vault, stored: Stored, data: bytes) -> None:
    """Change content behind the vault's back."""
    path = vault.path(stored.sha256)
    path.chmod(0o640)
    path.write_bytes(data)


@pytest.mark.parametrize("data", [b"", b"x", BIG])
def test_content_is_addressed_by_its_hash_and_read_back(data: bytes, vault: Vault) -> None:
    stored = vault.put(data)
    assert stored == Stored(hashlib.sha256(data).hexdigest(), len(data))
    assert b"".join(vault.chunks(stored)) == data
    assert not list((vault.root / "incoming").iterdir())


def test_frozen_content_is_read_only_and_not_for_others(vault: Vault) -> None:
    mode = vault.path(vault.put(b"x").sha256).stat().st_mode
    assert stat.S_IMODE(mode) == 0o440


@pytest.mark.parametrize("altered", [b"other", BIG[:-1], BIG[:-1] + b"?", BIG + b"?", b""])
def test_altered_content_is_not_served_to_its_end(altered: bytes, vault: Vault) -> None:
    stored = vault.put(BIG)
    overwrite(vault, stored, altered)
    served = b""
    with pytest.raises(VaultAltered, match="does not leave"):
        for piece in vault.chunks(stored):
            served += piece
    assert len(served) < len(BIG)


def test_content_swapped_for_a_link_is_not_followed(vault: Vault) -> None:
    stored = vault.put(b"secret")
    path = vault.path(stored.sha256)
    path.rename(vault.root / "elsewhere")
    path.symlink_to(vault.root / "elsewhere")
    with pytest.raises(VaultAltered):
        vault.verify(stored)


def test_the_same_content_twice_is_kept_once_and_altered_content_is_never_overwritten(vault: Vault) -> None:
    first = vault.put(b"same")
    inode = vault.path(first.sha256).stat().st_ino
    assert vault.put(b"same") == first
    assert vault.path(first.sha256).stat().st_ino == inode
    overwrite(vault, first, b"evil")
    with pytest.raises(VaultAltered):
        vault.put(b"same")
    assert vault.path(first.sha256).read_bytes() == b"evil"


@pytest.mark.parametrize("sha256", ["", "../../etc/passwd", "a" * 63, "A" * 64, "g" * 64])
def test_only_a_hash_names_content(sha256: str, vault: Vault) -> None:
    with pytest.raises(VaultAltered):
        vault.path(sha256)


def test_a_copy_has_an_inode_of_its_own(vault: Vault) -> None:
    stored = vault.put(b"copied")
    target = vault.root / "copy"
    vault.copy_to(stored, target)
    assert target.read_bytes() == b"copied"
    assert target.stat().st_ino != vault.path(stored.sha256).stat().st_ino
    assert stat.S_IMODE(target.stat().st_mode) == 0o444


def test_nothing_is_left_of_a_copy_that_cannot_be_verified(vault: Vault) -> None:
    stored = vault.put(b"copied")
    overwrite(vault, stored, b"c0pied")
    with pytest.raises(VaultAltered):
        vault.copy_to(stored, vault.root / "copy")
    assert not (vault.root / "copy").exists()
