"""Forms of bringing in and of its review."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile

from hub.bring_ins import services, text


class ManyFiles(forms.ClearableFileInput):
    """A field of several files."""

    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Several files, as (name, bytes)."""

    widget = ManyFiles

    def clean(self, data: Any, initial: Any = None) -> Any:
        """Return every file that was sent, read."""
        sent = data if isinstance(data, list | tuple) else [data] if data else []
        if not sent:
            raise forms.ValidationError("Choose at least one text file.")
        return [(str(file.name), file.read()) for file in sent if isinstance(file, UploadedFile)]


class BringForm(forms.Form):
    """What somebody wants inside, and why."""

    title = forms.CharField(max_length=services.LONGEST_TITLE, label="Title")
    why = forms.CharField(
        max_length=services.LONGEST_TEXT,
        label="What it is, and why the project needs it",
        help_text="Say where it comes from and under which licence. A checker reads this and every file.",
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    texts = FilesField(
        label="Text files",
        help_text=(
            f"Code and small tables in UTF-8: at most {text.MOST_FILES} files, {text.MOST_FILE_BYTES >> 20} "
            f"MiB each, {text.MOST_BYTES >> 20} MiB together. No archives, programs or recordings."
        ),
    )


class JudgeForm(forms.Form):
    """A checker's word on it."""

    row_version = forms.IntegerField(widget=forms.HiddenInput)
    verdict = forms.ChoiceField(
        choices=(("approve", "Let it in"), ("reject", "Reject it")),
        widget=forms.RadioSelect,
        label="Your decision",
    )
    comment = forms.CharField(
        required=False,
        max_length=services.LONGEST_TEXT,
        label="Comment",
        help_text="The project reads it; needed to reject.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )
