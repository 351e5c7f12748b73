"""The ledger's controls: what was written stays, what was signed can be checked, receipts included."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import UTC, datetime
from importlib import import_module
from typing import Any
from unittest import mock

from tests.security.without.removal import Removal, replaced

LEDGER, RECEIPTS = "security/test_ledger.py", "security/test_receipts.py"
NOT_RAISED = "DID NOT RAISE"


def no_triggers() -> None:
    """Make a database that lets ledger rows be changed and deleted."""
    migration = import_module("hub.ledger.migrations.0002_append_only")
    migration.SQLITE.clear()
    migration.POSTGRESQL.clear()


def any_history() -> None:
    """Sign what the database holds now, whether or not it continues what was signed."""
    from hub.ledger import publisher

    replaced(publisher, "_sound", lambda tiles, before: True)


def uncompared() -> None:
    """Verify the database without counting its entries or comparing it with what was published."""
    from hub.ledger import audit

    replaced(audit, "_database", lambda: ([], []))
    replaced(audit, "_published", lambda tiles, verifier, hashes: iter(()))


def no_salt() -> None:
    """Commit to names that can be guessed."""
    from hub.ledger import entries

    replaced(entries, "commitment", lambda salt, value: hashlib.sha256(value).hexdigest())


def any_signature() -> None:
    """Take a signature for good without checking it."""
    from hub.ledger.checkpoint import Verifier

    def found(self: Verifier, text: str, signatures: str) -> bytes:
        return base64.b64decode(signatures.splitlines()[0].rsplit(" ", 1)[1])

    replaced(Verifier, "_signature", found)


def any_path() -> None:
    """Believe that an entry is in the tree."""
    from hub.ledger import tree

    replaced(tree, "verify_inclusion", lambda **_: True)


def any_document() -> None:
    """Compare no hash with the document or with the ledger's entry."""
    from hub.ledger import receipt

    read = receipt._read
    replaced(receipt, "_read", lambda text: {**read(text), "receipt_sha256": mock.ANY})


def any_entry() -> None:
    """Take any entry of the ledger for a release."""
    from hub.ledger import receipt

    leaf = receipt._leaf
    replaced(receipt, "_leaf", lambda line: {**leaf(line), "kind": receipt.Kind.RELEASED.value})


def any_form() -> None:
    """Read a receipt in whatever form it is written."""
    from hub.ledger import receipt

    def read(text: str) -> Any:
        try:
            return json.loads(text)
        except ValueError as error:
            raise receipt.ReceiptRefused("this is not a receipt") from error

    replaced(receipt, "_read", read)


def any_proof() -> None:
    """Read a proof in whatever form it is written."""
    from hub.ledger.checkpoint import Verifier
    from hub.ledger.proofs import Proof

    def read(text: str) -> Proof:
        lines, _, note = text.partition("\n\n")
        words = [line.split(" ")[-1] for line in lines.splitlines()[1:]]
        (index,) = [int(word) for word in words if word.lstrip("+").isdecimal()]
        nodes = [base64.b64decode(word) for word in words if len(word) == 44]
        return Proof(index, tuple(nodes), note)

    replaced(Proof, "read", read)
    replaced(Verifier, "own", lambda self, note: note)


def any_clock() -> None:
    """Believe the machine's clock."""
    from hub.ledger import clock

    replaced(clock, "reading", lambda: datetime.now(UTC))


REMOVALS = {
    "triggers": Removal(
        "the database neither changes nor removes an entry",
        no_triggers,
        LEDGER,
        "test_hiding_an_act_is_stopped_by_the_triggers or test_removing_an_act_is_stopped_by_the_triggers",
        shows=NOT_RAISED,
    ),
    "history": Removal(
        "no tree is signed that does not continue the last one",
        any_history,
        LEDGER,
        "test_without_triggers_the_act_is_hidden_but_the_signed_tree_tells",
        shows=NOT_RAISED,
    ),
    "audit": Removal(
        "`ledger verify` compares the database with what was published",
        uncompared,
        LEDGER,
        "test_without_triggers_the_act_is_hidden_but_the_signed_tree_tells "
        "or test_without_triggers_the_act_is_removed_but_the_signed_tree_tells",
        shows="not True",
    ),
    "clock": Removal(
        "nothing is decided, written or renewed by a clock that was set back",
        any_clock,
        "unit/ledger/test_clock.py",
        "test_a_clock_set_back_writes_nothing or test_a_session_that_is_over_gets_no_lease",
        shows=NOT_RAISED,
    ),
    "salt": Removal(
        "names on the ledger are salted",
        no_salt,
        LEDGER,
        "test_a_guess_at_a_name_cannot_be_checked",
        shows="not in",
    ),
    "key": Removal(
        "checkpoints signed by the ledger's own key",
        any_signature,
        LEDGER,
        "test_a_checkpoint_signed_by_another_key_is_not_built_upon",
        shows=NOT_RAISED,
    ),
    "receipt-key": Removal(
        "a receipt's tree is signed by the ledger's own key",
        any_signature,
        RECEIPTS,
        "test_a_tree_made_to_fit_is_not_signed_by_the_key and own",
        shows=NOT_RAISED,
    ),
    "path": Removal(
        "a receipt's entry is in the tree that was signed",
        any_path,
        RECEIPTS,
        "test_a_leaf_made_to_fit_is_not_in_the_tree",
        shows=NOT_RAISED,
    ),
    "document": Removal(
        "a receipt's document is the one whose hash is on the ledger",
        any_document,
        RECEIPTS,
        "test_a_receipt_with_any_byte_altered or test_a_receipt_with_any_field_changed "
        "or test_a_document_with_a_hash_made_to_fit",
        shows=r"not \[\(|DID NOT RAISE",
    ),
    "proof": Removal(
        "a proof is written in one form",
        any_proof,
        RECEIPTS,
        "test_a_proof_in_any_other_form_is_refused",
        shows=NOT_RAISED,
    ),
    "entry": Removal(
        "a receipt's entry is a release",
        any_entry,
        RECEIPTS,
        "test_an_entry_that_is_no_release_proves_no_receipt",
        shows=NOT_RAISED,
    ),
    "form": Removal(
        "a receipt is written in one form",
        any_form,
        RECEIPTS,
        "test_a_receipt_cut_short_or_made_longer_is_refused",
        shows=NOT_RAISED,
    ),
}
