"""System checks of a deployment, for `manage.py check --deploy`."""

from collections.abc import Iterable
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.checks import Warning as Caution


@register(Tags.security, deploy=True)
def check_hosts(app_configs: Any, **kwargs: Any) -> Iterable[CheckMessage]:
    """Warn about hosts that let anybody choose the name in our links."""
    if "*" in settings.ALLOWED_HOSTS:
        yield Caution(
            "LETHE_ALLOWED_HOSTS accepts every name.",
            hint="List the names that this helpdesk is reached by.",
            id="lethe.W001",
        )
    host = urlsplit(settings.LETHE_BASE_URL).hostname
    if host not in settings.ALLOWED_HOSTS and "*" not in settings.ALLOWED_HOSTS:
        yield Caution(
            "The host of LETHE_BASE_URL isn't in LETHE_ALLOWED_HOSTS.",
            hint="Links in mails would lead to an error page: add the host.",
            id="lethe.W002",
        )


@register(Tags.security, deploy=True)
def check_addresses(app_configs: Any, **kwargs: Any) -> Iterable[CheckMessage]:
    """Warn about addresses that are wrong or too close together."""
    if not settings.LETHE_BASE_URL.startswith("https://"):
        yield Caution(
            "LETHE_BASE_URL isn't an https address.",
            hint="Serve the helpdesk behind a TLS proxy.",
            id="lethe.W003",
        )
    if urlsplit(settings.LETHE_EMBED_URL).hostname == urlsplit(settings.LETHE_BASE_URL).hostname:
        yield Caution(
            "The embedded chat and the agents' pages share one host.",
            hint="Set LETHE_EMBED_URL to another name, so that a flaw in one can't reach the other.",
            id="lethe.W004",
        )


@register(Tags.security, deploy=True)
def check_key_ring(app_configs: Any, **kwargs: Any) -> Iterable[CheckMessage]:
    """Warn when one backup would hold the ring and the keys that it wraps."""
    ring, vault = settings.LETHE_KEY_RING_FILE, settings.DATABASES["vault"]
    if not ring or not vault["ENGINE"].endswith("sqlite3"):
        return
    if Path(ring).resolve().is_relative_to(Path(vault["NAME"]).resolve().parent):
        yield Caution(
            "The key ring lies beside the vault.",
            hint="Set LETHE_KEY_RING, or LETHE_KEY_RING_FILE to a place that isn't backed up with the vault.",
            id="lethe.W005",
        )


@register(Tags.security, deploy=True)
def check_backups(app_configs: Any, **kwargs: Any) -> Iterable[CheckMessage]:
    """Refuse a ring among the backups: whoever has the copies of the vault must not have what opens them."""
    ring, backups = settings.LETHE_KEY_RING_FILE, Path(settings.LETHE_BACKUP_DIR)
    if ring and Path(ring).resolve().is_relative_to(backups.resolve()):
        yield Error(
            "The key ring lies in LETHE_BACKUP_DIR, beside the copies of the vault.",
            hint="Move it to a place that holds neither database, and set LETHE_KEY_RING_FILE to it.",
            id="lethe.E001",
        )


@register(Tags.security, deploy=True)
def check_heads(app_configs: Any, **kwargs: Any) -> Iterable[CheckMessage]:
    """Warn when the ledger's heads stay where whoever runs the databases can rewrite them, too."""
    beside = Path(settings.LETHE_HEADS_DIR).resolve().is_relative_to(Path(settings.LETHE_DATA_DIR).resolve())
    if beside and not settings.LETHE_HEADS_MAIL:
        yield Caution(
            "The ledger's heads are published beside the ledger only.",
            hint="Set LETHE_HEADS_DIR to another disk or bucket, or LETHE_HEADS_MAIL to somebody outside.",
            id="lethe.W011",
        )


@register(Tags.security, deploy=True)
def check_proxies(app_configs: Any, **kwargs: Any) -> Iterable[CheckMessage]:
    """Warn about trusted proxies that are everybody, or nobody behind TLS."""
    networks = [ip_network(network) for network in settings.LETHE_TRUSTED_PROXIES]
    if any(network.prefixlen == 0 for network in networks):
        yield Caution(
            "LETHE_TRUSTED_PROXIES trusts the whole internet.",
            hint="List the addresses of your own proxies: everybody else could claim any address.",
            id="lethe.W006",
        )
    if settings.SECURE_SSL_REDIRECT and not networks:
        yield Caution(
            "LETHE_TRUSTED_PROXIES is empty, so no request counts as https.",
            hint="List the address of the TLS proxy, such as 127.0.0.1/32.",
            id="lethe.W007",
        )


@register(Tags.security, deploy=True)
def check_parts(app_configs: Any, **kwargs: Any) -> Iterable[CheckMessage]:
    """Warn about embedded parts and demo content in a deployment."""
    if not settings.LETHE_PRODUCTION:
        yield Caution(
            "LETHE_PRODUCTION is off: cookies, redirects and storage are those of a laptop.",
            hint="Set LETHE_PRODUCTION=1.",
            id="lethe.W008",
        )
    if settings.LETHE_DEMO:
        yield Caution(
            "LETHE_DEMO is on: the demo shop, its people and their mail are open to everybody.",
            hint="Unset LETHE_DEMO.",
            id="lethe.W009",
        )
    if not settings.LETHE_SENDS_MAIL:
        yield Caution(
            "LETHE_EMAIL_URL is unset: no reply and no reset link leaves this helpdesk.",
            hint="Set it to an address like smtp+tls://user:password@mail.example.com:587.",
            id="lethe.W010",
        )
