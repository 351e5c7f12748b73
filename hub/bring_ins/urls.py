"""The addresses under /bring-ins/."""

from __future__ import annotations

from django.urls import path

from hub.bring_ins import views

app_name = "bring_ins"
urlpatterns = [
    path("", views.index, name="index"),
    path("new/<slug:project>/", views.bring, name="bring"),
    path("<slug:id>/", views.detail, name="detail"),
    path("<slug:id>/judge/", views.judge, name="judge"),
    path("<slug:id>/take-back/", views.take_back, name="take_back"),
    path("<slug:id>/files/<int:position>/", views.file, name="file"),
]
