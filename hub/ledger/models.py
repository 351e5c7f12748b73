"""Ledger rows: entries that never change, and the decisions they commit to."""

from __future__ import annotations

from typing import Any, NoReturn

from django.db import models


class AppendOnly(Exception):
    """Somebody tried to change or delete a ledger row; the ledger only grows."""


class AppendOnlyQuerySet(models.QuerySet[Any]):
    """Rows that can be read and added, never changed or deleted in bulk."""

    def update(self, **kwargs: Any) -> NoReturn:
        """Refuse: a ledger row is never changed."""
        raise AppendOnly("ledger rows cannot be updated; append a new entry that says what changed")

    def delete(self) -> NoReturn:
        """Refuse: a ledger row is never deleted."""
        raise AppendOnly("ledger rows cannot be deleted; personal text is erased with entries.erase()")


class AppendOnlyModel(models.Model):
    """A row that is written once."""

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Insert the row; a row that exists already is refused."""
        if not self._state.adding:
            raise AppendOnly(f"{self._meta.verbose_name} {self.pk} is on the ledger and cannot be changed")
        kwargs["force_insert"] = True
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refuse: a ledger row is never deleted."""
        raise AppendOnly(f"{self._meta.verbose_name} {self.pk} is on the ledger and cannot be deleted")


class Entry(AppendOnlyModel):
    """One act; `leaf` is what the tree commits to, the text beside it can be erased."""

    index = models.BigIntegerField(primary_key=True)
    kind = models.CharField(max_length=40)
    at = models.DateTimeField(db_index=True)
    by = models.CharField(max_length=64, blank=True, db_index=True)
    subject = models.CharField(max_length=64, blank=True, db_index=True)
    facts = models.JSONField(default=dict)
    # Three random values of 16 bytes, for by, subject and facts; empty once erased.
    salt = models.BinaryField(max_length=48)
    leaf = models.BinaryField()
    leaf_hash = models.BinaryField(max_length=32)

    class Meta(AppendOnlyModel.Meta):
        abstract = False
        ordering = ["index"]
        verbose_name_plural = "entries"
        # Each narrowing of the timeline is one walk along one of these, in the ledger's order. Only add
        # indexes here: altering a field makes SQLite copy the table, and the copy has no triggers.
        indexes = [
            models.Index(fields=["kind", "index"], name="entry_by_kind"),
            models.Index(fields=["by", "index"], name="entry_by_actor"),
            models.Index(fields=["subject", "index"], name="entry_by_subject"),
        ]

    def __str__(self) -> str:
        """Return the entry in one line."""
        return f"{self.index} {self.kind} {self.at.isoformat()}"

    @property
    def erased(self) -> bool:
        """True when the personal text of this entry is gone; its leaf stays."""
        return not bytes(self.salt)


class Decision(AppendOnlyModel):
    """One answer of the policies that was written down, with the question that was asked."""

    id = models.CharField(primary_key=True, max_length=26)
    package = models.CharField(max_length=60)
    # Null once erased: then only its digest on the ledger says that a question was asked.
    question = models.JSONField(null=True)
    allow = models.BooleanField()
    reasons = models.JSONField(default=list)
    revision = models.CharField(max_length=80, blank=True)
    salt = models.BinaryField(max_length=16)
    digest = models.CharField(max_length=64)
    asked_at = models.DateTimeField(db_index=True)
    entry = models.OneToOneField(Entry, on_delete=models.PROTECT, related_name="decision")

    class Meta(AppendOnlyModel.Meta):
        abstract = False
        ordering = ["asked_at", "id"]

    def __str__(self) -> str:
        """Return the decision in one line."""
        return f"{self.id} {self.package} {'allow' if self.allow else 'deny'}"
