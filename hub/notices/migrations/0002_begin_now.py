"""An enclave that has a ledger already tells nobody of its past: reading begins where the ledger is now."""

from __future__ import annotations

from typing import Any

from django.db import migrations


def begin(apps: Any, editor: Any) -> None:
    """Remember how long the ledger is."""
    last = (
        apps.get_model("ledger", "Entry").objects.order_by("-index").values_list("index", flat=True).first()
    )
    if last is not None:
        apps.get_model("notices", "Read").objects.create(name="ledger", index=last + 1)


class Migration(migrations.Migration):
    """Sets the place that the ledger is read from."""

    dependencies = [("notices", "0001_initial"), ("ledger", "0003_in_order")]
    operations = [migrations.RunPython(begin, migrations.RunPython.noop)]
