"""The published ledger, held against what this machine saw of it before."""

from __future__ import annotations

import pytest

from hub.backup import tail
from hub.backup.failure import BackupRefused
from tests.statefolder import Enclave


def test_the_published_ledger_is_held_against_what_was_seen(enclave: Enclave) -> None:
    verifier = enclave.signer.verifier
    assert tail.look(enclave.places, verifier) == "3 entries continue the 0 that were seen before"
    enclave.append(2)
    assert tail.look(enclave.places, verifier) == "5 entries continue the 3 that were seen before"
    (enclave.state / "ledger/checkpoint").write_text(enclave.signer.sign(size=4, root=b"x" * 32))
    with pytest.raises(BackupRefused, match="entries 4 to 4 were seen published"):
        tail.look(enclave.places, verifier)
