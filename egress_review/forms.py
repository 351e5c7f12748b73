"""The one form of this folder: a vote."""

from __future__ import annotations

from django import forms

from egress_review.models import Vote

VOTES = [
    (Vote.APPROVE.value, "Approve: it may leave as it is"),
    (Vote.RETURN.value, "Return: its author should change something"),
    (Vote.REJECT.value, "Reject: it can't leave"),
]


class VoteForm(forms.Form):
    """A vote and its reason."""

    vote = forms.ChoiceField(choices=VOTES, widget=forms.RadioSelect, label="Your vote")
    comment = forms.CharField(
        required=False,
        max_length=5_000,
        widget=forms.Textarea(attrs={"rows": 4}),
        label="Comment for the author",
        help_text="Needed unless you approve. Author and other checker read it once both votes are in.",
    )
