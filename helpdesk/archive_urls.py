"""The addresses of the archive in the agents' pages."""

from django.urls import path

from helpdesk.views import archive

urlpatterns = [
    path("", archive.archive, name="archive"),
    path("readers/", archive.archive_readers, name="archive_readers"),
    path("<slug:kind>/<uuid:pk>/", archive.archive_open, name="archive_open"),
    path("<slug:kind>/<uuid:pk>/files/<uuid:file_pk>/", archive.archive_file, name="archive_file"),
]
