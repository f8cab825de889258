"""Every table says what it knows about people, or the checks fail."""

from datetime import timedelta

import pytest
from django.apps import apps
from django.core.checks import run_checks
from django.db import models
from django.test.utils import isolate_apps

from chat.models import ChatFile, Conversation, Message, SecureValue, TechnicalData
from helpdesk.models import Contact, Ticket, TicketFile, TicketMessage, TicketTechnicalData, User
from privacy import declarations
from privacy.categories import Category
from privacy.checks import check_declarations, check_declared, check_sealed_fields
from privacy.encryption.fields import SealedTextField
from privacy.encryption.rows import SealedModel
from privacy.encryption.sealing import seal
from tests import factories


@pytest.fixture
def registry(monkeypatch):
    """Let a test declare what it likes, for itself only."""
    monkeypatch.setattr(declarations, "_declarations", list(declarations._declarations))
    monkeypatch.setattr(declarations, "_impersonal", dict(declarations._impersonal))


def installed(monkeypatch, *more: type[models.Model]) -> None:
    """Let the checks see models beside the installed ones."""
    everything = list(apps.get_models(include_auto_created=True))
    monkeypatch.setattr(apps, "get_models", lambda include_auto_created=False: [*everything, *more])


def ids(found) -> list[str]:
    return [error.id for error in found]


def test_everything_that_is_installed_is_declared():
    undeclared = [
        model._meta.label
        for model in apps.get_models(include_auto_created=True)
        if not declarations.is_declared(model)
    ]

    assert undeclared == []
    assert run_checks(tags=["privacy"]) == []


@isolate_apps("privacy")
def test_undeclared_model_is_an_error(monkeypatch):
    class Diary(models.Model):  # noqa: DJ008
        class Meta:
            app_label = "privacy"

    installed(monkeypatch, Diary)

    (error,) = check_declared(None)

    assert (error.id, error.obj, error.is_serious()) == ("privacy.E002", Diary, True)
    assert "personal_data.py" in error.hint


@isolate_apps("privacy")
def test_undeclared_table_between_two_models_is_an_error(monkeypatch, registry):
    class Diary(models.Model):  # noqa: DJ008
        readers = models.ManyToManyField("self")

        class Meta:
            app_label = "privacy"

    declarations.declare_impersonal(Diary, because="a test")
    installed(monkeypatch, Diary, Diary.readers.through)

    assert [error.obj for error in check_declared(None)] == [Diary.readers.through]


@isolate_apps("privacy")
def test_sealed_field_that_no_unit_covers_is_an_error(monkeypatch, registry):
    class Diary(SealedModel):
        page = SealedTextField()

        class Meta:
            app_label = "privacy"

    installed(monkeypatch, Diary)
    declarations.declare_impersonal(Diary, because="a careless claim")

    assert ids(check_sealed_fields(None)) == ["privacy.E004"]


@isolate_apps("privacy")
def test_sealed_field_that_no_export_names_is_an_error(monkeypatch, registry):
    class Diary(SealedModel):
        page = SealedTextField()
        secret = SealedTextField()

        class Meta:
            app_label = "privacy"

    installed(monkeypatch, Diary)
    declarations.declare(Diary, Category.CONTACT, root=Diary, export=("page",))

    (error,) = check_sealed_fields(None)

    assert (error.id, "secret" in error.msg) == ("privacy.E005", True)


@isolate_apps("privacy")
def test_sealed_field_in_a_row_without_a_key_is_an_error(monkeypatch, registry):
    class Diary(models.Model):  # noqa: DJ008
        page = SealedTextField()

        class Meta:
            app_label = "privacy"

    installed(monkeypatch, Diary)
    declarations.declare(Diary, Category.CONTACT, root=Diary, export=("page",))

    assert ids(check_sealed_fields(None)) == ["privacy.E003"]


@isolate_apps("privacy")
def test_sealed_field_with_an_index_of_the_database_is_an_error():
    class Diary(SealedModel):
        page = SealedTextField(db_index=True)

        class Meta:
            app_label = "privacy"

    assert "privacy.E001" in ids(Diary._meta.get_field("page").check())


def test_model_declared_twice_is_an_error(registry):
    declarations.declare_impersonal(Message, because="a contradiction")

    assert ids(check_declarations(None)) == ["privacy.E006"]


def test_declaration_without_an_end_is_an_error(registry):
    declarations._declarations[:] = [d for d in declarations._declarations if d.model is not Message]
    declarations.declare(Message, Category.CHAT)

    assert ids(check_declarations(None)) == ["privacy.E007"]


def test_term_without_a_beginning_is_an_error(registry):
    declarations._declarations[:] = [d for d in declarations._declarations if d.model is not Message]
    declarations.declare(Message, Category.CHAT, term=timedelta(days=1))

    assert ids(check_declarations(None)) == ["privacy.E008"]


def test_check_command_runs_the_privacy_checks(monkeypatch):
    class Undeclared(models.Model):  # noqa: DJ008
        class Meta:
            app_label = "privacy"
            managed = False

    try:
        assert "privacy.E002" in ids(run_checks())
    finally:
        del apps.all_models["privacy"]["undeclared"]
        apps.clear_cache()


@pytest.mark.django_db
def test_rows_of_a_person_are_theirs_in_every_table(account, visitor):
    factories.chat(account, contact=visitor, says=("mine",))
    factories.ticket(account, requester=visitor, says=("mine, too",))
    factories.chat(account, says=("somebody else's",))
    factories.ticket(account, says=("somebody else's",))

    def theirs(model):
        return list(declarations.declaration_of(model).rows_of_person(visitor))

    assert [message.body for message in theirs(Message)] == ["mine"]
    assert [message.body for message in theirs(TicketMessage)] == ["mine, too"]
    assert [chat.contact for chat in theirs(Conversation)] == [visitor]
    assert [ticket.requester for ticket in theirs(Ticket)] == [visitor]
    assert theirs(Contact) == [visitor]
    assert theirs(User) == []


def test_what_a_rule_erases_as_one_is_declared_and_not_listed():
    found = {category: [unit.model for unit in declarations.units_in(category)] for category in Category}

    assert {category: models for category, models in found.items() if models} == {
        Category.CHAT: [Conversation, SecureValue],
        Category.CHAT_FILE: [ChatFile],
        Category.TICKET: [Ticket],
        Category.TICKET_FILE: [TicketFile],
        Category.CONTACT: [Contact],
        Category.TECHNICAL: [TicketTechnicalData, TechnicalData],
    }


def test_every_sealed_row_of_a_unit_is_erased_with_it():
    """Rows under the key of a unit that stay would keep what was said, readable until the key goes."""
    for model in apps.get_models():
        if issubclass(model, SealedModel):
            assert declarations.declaration_of(model).erase is declarations.delete


def test_token_is_bound_to_its_model_and_field():
    assert Contact._meta.get_field("name").place_of(Contact(key_id="k")).startswith("helpdesk.contact.name|")
    assert seal(b"k" * 32, "x", place="a") != seal(b"k" * 32, "x", place="a")
