"""A field for a picture that becomes a logo."""

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile

from helpdesk.logos import MOST_BYTES, Logo, logo_from


class LogoField(forms.FileField):
    """One picture; the cleaned value is a :class:`Logo`, or ``None`` where none was chosen."""

    widget = forms.FileInput({"accept": "image/png,image/jpeg,image/webp,image/gif"})

    def clean(self, data: UploadedFile | None, initial: Any = None) -> Logo | None:
        file = super().clean(data, None)
        return logo_from(file.read(MOST_BYTES + 1)) if file else None
