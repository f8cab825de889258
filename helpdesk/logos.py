"""Logos: whatever picture was uploaded, what is stored and served is one that we wrote ourselves.

What the file is decides its content, never its name. Frames after the first, comments, colour profiles and
places where a photograph was taken stay behind.
"""

import hashlib
import struct
from io import BytesIO
from typing import NamedTuple

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from PIL import Image, ImageOps, ImageStat

FORMATS = ["PNG", "JPEG", "WEBP", "GIF"]
MOST_BYTES = 2**20
MOST_PIXELS = 4_000_000  # a picture of few bytes may unfold to many
SIZE = (1024, 256)  # width and height at most, enough for three times what is shown
MOST_PNG_BYTES = 150_000
UNREADABLE = (
    OSError,
    ValueError,
    SyntaxError,
    EOFError,
    IndexError,
    OverflowError,
    struct.error,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
)
LIGHT_GROUND, DARK_GROUND = "#ffffff", "#10272c"
BRIGHT = 190  # of 255: a logo that would not be seen on white


class Logo(NamedTuple):
    """A picture of ours, as browsers get it."""

    content: bytes
    content_type: str

    @property
    def mark(self) -> str:
        return hashlib.sha256(self.content).hexdigest()[:16]


NO_LOGO = Logo(b"", "")


def logo_from(uploaded: bytes) -> Logo:
    """Return the picture in a file, small and without anything but its pixels.

    Raises ``ValidationError`` where it is too large, of another kind, damaged, or shows nothing.
    """
    if len(uploaded) > MOST_BYTES:
        raise ValidationError(_("This file is larger than 1 MB."), "too_large")
    try:
        with Image.open(BytesIO(uploaded), formats=FORMATS) as image:
            if image.width * image.height > MOST_PIXELS:
                raise ValidationError(
                    _("This picture has more than 4 million pixels. Save it smaller, such as 1000 by 250."),
                    "too_large",
                )
            is_photograph = image.format == "JPEG"
            shown = _on_its_ground(_small(image))
    except UNREADABLE as error:
        raise ValidationError(
            _("This can't be read as a picture. Choose a PNG, JPEG, WebP or GIF."), "unreadable"
        ) from error
    return _written(shown, is_photograph=is_photograph)


def _small(image: Image.Image) -> Image.Image:
    upright = ImageOps.exif_transpose(image).convert("RGBA")
    upright.thumbnail(SIZE, Image.Resampling.LANCZOS)
    return upright


def _on_its_ground(image: Image.Image) -> Image.Image:
    """Lay a transparent picture on white, or on dark where it is bright: it is seen in both themes."""
    alpha = image.getchannel("A")
    if not alpha.getbbox():
        raise ValidationError(_("This picture is transparent all over."), "empty")
    is_bright = ImageStat.Stat(image.convert("L"), mask=alpha).mean[0] > BRIGHT
    ground = Image.new("RGB", image.size, DARK_GROUND if is_bright else LIGHT_GROUND)
    ground.paste(image, mask=alpha)
    return ground


def _written(image: Image.Image, *, is_photograph: bool) -> Logo:
    if not is_photograph:
        content = _saved(image, "PNG", optimize=True)
        if len(content) <= MOST_PNG_BYTES:
            return Logo(content, "image/png")
    return Logo(_saved(image, "JPEG", quality=88, optimize=True), "image/jpeg")


def _saved(image: Image.Image, kind: str, **options: object) -> bytes:
    written = BytesIO()
    image.save(written, kind, **options)
    return written.getvalue()
