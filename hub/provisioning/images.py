"""Pages about images: what a session runs, built when, from which inputs, with which packages."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from hub import images as built
from hub.errors import NotFound
from hub.people.signed_in import login_required
from hub.places import places
from hub.projects.models import Project


@login_required
@require_GET
def images(request: HttpRequest) -> HttpResponse:
    """List the images that were built here; what is in them is no secret in here."""
    used = list(Project.objects.order_by().values_list("image", "state"))
    shown = [
        (image, sum(name == image.name and state != "closed" for name, state in used))
        for image in map(built.find, built.names())
    ]
    return render(request, "provisioning/images.html", {"images": shown})


@login_required
@require_GET
def image(request: HttpRequest, name: str) -> HttpResponse:
    """Show what is in an image, searched by a package's name."""
    shown = built.find(name)
    asked = request.GET.get("q", "").strip().lower()[:100]
    found = [package for package in shown.packages or () if asked in package.name.lower()]
    page = Paginator(found, 100).get_page(request.GET.get("page"))
    return render(request, "provisioning/image.html", {"image": shown, "q": asked, "page": page})


@login_required
@require_GET
def bill(request: HttpRequest, name: str) -> HttpResponse:
    """Give the image's bill of materials, CycloneDX as JSON."""
    shown = built.find(name)
    if shown.packages is None:
        raise NotFound("There is no list of packages for this image; building it again makes one.")
    answer = HttpResponse(
        built.bill(places.state, name).read_bytes(), content_type="application/vnd.cyclonedx+json"
    )
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}-{shown.inputs}.cdx.json"'
    return answer
