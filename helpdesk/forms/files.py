"""Several files in one field, within the limits of a message."""

from typing import Any

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.template.defaultfilters import filesizeformat
from django.utils.functional import lazy
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext


class FilesInput(forms.FileInput):
    """A file input that takes several."""

    allow_multiple_selected = True

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[UploadedFile]:
        return files.getlist(name) if hasattr(files, "getlist") else files.get(name, [])


class FilesField(forms.FileField):
    """As many files as a message may have; the cleaned value is a list, empty where none was chosen.

    ``most``, ``most_bytes``, ``too_many`` and ``too_large`` are there for scripts that tell it sooner.
    """

    widget = FilesInput

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", _("Files"))
        kwargs.setdefault("required", False)
        super().__init__(**kwargs)
        self.most: int = settings.LETHE_FILES_A_MESSAGE
        self.most_bytes: int = settings.LETHE_FILES_BYTES
        size = lazy(filesizeformat, str)(self.most_bytes)
        self.help_text = format_lazy(_("Up to {count} files, {size} in all."), count=self.most, size=size)

    @property
    def too_many(self) -> str:
        return ngettext("At most %d file a message.", "At most %d files a message.", self.most) % self.most

    @property
    def too_large(self) -> str:
        return _("These files are larger than %s in all.") % filesizeformat(self.most_bytes)

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile]:
        files = [file for file in data or [] if file]
        if len(files) > self.most:
            raise forms.ValidationError(self.too_many, "too_many")
        if sum(file.size or 0 for file in files) > self.most_bytes:
            raise forms.ValidationError(self.too_large, "too_large")
        return [super(FilesField, self).clean(file, initial) for file in files]
