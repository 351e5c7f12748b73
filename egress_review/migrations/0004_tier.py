from typing import Any

from django.conf import settings
from django.db import migrations, models
from django.db.models import Max, OuterRef, Subquery
from django.db.models.functions import Coalesce


def tell(apps: Any, schema_editor: Any) -> None:
    """What was handed in before gets the tier of the data that its project could see until now."""
    seen = (
        apps.get_model("access", "Approval")
        .objects.filter(project=OuterRef("project"))
        .order_by()
        .values("project")
    )
    most = Subquery(seen.annotate(most=Max("version__dataset__tier")).values("most"))
    apps.get_model("egress_review", "Submission").objects.update(tier=Coalesce(most, 0))


class Migration(migrations.Migration):
    dependencies = [
        ("egress_review", "0003_reviewing"),
        ("access", "0003_prolonged"),
        ("datasets", "0002_intakes"),
        ("projects", "0003_reviewing"),
        ("workspaces", "0002_session_versions"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="submission",
            name="tier",
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.RunPython(tell, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name="submission",
            constraint=models.CheckConstraint(
                condition=models.Q(("tier__in", [0, 1, 2, 3, 4])), name="submission_tier_known"
            ),
        ),
    ]
