"""The addresses under /releases/."""

from __future__ import annotations

from django.urls import path

from egress_review import views

app_name = "releases"
urlpatterns = [
    path("", views.index, name="index"),
    path("queue/", views.queue, name="queue"),
    path("all/", views.everything, name="all"),
    path("<str:submission>/", views.detail, name="detail"),
    path("<str:submission>/withdraw/", views.withdraw, name="withdraw"),
    path("<str:submission>/review/", views.review, name="review"),
    path("<str:submission>/receipt/", views.receipt, name="receipt"),
    path("<str:submission>/receipt.json", views.receipt_document, name="receipt-document"),
    path("<str:submission>/files/<str:file>/picture/<int:number>/", views.picture, name="picture"),
    path("<str:submission>/files/<str:file>/download/", views.download, name="download"),
]
