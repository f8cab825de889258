"""The addresses of the helpdesk."""

from django.urls import path

from helpdesk.views import sign_in

urlpatterns: list = []
