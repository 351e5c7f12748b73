"""The addresses under /releases/."""

from __future__ import annotations

from django.urls import path

from egress_review import review_views, views

app_name = "releases"
urlpatterns = [
    path("", views.index, name="index"),
    path("queue/", review_views.waiting, name="queue"),
    path("all/", views.everything, name="all"),
    path("<str:submission>/", views.detail, name="detail"),
    path("<str:submission>/withdraw/", views.withdraw, name="withdraw"),
    path("<str:submission>/review/", review_views.review, name="review"),
    path("<str:submission>/take/", review_views.take, name="take"),
    path("<str:submission>/give-back/", review_views.give_back, name="give-back"),
    path("<str:submission>/conflict/", review_views.conflict, name="conflict"),
    path("<str:submission>/settle/", review_views.settle, name="settle"),
    path("<str:submission>/files/<str:file>/vote/", review_views.vote_on_file, name="vote-on-file"),
    path("<str:submission>/files/<str:file>/preview/", review_views.preview, name="preview"),
    path("<str:submission>/files/<str:file>/beside/", review_views.beside, name="beside"),
    path("<str:submission>/receipt/", views.receipt, name="receipt"),
    path("<str:submission>/receipt.json", views.receipt_document, name="receipt-document"),
    path("<str:submission>/files/<str:file>/download/", views.download, name="download"),
]
