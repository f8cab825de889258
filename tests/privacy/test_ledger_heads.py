"""Published heads: whoever holds databases, ring and mirror still can't rewrite the past."""

import json
import shutil
import smtplib
from datetime import timedelta
from io import StringIO
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from django.core import mail
from django.core.management import CommandError, call_command
from django.utils import timezone
from freezegun import freeze_time

from privacy import ledger, tasks
from privacy.ledger import signing
from privacy.ledger.heads import EmptyLedger, head_document, heads_folder, signed_text
from privacy.ledger.publishing import publish_head
from privacy.ledger.signing import fingerprint, public_key_pem
from privacy.models import DataKey, LedgerEntry
from tests.privacy.backups import Backup
from tests.privacy.ledgers import finding, rebuild, verify_ledger

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("impatient")]

ANOTHER = "a published head names another entry here"
GONE = "a published head names an entry that is not there any more"


@pytest.fixture
def published(entries):
    """Five entries, and a head that was published behind them: the sixth."""
    return publish_head()


def append(number: int) -> None:
    for each in range(number):
        ledger.append("policy.changed", account_id=7, number=each)
    ledger.drain_outbox()


# --- The document


def test_head_is_verified_with_the_public_key_alone(entries):
    head = head_document()

    key = load_pem_public_key(public_key_pem().encode())
    signature = bytes.fromhex(head["signature"])
    key.verify(signature, f"lethe head 5 {entries[-1].hash} {head['at']} 5 {fingerprint(key)}".encode())
    assert (head["seq"], head["hash"], head["entries"]) == (5, entries[-1].hash, 5)


def test_head_of_an_earlier_entry_can_be_told(entries):
    assert head_document(entries[1])["hash"] == entries[1].hash


def test_ledger_without_entries_has_no_head():
    with pytest.raises(EmptyLedger):
        head_document()


# --- Publishing


def test_publishing_is_an_entry_and_a_file_of_its_own(entries):
    first, second = publish_head(), publish_head()

    kept = [json.loads(path.read_text()) for path in sorted(heads_folder().iterdir())]
    assert kept == [first.head, second.head]
    assert [head["seq"] for head in kept] == [6, 7]
    assert [(each.seq, each.action) for each in LedgerEntry.objects.filter(seq__gt=5)] == [
        (6, "head.published"),
        (7, "head.published"),
    ]
    assert finding() == (True, None)


def test_command_prints_the_head_and_its_place(entries):
    output = StringIO()

    call_command("publish_ledger", "--json", stdout=output)

    printed = json.loads(output.getvalue())
    (path,) = heads_folder().iterdir()
    assert printed == {"head": json.loads(path.read_text()), "path": str(path), "mailed": 0}


def test_timetable_publishes(entries, settings):
    assert settings.CELERY_BEAT_SCHEDULE["publish-ledger"]["task"] == tasks.publish_ledger.name

    tasks.publish_ledger()

    assert len(list(heads_folder().iterdir())) == 1


def test_head_is_mailed_where_the_deployment_sends_mail(entries, settings):
    settings.LETHE_SENDS_MAIL, settings.LETHE_HEADS_MAIL = True, ["auditor@law.example", "board@law.example"]

    published = publish_head()

    (sent,) = mail.outbox
    assert sent.to == ["auditor@law.example", "board@law.example"]
    ((name, text, kind),) = sent.attachments
    assert (name, json.loads(text), kind) == (published.path.name, published.head, "application/json")
    assert published.mailed == 2


def test_no_address_of_an_auditor_gets_into_the_ledger(entries, settings):
    settings.LETHE_SENDS_MAIL, settings.LETHE_HEADS_MAIL = True, ["auditor@law.example"]

    publish_head()

    assert ledger.last_entry().params.keys() == {"key", "mailed_to"}


def test_nothing_is_mailed_where_the_deployment_sends_no_mail(entries, settings):
    settings.LETHE_HEADS_MAIL = ["auditor@law.example"]

    assert publish_head().mailed == 0
    assert mail.outbox == []


def test_head_is_kept_where_the_mail_fails_and_the_command_says_so(entries, settings, monkeypatch):
    settings.LETHE_SENDS_MAIL, settings.LETHE_HEADS_MAIL = True, ["auditor@law.example"]

    def away(*args):
        raise smtplib.SMTPServerDisconnected("the mail server is away")

    monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", away)
    with pytest.raises(CommandError, match="could not be sent"):
        call_command("publish_ledger")

    assert len(list(heads_folder().iterdir())) == 1


def test_folder_that_can_not_be_written_is_told(entries, settings, tmp_path):
    blocked = tmp_path / "blocked"
    blocked.write_text("a file where the folder should be")
    settings.LETHE_HEADS_DIR = blocked

    with pytest.raises(CommandError, match="blocked"):
        call_command("publish_ledger")


def test_vault_that_was_set_back_publishes_nothing(entries, tmp_path):
    copy = Backup("vault", tmp_path)
    append(1)
    copy.put_back()

    with pytest.raises(CommandError, match="Nothing was published"):
        call_command("publish_ledger")
    tasks.publish_ledger()

    assert list(heads_folder().iterdir()) == []
    assert ledger.last_entry().seq == 5


# --- What a published head finds


def test_chain_that_grew_behind_a_head_is_whole(published):
    append(3)

    assert finding() == (True, None)


