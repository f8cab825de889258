"""The people who sign in: added, changed, switched off, each time with evidence and without open doors."""

from collections.abc import Iterable

from django.contrib.auth import SESSION_KEY
from django.contrib.auth.password_validation import validate_password
from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from helpdesk.models import Account, ManagerAssignment, User
from helpdesk.services.support import end_support_given_by, end_support_of_person
from helpdesk.text import validate_address, validate_line
from privacy import ledger


class AddressTaken(ValidationError):
    """Somebody signs in with this address already."""

    def __init__(self) -> None:
        super().__init__(_("Somebody signs in with this e-mail address already."), "taken")


def add_person(
    *,
    account: Account | None,
    email: str,
    name: str,
    role: str,
    password: str,
    by: User | None,
    manages: Iterable[Account] = (),
) -> User:
    """Let somebody sign in and return them.

    ``account`` is ``None`` for operators and managers; ``manages`` are a manager's accounts. ``by`` is
    ``None`` where a command does it. Raises :class:`AddressTaken`, or ``ValidationError`` for an address, a
    name or a password that won't do.
    """
    check_person(email=email, name=name, password=password, account=account)
    try:
        with transaction.atomic():
            person = User.objects.create_user(
                email=email, name=name, role=role, account=account, password=password
            )
            ManagerAssignment.objects.bulk_create(
                ManagerAssignment(user=person, account=each) for each in manages
            )
            _record("person.added", person, by, role=person.role, manages=[each.pk for each in manages])
    except IntegrityError as error:
        if User.objects.with_email(email).exists():
            raise AddressTaken from error
        raise
    return person


def check_person(*, email: str, name: str, password: str, account: Account | None = None) -> None:
    """Raise ``ValidationError`` for an address, a name or a password that won't do, each under its name."""
    problems: dict[str, list[str]] = {}
    checks = {
        "email": lambda: validate_address(email),
        "name": lambda: validate_line(name),
        "password": lambda: validate_password(password, User(email=email, name=name, account=account)),
    }
    for field, check in checks.items():
        try:
            check()
        except ValidationError as error:
            problems[field] = error.messages
    if problems:
        raise ValidationError(problems)
    if User.objects.with_email(email).exists():
        raise AddressTaken


def change_role(*, person: User, role: str, by: User) -> None:
    """Give somebody of an account another role in it; raises ``ValidationError`` for any other role."""
    if person.role not in User.AGENT_ROLES or role not in User.AGENT_ROLES:
        raise ValidationError(_("People of an account are owners, supervisors or agents."), "role")
    if role == person.role:
        return
    with transaction.atomic():
        _record("person.role_changed", person, by, before=person.role, after=role)
        person.role = role
        person.save(update_fields=["role"])
        if role != User.Role.OWNER:
            end_support_given_by(person=person, by=by)


def change_password(*, person: User, password: str, by: User, keep_session: str | None = None) -> None:
    """Set a password and end the person's sessions, except the one that asked for it.

    Raises ``ValidationError`` where the password is too weak.
    """
    validate_password(password, person)
    with transaction.atomic():
        person.set_password(password)
        person.save(update_fields=["password"])
        end_sessions(person=person, keep=keep_session)
        _record("person.password_changed", person, by)


def deactivate_person(*, person: User, by: User) -> None:
    """Switch somebody off: they are signed out everywhere, at once, and can't come back in.

    Support access that they had or had granted ends with that.
    """
    if person == by:
        raise ValidationError(_("You can't switch yourself off."), "self")
    with transaction.atomic():
        person.is_active = False
        person.save(update_fields=["is_active"])
        end_sessions(person=person)
        end_support_of_person(person=person, by=by)
        _record("person.deactivated", person, by)


def reactivate_person(*, person: User, by: User) -> None:
    """Let somebody sign in again, with the password they had."""
    with transaction.atomic():
        person.is_active = True
        person.save(update_fields=["is_active"])
        _record("person.reactivated", person, by)


def note_sign_in(*, person: User) -> None:
    """Leave evidence that somebody signed in."""
    _record("person.signed_in", person, None)


def end_sessions(*, person: User, keep: str | None = None) -> int:
    """End the person's sessions, except ``keep``; returns how many ended.

    Sessions hold whose they are inside, so all open ones are read.
    """
    mine = str(person.pk)
    open_now = Session.objects.filter(expire_date__gt=timezone.now()).exclude(pk=keep)
    ended = [each.pk for each in open_now.iterator() if each.get_decoded().get(SESSION_KEY) == mine]
    return Session.objects.filter(pk__in=ended).delete()[0]


def _record(action: str, person: User, by: User | None, **codes: object) -> None:
    ledger.record(
        action,
        account_id=person.account_id,
        person=ledger.reference(person),
        who=ledger.reference(by),
        **codes,
    )
