"""Signing in by e-mail address and password."""

import re
from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.hashers import make_password
from django.http import HttpRequest

from helpdesk.models import User
from helpdesk.permissions import is_active
from helpdesk.text import ADDRESS_LIMIT
from privacy.encryption.rows import UNREADABLE, read_lost_as

PASSWORD_LIMIT = 1024  # hashing more would only keep the server busy
_UNREADABLE = re.compile(r"[\x00\ud800-\udfff]")


class EmailBackend(ModelBackend):
    """Find people through the blind index of their address."""

    def authenticate(
        self,
        request: HttpRequest | None,
        username: Any = None,
        password: Any = None,
        email: Any = None,
        **kwargs: Any,
    ) -> User | None:
        """Return whose address and password these are, or ``None``; it takes as long for unknown people."""
        address = email if username is None else username
        if not readable(address, ADDRESS_LIMIT) or not readable(password, PASSWORD_LIMIT):
            return None
        user = User.objects.select_related("account").with_email(address).first()
        if user is None:
            make_password(password)
            return None
        return user if user.check_password(password) and is_active(user) else None

    def get_user(self, user_id: Any) -> User | None:
        """Return the person of a session, with their account; nobody once either is switched off."""
        user = User.objects.select_related("account").filter(pk=user_id).first()
        if user is None or not is_active(user):
            return None
        read_lost_as(UNREADABLE, [user])  # every page names them in its menu
        return user


def readable(text: Any, limit: int) -> bool:
    """Tell whether this is text that a database and a hash can take."""
    return isinstance(text, str) and 0 < len(text) <= limit and not _UNREADABLE.search(text)
