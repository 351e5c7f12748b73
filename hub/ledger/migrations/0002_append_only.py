"""The database itself refuses to change the ledger: what the models promise, the triggers hold."""

from __future__ import annotations

from typing import Any

from django.db import migrations

# A trigger lets one change through: erasing the personal text and the salts of a row, all of them, for ever.
SQLITE = [
    """CREATE TRIGGER ledger_entry_is_kept BEFORE DELETE ON ledger_entry
    BEGIN SELECT RAISE(ABORT, 'ledger entries cannot be deleted'); END""",
    """CREATE TRIGGER ledger_entry_is_fixed BEFORE UPDATE ON ledger_entry
    WHEN NOT (NEW."index" IS OLD."index" AND NEW.kind IS OLD.kind AND NEW.at IS OLD.at
        AND NEW.leaf IS OLD.leaf AND NEW.leaf_hash IS OLD.leaf_hash
        AND NEW."by" = '' AND NEW.subject = '' AND NEW.facts = '{}' AND length(NEW.salt) = 0)
    BEGIN SELECT RAISE(ABORT, 'ledger entries cannot be changed'); END""",
    # REPLACE would delete the old row without asking the delete trigger.
    """CREATE TRIGGER ledger_entry_is_next BEFORE INSERT ON ledger_entry
    WHEN NEW."index" <> (SELECT coalesce(max("index") + 1, 0) FROM ledger_entry)
    BEGIN SELECT RAISE(ABORT, 'ledger entries are appended one after the other'); END""",
    """CREATE TRIGGER ledger_decision_is_kept BEFORE DELETE ON ledger_decision
    BEGIN SELECT RAISE(ABORT, 'decisions cannot be deleted'); END""",
    """CREATE TRIGGER ledger_decision_is_fixed BEFORE UPDATE ON ledger_decision
    WHEN NOT (NEW.id IS OLD.id AND NEW.package IS OLD.package AND NEW.allow IS OLD.allow
        AND NEW.revision IS OLD.revision AND NEW.digest IS OLD.digest AND NEW.asked_at IS OLD.asked_at
        AND NEW.entry_id IS OLD.entry_id
        AND NEW.question IS NULL AND NEW.reasons = '[]' AND length(NEW.salt) = 0)
    BEGIN SELECT RAISE(ABORT, 'decisions cannot be changed'); END""",
    """CREATE TRIGGER ledger_decision_is_new BEFORE INSERT ON ledger_decision
    WHEN EXISTS (SELECT 1 FROM ledger_decision WHERE id = NEW.id OR entry_id = NEW.entry_id)
    BEGIN SELECT RAISE(ABORT, 'decisions cannot be replaced'); END""",
]
POSTGRESQL = [
    """CREATE FUNCTION ledger_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = 'integrity_constraint_violation'; END $$""",
    """CREATE FUNCTION ledger_next() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF NEW."index" <> (SELECT coalesce(max("index") + 1, 0) FROM ledger_entry) THEN
            RAISE EXCEPTION 'ledger entries are appended one after the other'
            USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NEW;
    END $$""",
    """CREATE TRIGGER ledger_entry_is_kept BEFORE DELETE ON ledger_entry
    FOR EACH ROW EXECUTE FUNCTION ledger_refuse('ledger entries cannot be deleted')""",
    """CREATE TRIGGER ledger_entry_is_not_emptied BEFORE TRUNCATE ON ledger_entry
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse('ledger entries cannot be deleted')""",
    """CREATE TRIGGER ledger_entry_is_next BEFORE INSERT ON ledger_entry
    FOR EACH ROW EXECUTE FUNCTION ledger_next()""",
    """CREATE TRIGGER ledger_entry_is_fixed BEFORE UPDATE ON ledger_entry FOR EACH ROW
    WHEN (NOT (NEW."index" = OLD."index" AND NEW.kind = OLD.kind AND NEW.at = OLD.at
        AND NEW.leaf = OLD.leaf AND NEW.leaf_hash = OLD.leaf_hash
        AND NEW."by" = '' AND NEW.subject = '' AND NEW.facts = '{}'::jsonb AND length(NEW.salt) = 0))
    EXECUTE FUNCTION ledger_refuse('ledger entries cannot be changed')""",
    """CREATE TRIGGER ledger_decision_is_kept BEFORE DELETE ON ledger_decision
    FOR EACH ROW EXECUTE FUNCTION ledger_refuse('decisions cannot be deleted')""",
    """CREATE TRIGGER ledger_decision_is_not_emptied BEFORE TRUNCATE ON ledger_decision
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse('decisions cannot be deleted')""",
    """CREATE TRIGGER ledger_decision_is_fixed BEFORE UPDATE ON ledger_decision FOR EACH ROW
    WHEN (NOT (NEW.id = OLD.id AND NEW.package = OLD.package AND NEW.allow = OLD.allow
        AND NEW.revision = OLD.revision AND NEW.digest = OLD.digest AND NEW.asked_at = OLD.asked_at
        AND NEW.entry_id = OLD.entry_id
        AND NEW.question IS NULL AND NEW.reasons = '[]'::jsonb AND length(NEW.salt) = 0))
    EXECUTE FUNCTION ledger_refuse('decisions cannot be changed')""",
]


def guard(apps: Any, editor: Any) -> None:
    """Install the triggers for this database."""
    for statement in {"sqlite": SQLITE, "postgresql": POSTGRESQL}[editor.connection.vendor]:
        editor.execute(statement, params=None)


class Migration(migrations.Migration):
    """Makes the ledger's tables append-only."""

    dependencies = [("ledger", "0001_initial")]
    # There is no way back: a migration that took the guard away would be the attack it guards against.
    operations = [migrations.RunPython(guard, elidable=False)]
