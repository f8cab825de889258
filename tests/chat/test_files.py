"""Files in chats as they are stored: with their message or not at all, and gone with their chat or before."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from chat.models import ChatFile, Conversation, Message
from chat.services.conversations import end_chat
from chat.services.erasing import erase_chat
from chat.services.files import ChatFull
from chat.services.messages import ChatEnded, post_message
from chat.transcript import transcript_of
from helpdesk.services.files import content_of
from privacy import vault
from privacy.categories import Category
from privacy.encryption.files import sealed_storage, stored_files
from privacy.models import DataKey, LedgerEntry, Tombstone
from privacy.services.erasing.purge import purge
from privacy.services.erasing.survivors import count_survivors
from privacy.services.erasing.sweep import sweep_files, sweep_keys
from privacy.services.people.export import export_person
from privacy.services.tracing.traces import find_traces
from privacy.terms import Clock, Rule
from tests import factories
from tests.chat.beside import at_once
from tests.chat.sending import PNG, png, send

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("own_folders")]


@pytest.fixture
def chat(account) -> Conversation:
    return factories.chat(account)


# --- Stored


def test_file_is_sealed_under_a_key_of_its_own(chat):
    file, other = send(chat, png("..\\torn\u202egnp.exe"), png("b.txt", b"<svg onload=1>"), body="Here:")

    assert (file.name, file.kind, file.size, content_of(file)) == ("torngnp.exe", "image", len(PNG), PNG)
    assert (other.name, other.kind) == ("b.txt", "web_page")
    assert len({file.key_id, other.key_id, chat.key_id}) == 3
    assert set(stored_files()) == {file.stored_as, other.stored_as}
    with sealed_storage().open(file.stored_as) as stored:
        assert b"torn" not in stored.read()
    assert not find_traces("torn page").none_found
    assert file.message.body == "Here:"


def test_same_message_sent_again_stores_nothing_anew(chat):
    client_id = uuid4()
    (file,) = send(chat, client_id=client_id)

    (again,) = send(chat, client_id=client_id)

    assert again == file
    assert list(stored_files()) == [file.stored_as]
    assert DataKey.objects.filter(kind=DataKey.Kind.FILE).count() == 1


def test_same_message_sent_at_the_same_moment_is_stored_once(chat):
    client_id = uuid4()

    outcomes = at_once(*[lambda: send(chat, png(), png("b.png"), client_id=client_id)] * 3)

    assert outcomes[0] == outcomes[1] == outcomes[2]
    assert Message.objects.filter(conversation=chat, client_id=client_id).count() == 1
    assert set(stored_files()) == {file.stored_as for file in ChatFile.objects.all()}
    assert ChatFile.objects.count() == 2


def test_ended_chat_takes_no_file_and_leaves_none_behind(chat):
    end_chat(conversation=chat, side="visitor")

    with pytest.raises(ChatEnded):
        send(chat)

    assert (ChatFile.objects.count(), list(stored_files())) == (0, [])


@pytest.mark.parametrize("limits", [{"LETHE_FILES_A_CHAT": 2}, {"LETHE_FILES_BYTES_A_CHAT": 2 * len(PNG)}])
def test_full_chat_takes_words_and_no_more_files(chat, settings, limits):
    for name, value in limits.items():
        setattr(settings, name, value)
    kept = {file.stored_as for file in send(chat, png(), png())}

    with pytest.raises(ChatFull):
        send(chat, png(content=b"x"), body="One more")
    post_message(conversation=chat, side="visitor", body="Then without.")

    assert set(stored_files()) == kept
    assert [message.body for message in chat.messages.all()][-1] == "Then without."
    assert chat.messages.count() == 3


def test_file_whose_message_could_not_be_stored_is_deleted(chat):
    DataKey.objects.filter(pk=chat.key_id).delete()

    with pytest.raises(vault.KeyLost):
        send(Conversation.objects.get(), body="Hello")

    assert (ChatFile.objects.count(), list(stored_files())) == (0, [])


def test_sweep_takes_what_a_crash_left_and_no_file_of_a_message(chat, monkeypatch):
    (kept,) = send(chat)
    monkeypatch.setattr("chat.services.messages.attach", crash)
    with pytest.raises(SystemExit):
        send(chat, png("orphan.png"))
    assert len(list(stored_files())) == 2

    later = timezone.now() + timedelta(hours=2)
    swept = sweep_files(now=later), sweep_keys(now=later)

    assert swept == (1, 1)
    assert list(stored_files()) == [kept.stored_as]
    assert content_of(ChatFile.objects.get()) == PNG


def crash(*_given) -> None:
    raise SystemExit


# --- Erased


def test_chat_that_is_erased_at_once_takes_key_row_and_file(account, chat):
    factories.policy(account, Category.CHAT, rule=Rule.AT_ONCE)
    file, answer = *send(chat), *send(chat, side="agent")

    end_chat(conversation=chat, side="visitor")

    assert (ChatFile.objects.count(), list(stored_files())) == (0, [])
    keys, files = [file.key_id, answer.key_id], [file.stored_as, answer.stored_as]
    assert count_survivors(keys, files) == {}
    assert Tombstone.objects.filter(key_id__in=keys).count() == 2
    assert find_traces("torn page").none_found


def test_files_go_at_once_where_only_they_do(account, chat):
    factories.policy(account, Category.CHAT_FILE, rule=Rule.AT_ONCE)
    (file,) = send(chat, body="See the page.")

    end_chat(conversation=chat, side="agent")

    assert (ChatFile.objects.count(), list(stored_files())) == (0, [])
    assert not DataKey.objects.filter(pk=file.key_id).exists()
    assert Conversation.objects.get().status == Conversation.Status.CLOSED
    assert [m.body for m in chat.messages.filter(kind="text")] == ["Where is my order?", "See the page."]
    assert LedgerEntry.objects.get(action="erasure.begun").params["unit"] == "chat.chatfile"


def test_files_on_hold_with_their_chat_stay(account, chat):
    for category in (Category.CHAT, Category.CHAT_FILE):
        factories.policy(account, category, rule=Rule.AT_ONCE)
    (file,) = send(chat)
    factories.hold(chat)

    end_chat(conversation=chat, side="visitor")
    purge()

    assert content_of(ChatFile.objects.get()) == PNG
    assert list(stored_files()) == [file.stored_as]


def test_files_go_before_their_chat_by_a_rule_of_their_own(account, chat):
    factories.policy(account, Category.CHAT_FILE, amount=7)
    (file,) = send(chat, body="See the page.")
    end_chat(conversation=chat, side="visitor")

    early = purge(now=timezone.now() + timedelta(days=6))
    report = purge(now=timezone.now() + timedelta(days=8))

    assert (early.due, report.by_category) == (0, {"chat_file": 1})
    assert count_survivors([file.key_id], [file.stored_as]) == {}
    assert list(stored_files()) == []
    assert chat.messages.get(seq=2).body == "See the page."


def test_file_may_go_from_an_open_chat_where_its_clock_says_so(account, chat):
    rule = factories.policy(account, Category.CHAT_FILE, amount=7)
    rule.clock = Clock.CREATED
    rule.save()
    send(chat, body="See the page.")

    purge(now=timezone.now() + timedelta(days=8))

    assert (ChatFile.objects.count(), list(stored_files())) == (0, [])
    assert Conversation.objects.get().status == Conversation.Status.WAITING


def test_chat_erased_by_hand_takes_its_files(chat, owner):
    send(chat)
    end_chat(conversation=chat, side="visitor")

    erase_chat(conversation=chat, by=owner)

    assert (ChatFile.objects.count(), list(stored_files())) == (0, [])


def test_file_that_arrives_while_the_chat_is_erased_is_gone_or_was_never_there(account):
    factories.policy(account, Category.CHAT, rule=Rule.AT_ONCE)
    for _ in range(5):
        chat = factories.chat(account)

        at_once(lambda chat=chat: send(chat), lambda chat=chat: end_chat(conversation=chat, side="visitor"))

        assert (ChatFile.objects.count(), list(stored_files())) == (0, [])


# --- Told


def test_copy_for_the_person_has_the_files(chat):
    send(chat, body="Here")
    send(chat, png("answer.png"), side="agent")
    send(factories.chat(chat.account), png("somebody else's.png"))

    mine, theirs = export_person(chat.contact)["categories"]["chat_file"]["chat.chatfile"]

    assert (mine["name"], mine["kind"], mine["message"]) == ("page.png", "image", {"side": "visitor"})
    assert mine["content_base64"].startswith("iVBORw0KGgo")
    assert (theirs["name"], theirs["message"]) == ("answer.png", {"side": "agent"})


def test_transcript_names_files_and_what_is_left_of_them(account, chat):
    send(chat, png("a.png"), png("b.png"), body="Both pages")
    (gone,) = send(chat, png("c.png"))
    ChatFile.objects.filter(pk=gone.pk).delete()

    text = transcript_of(Conversation.objects.get())

    assert "You:\nBoth pages\n[file: a.png]\n[file: b.png]\n" in text
    assert text.endswith("You:\n[a file that is erased already]\n")
