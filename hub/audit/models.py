"""What is counted of the ledger once and kept: an entry never changes, so its day's counts don't either."""

from __future__ import annotations

from django.db import models


class Tally(models.Model):
    """How many entries of a kind a day had."""

    day = models.DateField()
    kind = models.CharField(max_length=40)
    count = models.PositiveBigIntegerField()

    class Meta:
        ordering = ["day", "kind"]
        constraints = [models.UniqueConstraint(fields=["day", "kind"], name="one_tally_a_day_and_kind")]

    def __str__(self) -> str:
        return f"{self.count} × {self.kind} on {self.day}"


class Counted(models.Model):
    """How far the ledger is counted: every entry below `size`, none above."""

    name = models.CharField(primary_key=True, max_length=20, default="entries")
    size = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.size} entries are counted"
