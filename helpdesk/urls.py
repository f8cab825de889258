"""The addresses of the helpdesk."""

from django.urls import include, path

from helpdesk.views import sign_in

urlpatterns = [
    path("", include("helpdesk.ticket_urls")),
    path("agent/archive/", include("helpdesk.archive_urls")),
    path("agent/support/", include("helpdesk.support_urls")),
    path("sign-in/", sign_in.sign_in, name="sign_in"),
    path("sign-out/", sign_in.sign_out, name="sign_out"),
    path("password/", sign_in.password_change, name="password_change"),
]
