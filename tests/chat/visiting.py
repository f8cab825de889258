"""What a visitor's page sends, for the tests of its views."""

from django.test import Client
from django.urls import reverse

from helpdesk.models import Account

TOKEN = "a" * 43
OTHER_TOKEN = "b" * 43


def visit(
    name: str,
    account: Account,
    *more: object,
    token: str | None = TOKEN,
    data: dict | None = None,
    **headers: str,
):
    """Call a visitor's view as the chat page does; with ``data`` it is a POST. ``more`` is of its address."""
    headers = headers | ({"X-Chat-Token": token} if token is not None else {})
    client, address = Client(headers=headers), reverse(name, args=[account.public_id, *more])
    return client.get(address) if data is None else client.post(address, data)


def answers(**given: str) -> dict[str, str]:
    """Return a filled-in form of an account as the tests make it."""
    return {
        "name": "Vera",
        "email": "vera@mail.example",
        "question": "Hello?",
        "consent_answer": "on",
        "notice": "1",
    } | given
