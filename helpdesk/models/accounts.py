"""Accounts: the companies that share a deployment, each the controller of its own visitors' data."""

import ipaddress
import re
import secrets
import zoneinfo

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from helpdesk.client_ip import unmapped
from helpdesk.countries import COUNTRIES
from helpdesk.origins import clean_origins
from privacy.models import Mechanism, Withdrawal
from privacy.texts import validate_texts


def new_public_id() -> str:
    return secrets.token_hex(8)


def default_plan() -> str:
    return settings.LETHE_DEFAULT_PLAN


def validate_colour(text: str) -> None:
    if not re.fullmatch(r"#[0-9a-fA-F]{6}", text):
        raise ValidationError(_("Write a colour as # and six digits, such as #0b5f69."))


def validate_time_zone(name: str) -> None:
    if name not in zoneinfo.available_timezones():
        raise ValidationError(_("There is no time zone of this name. Example: Europe/Paris"))


def validate_network(text: str) -> None:
    try:
        network = unmapped(ipaddress.ip_network(text, strict=True))
    except ValueError as error:
        raise ValidationError(
            _("Write an address or a network, such as 203.0.113.7, 203.0.113.0/24 or 2001:db8::/32.")
        ) from error
    if "%" in text:
        raise ValidationError(_("Write the address without the name of a network card."))
    if network.prefixlen == 0:
        raise ValidationError(_("This is the whole internet. Switch the list off instead."))


class Account(models.Model):
    """A company and what it decided about its helpdesk."""

    class Field(models.TextChoices):
        OFF = "off", _("not asked")
        OPTIONAL = "optional", _("asked, may stay empty")
        REQUIRED = "required", _("asked, must be filled in")

    public_id = models.CharField(max_length=32, unique=True, default=new_public_id, editable=False)
    name = models.CharField(_("name"), max_length=100)
    plan = models.ForeignKey(
        "privacy.Plan",
        models.PROTECT,
        default=default_plan,
        db_column="plan",
        related_name="accounts",
        verbose_name=_("plan"),
    )
    time_zone = models.CharField(
        _("time zone"), max_length=64, default="UTC", validators=[validate_time_zone]
    )
    language = models.CharField(_("language"), max_length=10, choices=settings.LANGUAGES, default="en")
    owner = models.ForeignKey(
        "helpdesk.User",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="owned_accounts",
        verbose_name=_("owner"),
    )
    controller = models.TextField(_("who is responsible"), blank=True, max_length=500)
    privacy_contact = models.CharField(_("contact for privacy"), blank=True, max_length=200)
    policy_url = models.URLField(_("privacy policy"), blank=True)
    policy_read_at = models.DateTimeField(null=True, editable=False)
    policy_trouble = models.CharField(max_length=200, blank=True, editable=False)  # why it can't be read
    protection_officer = models.CharField(_("data protection officer"), blank=True, max_length=200)
    country = models.CharField(_("country"), max_length=2, choices=COUNTRIES, blank=True)
    brand_colour = models.CharField(
        _("colour of the chat"), max_length=7, blank=True, validators=[validate_colour]
    )
    logo_mark = models.CharField(max_length=16, blank=True, editable=False)  # in its address; empty: no logo
    mask_slips = models.BooleanField(_("mask card numbers and the like"), default=True)
    secure_hours = models.PositiveSmallIntegerField(
        _("hours that a sensitive value waits"),
        default=24,
        validators=[MinValueValidator(1), MaxValueValidator(72)],
    )
    keep_address = models.BooleanField(_("keep the network address, shortened"), default=False)
    keep_browser = models.BooleanField(_("keep the name of the browser"), default=False)
    keep_page = models.BooleanField(_("keep the page that the chat began on"), default=False)
    allowed_origins = models.TextField(
        _("sites that may embed the chat"), blank=True, validators=[clean_origins]
    )
    consent_mechanism = models.CharField(
        _("how visitors are asked"), max_length=10, choices=Mechanism, default=Mechanism.FIELD
    )
    consent_together = models.BooleanField(_("several questions as one list"), default=False)
    consent_introduction = models.JSONField(
        _("words above the list"), default=dict, blank=True, validators=[validate_texts]
    )
    billboard = models.JSONField(
        _("message in the window"), default=dict, blank=True, validators=[validate_texts]
    )
    refusal = models.JSONField(
        _("what is possible without consent"), default=dict, blank=True, validators=[validate_texts]
    )
    withdrawal = models.CharField(
        _("when consent is withdrawn"), max_length=6, choices=Withdrawal, default=Withdrawal.ERASE
    )
    confirmed_notice = models.CharField(max_length=64, blank=True, editable=False)  # hash of what was read
    confirmed_at = models.DateTimeField(null=True, editable=False)
    notice_version = models.PositiveIntegerField(default=0, editable=False)  # 0: nobody has to answer one
    chat_name = models.CharField(_("name, in the chat"), max_length=8, choices=Field, default=Field.OPTIONAL)
    chat_email = models.CharField(
        _("e-mail, in the chat"), max_length=8, choices=Field, default=Field.OPTIONAL
    )
    chat_question = models.CharField(
        _("question, in the chat"), max_length=8, choices=Field, default=Field.OPTIONAL
    )
    ticket_name = models.CharField(
        _("name, on the ticket form"), max_length=8, choices=Field, default=Field.OPTIONAL
    )
    idle_minutes = models.PositiveIntegerField(
        _("close a silent chat after (minutes)"),
        default=60,
        validators=[MinValueValidator(5), MaxValueValidator(7 * 24 * 60)],
    )
    former_idle_minutes = models.PositiveIntegerField(null=True, editable=False)
    idle_changed_at = models.DateTimeField(null=True, editable=False)
    silent_ticket_days = models.PositiveIntegerField(
        _("close a silent ticket after (days)"),
        default=365,
        validators=[MinValueValidator(1), MaxValueValidator(3650)],
    )
    former_silent_ticket_days = models.PositiveIntegerField(null=True, editable=False)
    silence_changed_at = models.DateTimeField(null=True, editable=False)
    confirm_above = models.PositiveIntegerField(
        _("ask to type the number above"), default=10, validators=[MaxValueValidator(100)]
    )
    allowlist_enabled = models.BooleanField(_("only these addresses"), default=False)
    is_active = models.BooleanField(_("active"), default=True)
    last_ticket_number = models.PositiveIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("account")
        verbose_name_plural = _("accounts")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> zoneinfo.ZoneInfo:
        return zoneinfo.ZoneInfo(self.time_zone)

    @property
    def origins(self) -> list[str]:
        """The origins whose pages may embed the chat, such as ``https://shop.example``."""
        return clean_origins(self.allowed_origins)

    def field_rules(self, form: str) -> dict[str, str]:
        """Return the rule of each field of the ``chat`` or ``ticket`` form by its name."""
        names = [field.name for field in self._meta.fields if field.name.startswith(f"{form}_")]
        return {name.removeprefix(f"{form}_"): getattr(self, name) for name in names}


class AllowedNetwork(models.Model):
    """An address or network from which people of an account may work."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="allowed_networks")
    network = models.CharField(_("address or network"), max_length=49, validators=[validate_network])
    note = models.CharField(_("what it is"), max_length=60, blank=True)

    class Meta:
        verbose_name = _("allowed network")
        verbose_name_plural = _("allowed networks")
        constraints = [models.UniqueConstraint(fields=["account", "network"], name="one_line_a_network")]

    def __str__(self) -> str:
        return self.network
