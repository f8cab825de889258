"""Several files in one field, within the limits of a message."""

from typing import Any

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext


class FilesInput(forms.FileInput):
    """A file input that takes several."""

    allow_multiple_selected = True

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[UploadedFile]:
        return files.getlist(name) if hasattr(files, "getlist") else files.get(name, [])


class FilesField(forms.FileField):
    """As many files as a message may have; the cleaned value is a list, empty where none was chosen."""

    widget = FilesInput

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", _("Files"))
        kwargs.setdefault("required", False)
        super().__init__(**kwargs)
        self.help_text = _("Up to %(count)d files, %(size)s in all.") % {
            "count": settings.LETHE_FILES_A_MESSAGE,
            "size": filesizeformat(settings.LETHE_FILES_BYTES),
        }

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile]:
        files = [file for file in data or [] if file]
        limit = settings.LETHE_FILES_A_MESSAGE
        if len(files) > limit:
            raise forms.ValidationError(
                ngettext("At most %d file a message.", "At most %d files a message.", limit) % limit,
                "too_many",
            )
        if sum(file.size or 0 for file in files) > settings.LETHE_FILES_BYTES:
            size = filesizeformat(settings.LETHE_FILES_BYTES)
            raise forms.ValidationError(_("These files are larger than %s in all.") % size, "too_large")
        return [super(FilesField, self).clean(file, initial) for file in files]
