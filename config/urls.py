"""The addresses of the house."""

from django.contrib import admin
from django.urls import include, path

from config.health import healthz, readyz
from config.home import home
from config.metrics import metrics

urlpatterns = [
    path("", home, name="home"),
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
    path("", include("helpdesk.urls")),
    path("", include("chat.urls")),
    path("admin/", admin.site.urls),
]
