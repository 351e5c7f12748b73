"""Notices, the letters that carry them, what each reader prefers, and how far the ledger is read."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from hub import ids
from hub.notices.kinds import About, Mail
from hub.people.models import Person, choices
from hub.projects.models import Project


class Letter(models.Model):
    """A mail to one person: made once, sent until a server took it."""

    id = models.CharField(primary_key=True, max_length=26, default=ids.new, editable=False)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="letters")
    # What it is for; a second letter for the same thing can't be made.
    key = models.CharField(max_length=160, unique=True)
    subject = models.CharField(max_length=200)
    text = models.TextField()
    made_at = models.DateTimeField()
    due_at = models.DateTimeField()
    attempts = models.PositiveIntegerField(default=0)
    error = models.CharField(max_length=300, blank=True, default="")
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["due_at"]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(sent_at=None), name="letters_to_send"),
        ]

    def __str__(self) -> str:
        return self.subject


class NoticeQuerySet(models.QuerySet["Notice"]):
    """Notices of a reader."""

    def unread(self) -> NoticeQuerySet:
        """Keep what was not read yet."""
        return self.filter(read_at=None)

    def unread_first(self) -> NoticeQuerySet:
        """Order by whether it was read, the newest first."""
        return self.order_by(F("read_at").asc(nulls_first=True), "-at", "-id")


class Notice(models.Model):
    """Something a person should know; `mail_text` is the part of it that may leave the enclave by mail."""

    id = models.CharField(primary_key=True, max_length=26, default=ids.new, editable=False)
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="notices")
    about = models.CharField(max_length=10, choices=choices(About))
    key = models.CharField(max_length=160)
    title = models.CharField(max_length=200)
    body = models.TextField(blank=True, default="")
    mail_text = models.TextField(blank=True, default="")
    url = models.CharField(max_length=300, blank=True, default="")
    at = models.DateTimeField()
    read_at = models.DateTimeField(null=True, blank=True)
    # Whether a letter carries it, or it was decided that none does.
    mailed = models.BooleanField(default=False)
    letter = models.ForeignKey(
        Letter, null=True, blank=True, on_delete=models.SET_NULL, related_name="notices"
    )

    objects = NoticeQuerySet.as_manager()

    class Meta:
        ordering = ["-at"]
        constraints = [models.UniqueConstraint(fields=["person", "key"], name="one_notice_of_a_thing")]
        indexes = [
            models.Index(fields=["person", "read_at", "-at"], name="notices_of_reader"),
            models.Index(fields=["at"], condition=Q(mailed=False), name="notices_to_mail"),
        ]

    def __str__(self) -> str:
        return self.title


class Preference(models.Model):
    """How soon a person wants mail about something."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="notice_preferences")
    about = models.CharField(max_length=10, choices=choices(About))
    mail = models.CharField(max_length=10, choices=choices(Mail))

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "about"], name="one_preference_each")]

    def __str__(self) -> str:
        return f"{self.about} {self.mail} for {self.person_id}"


class ShortageSeen(models.Model):
    """A project that waits for checkers, since when; the row goes when it is mended."""

    project = models.OneToOneField(Project, on_delete=models.CASCADE, related_name="+")
    since = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.project_id} lacks checkers since {self.since.isoformat()}"


class Read(models.Model):
    """How far the ledger is read: every entry below `index` has its notices."""

    name = models.CharField(primary_key=True, max_length=20, default="ledger")
    index = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"read up to entry {self.index}"
