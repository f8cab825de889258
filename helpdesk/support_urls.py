"""The addresses of support access in the agents' pages."""

from django.urls import path

from helpdesk.views import support

urlpatterns = [
    path("", support.support_access, name="support_access"),
    path("grant/", support.support_grant, name="support_grant"),
    path("<uuid:pk>/", support.support_openings, name="support_openings"),
    path("<uuid:pk>/end/", support.support_end, name="support_end"),
]
