"""Names of files: whatever somebody sends, what is shown and saved is harmless."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.models import TicketFile
from helpdesk.services.files import NAME_LIMIT, clean_name, content_of
from privacy.encryption.errors import Tampered
from privacy.encryption.files import sealed_storage, stored_files
from tests.helpdesk.tickets import opened, pdf


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("invoice.pdf", "invoice.pdf"),
        ("Übersicht März.pdf", "Übersicht März.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\vera\\a.txt", "a.txt"),
        ("\uff0e\uff0e\uff0fa.txt", "a.txt"),
        (".htaccess", "htaccess"),
        ("\u200b.htaccess", "htaccess"),
        ("a\u202egnp.exe", "agnp.exe"),
        ("a\u2066b.txt", "ab.txt"),
        ("a\x1f\u05ad\x1f\u0308", "\u00e4\u05ad"),
        ("con", "_con"),
        ("NUL.txt", "_NUL.txt"),
        ("\uff23\uff2f\uff2e.txt", "_CON.txt"),
        ("a\x00b.txt", "ab.txt"),
        ("a\r\nSet-Cookie: x.txt", "aSet-Cookie_ x.txt"),
        ('"><img onerror=1>.png', "___img onerror=1_.png"),
        ("a" * 400 + ".pdf", "a" * (NAME_LIMIT - 4) + ".pdf"),
        ("trailing. . .", "trailing"),
        ("", "file"),
        ("...", "file"),
        ("\u200b", "file"),
        ("/", "file"),
    ],
)
def test_name_is_cleaned(sent, kept):
    assert clean_name(sent) == kept


@given(st.text(max_size=300))
def test_cleaned_name_is_clean(sent):
    name = clean_name(sent)

    assert clean_name(name) == name
    assert 0 < len(name) <= NAME_LIMIT
    assert not name.startswith(".")
    assert not set('/\\<>:"|?*') & set(name)
    assert not {unicodedata.category(c) for c in name} & {"Cc", "Cf", "Cs", "Zl", "Zp"}


@pytest.mark.django_db
@pytest.mark.usefixtures("own_folders")
def test_file_is_stored_sealed_under_a_random_name(account):
    opened(account, files=[pdf("torn page.pdf")])

    file = TicketFile.objects.get()

    assert (file.name, file.size, content_of(file)) == ("torn page.pdf", 9, b"%PDF torn")
    assert list(stored_files()) == [file.stored_as]
    with sealed_storage().open(file.stored_as) as stored:
        assert b"torn" not in stored.read()
    assert "torn" not in file.stored_as


@pytest.mark.django_db
def test_changed_file_is_never_handed_over(account):
    opened(account, files=[pdf(content=b"x" * 200_000)])
    file = TicketFile.objects.get()
    path = sealed_storage().path(file.stored_as)
    with open(path, "r+b") as stored:
        stored.seek(-20, 2)
        stored.write(b"!")

    with pytest.raises(Tampered):
        content_of(file)
