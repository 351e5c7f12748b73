"""The ledger's controls: what was written stays, what was signed can be checked, receipts included."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import UTC, datetime
from importlib import import_module
from typing import Any
from unittest import mock

from hub.ledger.findings import Finding
from tests.security.without.removal import Removal, put, replaced

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


def seen_all(export: Any, size: int, expected: bytes, seen: set[str]) -> None:
    """Take an export's files for what they say they are."""
    seen.update(name for name in export.names() if name.startswith("tile/"))


def sign_anything() -> None:
    """Sign the database as it is."""
    from hub.ledger import entries, publisher, tree
    from hub.ledger.models import Entry

    def publish(tiles: Any, signer: Any) -> Any:
        hashes = [bytes(one) for one in Entry.objects.order_by("index").values_list("leaf_hash", flat=True)]
        tiles.write_checkpoint(signer.sign(size=len(hashes), root=tree.root(hashes)))

    assert entries.publisher is publisher
    replaced(publisher, "_publish", publish)


def append_only_no_more() -> None:
    """Let rows of the ledger be saved again, changed and deleted."""
    from django.db import models

    from hub.ledger.models import Entry

    no_triggers()
    replaced(Entry, "save", models.Model.save)
    replaced(Entry, "delete", models.Model.delete)
    for name in ("update", "delete", "bulk_update"):
        replaced(Entry.objects._queryset_class, name, getattr(models.QuerySet, name))


def outside() -> None:
    """Write an entry whether or not its act is one transaction with it."""
    from hub.ledger import entries

    append = entries.append

    def appended(*given: Any, **named: Any) -> Any:
        with mock.patch.object(entries, "connection", mock.Mock(in_atomic_block=True, vendor="sqlite")):
            return append(*given, **named)

    replaced(entries, "append", appended)


def twice() -> None:
    """Take a decision that is written down already."""
    from hub.ledger import decisions
    from hub.ledger.models import Decision

    record = decisions.record

    def recorded(decision: Any, **named: Any) -> Any:
        return Decision.objects.filter(pk=decision.id).first() or record(decision, **named)

    replaced(decisions, "record", recorded)


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
    "export-signed": Removal(
        "an export is signed by the ledger's key",
        put("hub.ledger.offline:signed", lambda *_: True),
        "unit/ledger/test_export.py",
        "test_signatures_are_judged_as_the_library_judges_them",
        shows="not True",
    ),
    "export-tree": Removal(
        "an export's entries make the root that was signed",
        put("hub.ledger.offline:check_tree", seen_all),
        "unit/ledger/test_export.py",
        "test_one_byte_changed_anywhere_is_noticed",
        shows="==",
    ),
    "export-text": Removal(
        "what an export says in words is what its entries commit to",
        put("hub.ledger.offline:check_text", lambda export, size: 0),
        "unit/ledger/test_export.py",
        "test_text_of_an_entry_can_not_be_taken_for_erased_and_said_otherwise",
        shows="not True",
    ),
    "proof-path": Removal(
        "one entry's proof leads to the root that was signed",
        put("hub.ledger.proofs:tree.verify_inclusion", lambda **_: True),
        "unit/ledger/test_inclusion.py",
        "test_no_byte_of_it_can_be_another",
        shows="DID NOT RAISE",
    ),
    "proof-signed": Removal(
        "one entry's proof is of a tree that the ledger's key signed",
        any_signature,
        "unit/ledger/test_inclusion.py",
        "test_another_key_does_not_do",
        shows="DID NOT RAISE",
    ),
    "export-since": Removal(
        "an export continues the checkpoint that its reader kept before",
        put("hub.ledger.offline:check_since", lambda *_: None),
        "unit/ledger/test_export.py",
        "test_what_does_not_continue_a_checkpoint_kept_before_is_refused",
        shows="0 == ",
    ),
    "since": Removal(
        "`ledger verify --since` holds the ledger against a checkpoint that was kept before",
        put("hub.ledger.audit:_continues", lambda *_: Finding(True, "")),
        "unit/ledger/test_export.py",
        "test_what_does_not_continue_a_checkpoint_kept_before_is_refused",
        shows="True is False",
    ),
    "models": Removal(
        "no code of ours changes or removes an entry (two layers: the models, and the database behind them)",
        append_only_no_more,
        "unit/ledger/test_entries.py",
        "test_the_models_refuse_to_change_or_delete",
        shows="DID NOT RAISE",
    ),
    "transaction": Removal(
        "an entry is written with its act or not at all",
        outside,
        "unit/ledger/test_entries.py",
        "test_appending_outside_a_transaction_is_refused",
        shows="DID NOT RAISE",
    ),
    "leaf": Removal(
        "a leaf is no longer than a tile takes",
        put("hub.ledger.entries:LEAF_LIMIT_BYTES", 10**9),
        "unit/ledger/test_entries.py",
        "test_a_leaf_too_long_for_a_tile_is_refused",
        shows="DID NOT RAISE",
    ),
    "digest": Removal(
        "the digest of a question is salted",
        put("hub.ledger.decisions:secrets.token_bytes", bytes),
        "unit/ledger/test_decisions.py",
        "test_the_digest_is_salted",
        shows="assert [(]",
    ),
    "decision": Removal(
        "a decision is acted on once",
        twice,
        "unit/ledger/test_decisions.py",
        "test_a_decision_is_recorded_once",
        shows="DID NOT RAISE",
    ),
    "faithful": Removal(
        "`ledger verify` holds each entry against its leaf",
        put("hub.ledger.entries:is_faithful", lambda entry: True),
        "integration/ledger/test_published.py",
        "test_rewriting_the_database_is_noticed",
        shows="not True",
    ),
    "shorter": Removal(
        "a database put back to an older state is not signed",
        sign_anything,
        "integration/ledger/test_published.py",
        "test_a_database_put_back_to_an_older_state_is_never_signed",
        shows="DID NOT RAISE",
    ),
}
