"""Feedback: said, read and answered on one page."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET

from egress_review.models import Submission
from hub import refusals
from hub.datasets.models import Dataset
from hub.errors import NotFound, Refused
from hub.people.models import Person, Role
from hub.people.signed_in import login_required, reader, roles
from hub.stewardship import feedback, paging
from hub.stewardship.forms import AnswerForm, FeedbackForm, posted
from hub.stewardship.models import Feedback

# Each is a question to the policies.
MOST_SHOWN = 20
NOWHERE = "There is no such submission, or none of a project that you are a member of."


@login_required
@require_GET
def mine(request: HttpRequest) -> HttpResponse:
    """List what the reader said, and what waits for their answer."""
    person = reader(request)
    waiting = Feedback.objects.waiting().filter(_for(request, person)).with_people()
    shown = list(waiting[:MOST_SHOWN])
    readable = feedback.readable(by=person, shown=shown)
    context = {
        "page": paging.page(request, Feedback.objects.filter(author=person).with_people()),
        "query": paging.others(request),
        "waiting": [(one, one.text if one.pk in readable else "") for one in shown],
        "more": max(0, waiting.count() - MOST_SHOWN),
    }
    return render(request, "stewardship/feedback_list.html", context)


@login_required
def on_dataset(request: HttpRequest, slug: str) -> HttpResponse:
    """Say what is wrong with a dataset; see what became of what one said before."""
    shown = get_object_or_404(Dataset.objects.select_related("steward"), slug=slug)
    person = reader(request)
    form = FeedbackForm(posted(request))
    if request.method == "POST" and form.is_valid():
        with refusals.said_on(form):
            feedback.give(by=person, text=form.cleaned_data["text"], dataset=shown)
            messages.success(request, f"{shown.steward.name} has it now; the answer comes to this page.")
            return redirect("datasets:feedback", slug)
    said = Feedback.objects.filter(dataset=shown, author=person).with_people()
    if shown.steward_id == person.id:
        feedback.may(person, what="answer", author=person.id, dataset=shown, submission=None)
        said = Feedback.objects.filter(dataset=shown).with_people()
    context = {
        "form": form,
        "heading": f"What is wrong with {shown.title}?",
        "reads": f"{shown.steward.name}, its steward, reads and answers it.",
        "page": paging.page(request, said),
        "query": paging.others(request),
        "back": reverse("datasets:dataset", args=[slug]),
    }
    return render(request, "stewardship/give_feedback.html", context)


@login_required
def on_submission(request: HttpRequest, id: str) -> HttpResponse:
    """Say what is wrong with the decision on a submission of one's own project."""
    shown = Submission.objects.select_related("project").filter(pk=id).first()
    person = reader(request)
    if shown is None:
        raise NotFound(NOWHERE)
    try:
        feedback.may(person, what="give", author=person.id, dataset=None, submission=shown)
    except Refused as error:
        # That it exists is not for everybody to know.
        raise NotFound(NOWHERE) from error
    form = FeedbackForm(posted(request))
    if request.method == "POST" and form.is_valid():
        with refusals.said_on(form):
            feedback.give(by=person, text=form.cleaned_data["text"], submission=shown)
            messages.success(request, "The output checkers have it now; the answer comes to this page.")
            return redirect("stewardship:on_submission", id)
    context = {
        "form": form,
        "heading": f"What is wrong with the decision on {shown.title}?",
        "reads": "The output checkers who are not of your project read it, and one of them answers.",
        "page": paging.page(request, Feedback.objects.filter(submission=shown).with_people()),
        "query": paging.others(request),
        "back": reverse("releases:detail", args=[id]),
    }
    return render(request, "stewardship/give_feedback.html", context)


@login_required
def one(request: HttpRequest, id: str) -> HttpResponse:
    """Show feedback with its answer, and take an answer."""
    shown = Feedback.objects.with_people().filter(pk=id).first()
    person = reader(request)
    if shown is None:
        raise NotFound("There is no such feedback, or none that you may read.")
    feedback.read(by=person, feedback=shown)
    form = AnswerForm(posted(request), initial={"row_version": shown.row_version})
    if request.method == "POST" and form.is_valid():
        with refusals.said_on(form):
            feedback.answer(by=person, feedback=shown, **form.cleaned_data)
            messages.success(request, "Your answer is sent.")
            return redirect("stewardship:feedback", id)
    # Whether the form is shown; whether an answer is taken is the policies' answer.
    checks = shown.submission is not None and Role.OUTPUT_CHECKER in roles(request)
    answers = checks or (shown.dataset is not None and shown.dataset.steward_id == person.id)
    context = {"feedback": shown, "form": form if answers and shown.answered_at is None else None}
    return render(request, "stewardship/feedback.html", context)


def _for(request: HttpRequest, person: Person) -> Q:
    """Return what may wait for the reader: about their data, and about decisions they have no part in."""
    waits = Q(dataset__steward=person)
    if Role.OUTPUT_CHECKER in roles(request):
        waits |= Q(pk__in=Feedback.objects.on_decisions_for(person).values("pk"))
    return waits