@pytest.mark.parametrize("seq", [1, 3, 5])
def test_rebuilt_chain_with_a_changed_entry_is_found(published, seq):
    LedgerEntry.objects.filter(seq=seq).update(params={"number": 99})
    rebuild()

    found = ledger.verify()

    assert (found.broken_seq, found.problem) == (6, ANOTHER)


def test_rebuilt_chain_without_an_entry_is_found(published):
    append(2)
    LedgerEntry.objects.filter(seq=3).delete()
    for entry in LedgerEntry.objects.filter(seq__gt=3).order_by("seq"):
        LedgerEntry.objects.filter(seq=entry.seq).update(seq=entry.seq - 1)
    rebuild()

    found = ledger.verify()

    assert (found.broken_seq, found.problem) == (6, ANOTHER)


def test_cut_tail_is_found_with_every_other_witness_rebuilt(published):
    append(2)
    LedgerEntry.objects.filter(seq__gte=4).delete()
    rebuild()

    found = ledger.verify()

    assert (found.broken_seq, found.problem) == (4, GONE)


def test_tail_that_was_cut_and_grew_again_is_found(published):
    LedgerEntry.objects.filter(seq__gte=4).delete()
    rebuild()
    append(9)

    found = ledger.verify()

    assert (found.broken_seq, found.problem) == (6, ANOTHER)


def test_chain_that_was_rebuilt_under_a_new_key_is_found(published):
    DataKey.objects.filter(kind=DataKey.Kind.SIGNING).delete()
    signing._private_key.cache_clear()
    rebuild()

    found = ledger.verify()

    assert found.problem == "a published head is not signed with the key of this ledger"


def test_same_forgery_passes_where_no_head_was_published_and_is_why_they_are(entries):
    LedgerEntry.objects.filter(seq=3).update(params={"number": 99})
    rebuild()

    assert finding() == (True, None)


def test_heads_that_were_kept_elsewhere_find_what_the_deployment_threw_away(published, tmp_path):
    elsewhere = tmp_path / "auditor"
    shutil.copytree(heads_folder(), elsewhere)
    LedgerEntry.objects.filter(seq=3).update(params={"number": 99})
    rebuild()
    shutil.rmtree(heads_folder())
    assert verify_ledger()[0] == 0  # for a minute, since the file might be about to be written

    code, output = verify_ledger("--json", "--heads", str(elsewhere))

    assert code == 1
    assert (json.loads(output)["broken_entry"], json.loads(output)["problem"]) == (6, ANOTHER)


def test_rebuilt_chain_publishes_beside_the_old_head_and_not_over_it(published):
    LedgerEntry.objects.filter(seq__gte=3).delete()
    rebuild()
    append(3)

    again = publish_head()

    assert again.head["seq"] == published.head["seq"]
    assert json.loads(published.path.read_text()) == published.head
    assert finding() == (False, 6)


@pytest.mark.parametrize("lost", [[0, 1], [1]])
def test_newest_head_that_is_not_in_its_folder_any_more_is_named(published, lost):
    paths = [published.path, publish_head().path]
    for index in lost:
        paths[index].unlink()

    with freeze_time(timezone.now() + timedelta(minutes=2)):
        found = ledger.verify()

        assert found.broken_seq == 7
        assert found.problem == f"the published head {paths[1].name} is not in its folder any more"
        publish_head()
        assert finding() == (True, None)


def test_watch_misses_the_newest_head(published):
    watch = ledger.Watch()
    assert watch.finding().ok
    published.path.unlink()

    with freeze_time(timezone.now() + timedelta(minutes=2)):
        assert watch.finding().broken_seq == 6


def test_folder_without_a_head_is_refused(published, tmp_path):
    with pytest.raises(CommandError, match="holds no published head"):
        verify_ledger("--heads", str(tmp_path / "nowhere"))


@pytest.mark.parametrize(
    ("forged", "problem"),
    [
        ("nonsense", "a published head can't be read"),
        ("{}", "a published head can't be read"),
        ("[" * 9999, "a published head can't be read"),
        ({"seq": True}, "a published head can't be read"),
        ({"hash": uuid4().hex * 2}, "a published head is not signed with the key of this ledger"),
        ({"seq": 3}, "a published head is not signed with the key of this ledger"),
        ({"entries": 9}, "a published head is not signed with the key of this ledger"),
        ({"key": "0" * 64}, "a published head is not signed with the key of this ledger"),
        ({"signature": "zz"}, "a published head is not signed with the key of this ledger"),
    ],
)
def test_forged_head_is_told(published, forged, problem):
    text = forged if isinstance(forged, str) else json.dumps(published.head | forged)
    published.path.write_text(text)

    assert ledger.verify().problem == problem


def test_head_that_can_not_be_opened_is_told(published):
    published.path.unlink()
    published.path.mkdir()

    assert ledger.verify().problem == "a published head can't be read"


def test_head_that_is_being_written_is_passed_by(published):
    (heads_folder() / "head-000000000099-0123456789abcdef.json").touch()

    assert finding() == (True, None)


def test_watch_holds_new_entries_against_new_heads(published):
    watch = ledger.Watch()
    assert watch.finding().ok
    append(2)
    again = publish_head()
    forged = again.head | {"hash": "0" * 64}
    forged["signature"] = signing.signing_key().sign(signed_text(forged).encode()).hex()
    (heads_folder() / "other.json").write_text(json.dumps(forged))

    assert (watch.finding().broken_seq, watch.finding().problem) == (9, ANOTHER)
