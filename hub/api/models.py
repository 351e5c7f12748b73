"""Tokens of the API, and answers kept for requests that are sent twice: data and querysets."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import Q

from hub import ids
from hub.people.models import Person


class TokenQuerySet(models.QuerySet["Token"]):
    """Tokens by time."""

    def usable(self, at: datetime) -> TokenQuerySet:
        """Keep tokens that are neither revoked nor expired."""
        return self.filter(revoked_at=None, expires_at__gt=at)


class Token(models.Model):
    """A right to act for a person, narrowed to scopes and a time; without a person it is the operator's."""

    id = models.CharField(primary_key=True, max_length=26, default=ids.new, editable=False)
    person = models.ForeignKey(
        Person, null=True, blank=True, on_delete=models.PROTECT, related_name="api_tokens"
    )
    name = models.CharField(max_length=80)
    scopes = models.JSONField(default=list)
    # Of the secret part only its hash is kept.
    digest = models.CharField(max_length=64)
    made_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    # How often it was used in the minute that is counted now.
    counted_minute = models.BigIntegerField(default=0)
    counted_uses = models.PositiveIntegerField(default=0)

    objects = TokenQuerySet.as_manager()

    class Meta:
        ordering = ["-made_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["person", "name"], condition=Q(revoked_at=None), name="one_live_token_of_a_name"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def is_usable(self, at: datetime) -> bool:
        """Whether the token is neither revoked nor expired."""
        return self.revoked_at is None and at < self.expires_at


class Miss(models.Model):
    """How many wrong secrets came from an address in a minute; addresses are kept for a day."""

    minute = models.BigIntegerField()
    # A network's own form, `unix socket`, or `others`.
    address = models.CharField(max_length=48)
    tries = models.PositiveIntegerField(default=0)
    token = models.CharField(max_length=26, blank=True, default="")
    told = models.BooleanField(default=False)

    class Meta:
        ordering = ["minute", "address"]
        constraints = [models.UniqueConstraint(fields=["minute", "address"], name="one_miss_row_a_minute")]
        indexes = [models.Index(fields=["told", "minute"])]

    def __str__(self) -> str:
        return f"{self.tries} from {self.address}"


class Answer(models.Model):
    """What a request with an idempotency key was answered; until it is, no status."""

    token = models.ForeignKey(Token, on_delete=models.CASCADE, related_name="answers")
    key = models.CharField(max_length=80)
    # Method, path and body: the same key for another request is a mistake.
    request_sha256 = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True, blank=True)
    body = models.BinaryField(default=bytes)
    etag = models.CharField(max_length=80, blank=True, default="")
    asked_at = models.DateTimeField()

    class Meta:
        ordering = ["-asked_at"]
        constraints = [models.UniqueConstraint(fields=["token", "key"], name="one_answer_a_key")]

    def __str__(self) -> str:
        return self.key
