"""Logos: whatever is uploaded, what is kept is a small picture of ours without anything but its pixels."""

import struct
import zlib
from io import BytesIO

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from helpdesk.logos import MOST_BYTES, SIZE, Logo, logo_from

pytestmark = pytest.mark.once

SECRET = b"Taken at 48.8584 N, 2.2945 E by Quollina"


def picture(size=(300, 100), colour="#b3122b", mode="RGB") -> Image.Image:
    image = Image.new(mode, size, colour if mode != "RGBA" else (0, 0, 0, 0))
    ImageDraw.Draw(image).ellipse([size[0] // 4, size[1] // 4, size[0] // 2, size[1] // 2], fill=colour)
    return image


def file_of(image: Image.Image, kind: str, **options) -> bytes:
    written = BytesIO()
    image.save(written, kind, **options)
    return written.getvalue()


def opened(logo: Logo) -> Image.Image:
    image = Image.open(BytesIO(logo.content))
    image.load()
    return image


def bomb(width: int, height: int) -> bytes:
    """Return a PNG of few bytes that says it is a picture of very many pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(bytes(width + 1)))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("kind", "content_type"),
    [("PNG", "image/png"), ("GIF", "image/png"), ("WEBP", "image/png"), ("JPEG", "image/jpeg")],
)
def test_picture_becomes_one_of_ours(kind, content_type):
    logo = logo_from(file_of(picture(), kind))

    assert logo.content_type == content_type == Image.MIME[opened(logo).format]
    assert opened(logo).size == (300, 100)
    assert opened(logo).mode == "RGB"
    assert len(logo.mark) == 16
    assert logo.mark == logo_from(file_of(picture(), kind)).mark


def test_large_picture_becomes_small():
    logo = logo_from(file_of(picture((2400, 1200)), "PNG"))

    assert opened(logo).size == (512, 256)
    assert opened(logo_from(file_of(picture((4000, 100)), "PNG"))).width == SIZE[0]


def test_picture_that_would_be_heavy_as_png_is_kept_as_jpeg():
    noise = Image.effect_noise((1000, 250), 100).convert("RGB")

    logo = logo_from(file_of(noise, "PNG"))

    assert logo.content_type == "image/jpeg"
    assert len(logo.content) < 250_000


def test_nothing_but_the_pixels_is_kept():
    exif = Image.Exif()
    exif[0x010E] = exif[0x013B] = SECRET.decode()
    exif[0x0112] = 6  # lies on its side
    photograph = file_of(picture(), "JPEG", exif=exif, comment=SECRET, icc_profile=b"icc" + SECRET)
    commented = file_of(picture(), "GIF", comment=SECRET) + SECRET
    assert SECRET in photograph
    assert SECRET in commented

    for uploaded in (photograph, commented):
        logo = logo_from(uploaded)

        assert SECRET not in logo.content
        assert not opened(logo).getexif()
        assert {"icc_profile", "exif", "comment"} & opened(logo).info.keys() == set()


def test_photograph_that_lies_on_its_side_is_turned():
    exif = Image.Exif()
    exif[0x0112] = 6

    assert opened(logo_from(file_of(picture((200, 100)), "JPEG", exif=exif))).size == (100, 200)


@pytest.mark.parametrize(
    ("colour", "ground"), [("#b3122b", (255, 255, 255)), ("#f4f4f4", (16, 39, 44)), ("#000000", (255,) * 3)]
)
def test_transparent_logo_is_laid_on_what_it_is_seen_on(colour, ground):
    logo = logo_from(file_of(picture(colour=colour, mode="RGBA"), "PNG"))

    assert opened(logo).getpixel((0, 0)) == ground


def test_only_the_first_frame_is_kept():
    frames = [picture(colour=colour) for colour in ("red", "green", "blue")]

    logo = logo_from(file_of(frames[0], "GIF", save_all=True, append_images=frames[1:]))

    assert getattr(opened(logo), "n_frames", 1) == 1


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


@pytest.mark.parametrize(
    ("uploaded", "code"),
    [
        (b"", "unreadable"),
        (SVG, "unreadable"),
        (b"<html><script>alert(1)</script>", "unreadable"),
        (b"\x89PNG\r\n\x1a\n", "unreadable"),
        (file_of(picture(), "PNG")[:200], "unreadable"),
        (file_of(picture(), "BMP"), "unreadable"),
        (file_of(picture(), "TIFF"), "unreadable"),
        (file_of(picture(), "PDF"), "unreadable"),
        (bomb(2001, 2000), "too_large"),
        (bomb(60_000, 60_000), "unreadable"),
        (file_of(picture(), "PNG") + bytes(MOST_BYTES), "too_large"),
        (file_of(Image.new("RGBA", (9, 9)), "PNG"), "empty"),
    ],
    ids=lambda value: value if isinstance(value, str) else f"{len(value)}-bytes",
)
def test_what_is_no_picture_for_us_is_refused(uploaded, code):
    with pytest.raises(ValidationError) as refused:
        logo_from(uploaded)

    assert refused.value.code == code


WHOLE = [file_of(picture((40, 20)), kind) for kind in ("PNG", "JPEG", "WEBP", "GIF")]


@given(st.sampled_from(WHOLE), st.data())
def test_damaged_picture_is_refused_or_becomes_one_of_ours(whole, data):
    damaged = bytearray(whole)
    for _damage in range(data.draw(st.integers(1, 8))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))

    try:
        logo = logo_from(bytes(damaged[: data.draw(st.integers(1, len(damaged)))]))
    except ValidationError:
        return

    assert opened(logo).format in {"PNG", "JPEG"}
