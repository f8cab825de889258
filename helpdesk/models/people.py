"""Users, who sign in, and contacts, who never do."""

from typing import Any

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from helpdesk.models.accounts import Account
from privacy import vault
from privacy.declarations import roots
from privacy.encryption.blind_index import BlindIndexField, blind_index
from privacy.encryption.fields import SealedCharField, SealedEmailField
from privacy.encryption.rows import SealedModel, SealedQuerySet
from privacy.models import DataKey


class UserQuerySet(SealedQuerySet):
    def with_email(self, email: str) -> "UserQuerySet":
        """Find users by exact address, through the deployment's blind index."""
        return self.filter(email_index=blind_index(email, account_id=None))

    def visible_to(self, user: "User") -> "UserQuerySet":
        """Return the people of the accounts that ``user`` may see."""
        if user.role == User.Role.OPERATOR:
            return self
        return self.filter(account__in=Account.objects.filter(pk__in=user.account_ids()))

    def looking_after(self, account: Account) -> "UserQuerySet":
        """Return who answers for an account: its managers and all operators, without who is switched off."""
        managers = account.assignments.values("user")
        whose = models.Q(role=User.Role.OPERATOR) | models.Q(role=User.Role.MANAGER, pk__in=managers)
        return self.filter(whose, is_active=True).select_related("account").order_by("created_at", "pk")


class UserManager(BaseUserManager.from_queryset(UserQuerySet)):  # type: ignore[misc]
    def create_user(self, *, email: str, password: str | None, role: str, **values: Any) -> "User":
        """Create a user under a key of their own. Operators become superusers, managers staff."""
        account = values.get("account")
        user = self.model(
            email=email,
            role=role,
            key_id=vault.create_key(kind=DataKey.Kind.USER, account_id=account.pk if account else None),
            is_staff=role in User.STAFF_ROLES,
            is_superuser=role == User.Role.OPERATOR,
            **values,
        )
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, email: str) -> "User":
        return self.with_email(email).get()


class User(SealedModel, AbstractBaseUser, PermissionsMixin):
    """Somebody who signs in: by e-mail, found through a blind index."""

    class Role(models.TextChoices):
        OPERATOR = "operator", _("operator")
        MANAGER = "manager", _("account manager")
        OWNER = "owner", _("owner")
        SUPERVISOR = "supervisor", _("supervisor")
        AGENT = "agent", _("agent")

    STAFF_ROLES = (Role.OPERATOR, Role.MANAGER)
    AGENT_ROLES = (Role.OWNER, Role.SUPERVISOR, Role.AGENT)

    email = SealedEmailField(_("e-mail"))
    email_index = BlindIndexField(of="email", scope=None, unique=True)
    name = SealedCharField(_("name"), max_length=100, blank=True, default="")
    role = models.CharField(_("role"), max_length=16, choices=Role)
    account = models.ForeignKey(Account, models.CASCADE, null=True, blank=True, related_name="people")
    managed_accounts = models.ManyToManyField(
        Account, through="ManagerAssignment", related_name="managers", verbose_name=_("accounts to manage")
    )
    is_active = models.BooleanField(_("active"), default=True)
    is_staff = models.BooleanField(default=False, editable=False)
    sound_on = models.BooleanField(_("sound on a new message"), default=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    USERNAME_FIELD = "email_index"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: list[str] = []

    objects = UserManager()

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        base_manager_name = "objects"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(role__in=["operator", "manager"], account=None)
                | models.Q(role__in=["owner", "supervisor", "agent"], account__isnull=False),
                name="agents_have_an_account",
            )
        ]

    def __str__(self) -> str:
        return (
            f"{self.get_role_display()} {str(self.pk)[-6:]}"  # never the name: the admin's history keeps this
        )

    def get_username(self) -> str:
        return self.email

    def get_full_name(self) -> str:
        return self.name or self.email

    get_short_name = get_full_name

    @property
    def works_in_agent_pages(self) -> bool:
        return self.role in self.AGENT_ROLES

    def account_ids(self) -> list[int]:
        """Return the accounts this person works for; an operator's are all of them, so none is listed."""
        if self.role == self.Role.MANAGER:
            return list(self.managed_accounts.values_list("pk", flat=True))
        return [self.account_id] if self.account_id else []


class ManagerAssignment(models.Model):
    """Which accounts an account manager looks after."""

    user = models.ForeignKey(User, models.CASCADE, related_name="assignments")
    account = models.ForeignKey(Account, models.CASCADE, related_name="assignments")

    class Meta:
        verbose_name = _("assignment of a manager")
        verbose_name_plural = _("assignments of managers")
        constraints = [models.UniqueConstraint(fields=["user", "account"], name="one_assignment_an_account")]

    def __str__(self) -> str:
        return f"{self.user} · {self.account}"


def is_put_away() -> models.Q:
    """Return the condition that somebody has something in the archive, and nothing outside of it."""
    away, in_sight = models.Q(), models.Q()
    for unit in roots():
        if unit.person_model is Contact and unit.archive:
            theirs = unit.rows().filter(**{unit.person: models.OuterRef("pk")})
            away |= models.Q(models.Exists(theirs.filter(**{f"{unit.archive}__isnull": False})))
            in_sight |= models.Q(models.Exists(theirs.filter(**{unit.archive: None})))
    return away & ~in_sight


class ContactQuerySet(SealedQuerySet):
    def visible_to(self, user: User) -> "ContactQuerySet":
        return self.filter(account_id__in=user.account_ids())

    def with_email(self, account: Account, email: str) -> "ContactQuerySet":
        """Find an account's contacts by exact address, verified or not."""
        return self.filter(account=account, email_index=blind_index(email, account_id=account.pk))

    def possibly_same_as(self, contact: "Contact") -> "ContactQuerySet":
        """Return others of the account who gave the same address; proved by nobody, so only ever a hint.

        Those of whom everything is in the archive are left out: agents see nothing of them any more.
        """
        if not contact.email_index:
            return self.none()
        same = self.filter(account_id=contact.account_id, email_index=contact.email_index)
        same = same.exclude(pk=contact.pk).exclude(is_put_away())
        return same.order_by("verified_at", "created_at")


class Contact(SealedModel):
    """A person who wrote to an account.

    A typed address proves nothing: it makes a contact of its own until a link sent to it was opened.
    """

    account = models.ForeignKey(Account, models.CASCADE, related_name="contacts")
    name = SealedCharField(_("name"), max_length=100, blank=True, default="")
    email = SealedEmailField(_("e-mail"), blank=True, default="")
    email_index = BlindIndexField(of="email", db_index=True)
    verified_at = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    bare_since = models.DateTimeField(null=True, editable=False)  # nothing of theirs is left since then

    objects = ContactQuerySet.as_manager()

    class Meta:
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")
        base_manager_name = "objects"
        constraints = [
            models.UniqueConstraint(
                fields=["account", "email_index"],
                condition=models.Q(verified_at__isnull=False) & ~models.Q(email_index=""),
                name="one_contact_a_verified_address",
            )
        ]

    def __str__(self) -> str:
        return f"contact {str(self.pk)[-6:]}"
