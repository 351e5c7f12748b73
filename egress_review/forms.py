"""The forms of a review: a vote on a file, the end of the review, one more answer, a conflict of interest."""

from __future__ import annotations

from django import forms

from egress_review import comments, conflicts
from egress_review.models import Vote

VOTES = [
    (Vote.APPROVE.value, "Approve: it may leave as it is"),
    (Vote.RETURN.value, "Ask for changes: its author should change something"),
    (Vote.REJECT.value, "Reject: it can’t leave"),
]
FOR_AUTHOR = "For the author. Needed unless you approve; read once the submission is decided."
FOR_CHECKERS = "For checkers only: other checkers read it once all reviews are in, the author never."


def _remark(label: str, help_text: str, *, rows: int) -> forms.CharField:
    return forms.CharField(
        required=False,
        max_length=comments.LONGEST,
        widget=forms.Textarea(attrs={"rows": rows}),
        label=label,
        help_text=help_text,
    )


class FileVoteForm(forms.Form):
    """A vote on one file, its reason, and a note that stays among checkers."""

    vote = forms.ChoiceField(choices=VOTES, widget=forms.RadioSelect, label="Your vote on this file")
    comment = _remark("Comment", FOR_AUTHOR, rows=3)
    note = _remark("Note", FOR_CHECKERS, rows=2)
    seen = forms.IntegerField(min_value=0, widget=forms.HiddenInput)


class FinishForm(forms.Form):
    """The end of a review: what to say about it as a whole, and one vote for files not voted on yet."""

    vote = forms.ChoiceField(
        choices=[("", "Nothing: I have voted on each file"), *VOTES],
        required=False,
        label="For every file you have not voted on",
    )
    comment = _remark("Comment on the whole", "For the author; read once the submission is decided.", rows=3)
    note = _remark("Note on the whole", FOR_CHECKERS, rows=2)


class AnswerForm(forms.Form):
    """One more answer on a file on which the checkers differ."""

    vote = forms.ChoiceField(choices=VOTES, widget=forms.RadioSelect, label="Your answer")
    comment = _remark("Comment", FOR_AUTHOR, rows=3)


class SettleForm(forms.Form):
    """Which reading of the submission an answer rests on."""

    row_version = forms.IntegerField(min_value=1, widget=forms.HiddenInput)


class ConflictForm(forms.Form):
    """Why somebody can't judge a project's results."""

    reason = forms.CharField(
        max_length=conflicts.LONGEST_REASON,
        label="What the conflict is",
        help_text="Read by other checkers and auditors. It can’t be taken back here.",
    )
