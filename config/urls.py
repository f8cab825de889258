"""The addresses of the house."""

from django.contrib import admin
from django.urls import include, path

from config.health import healthz, readyz
from config.home import home

urlpatterns = [
    path("", home, name="home"),
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("", include("helpdesk.urls")),
    path("", include("chat.urls")),
    path("admin/", admin.site.urls),
]
