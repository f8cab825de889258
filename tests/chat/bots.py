"""Flows for the tests of the bot, and what its visitors send."""

import re
from typing import Any

from django.test import Client
from django.urls import reverse

from chat.bot.flow import END, Button, Flow, Kind, Step
from chat.models import BotFlow, BotVersion
from chat.services.flows import begin_with, publish_flow
from helpdesk.models import Account
from privacy.models import ConsentNotice, Mechanism
from privacy.services.people.notices import publish_notice


def step(name: str, kind: str, words: str = "", **values: Any) -> Step:
    return Step(name, kind, {"en": words} if words else {}, **values)


def button(words: str, target: str) -> Button:
    return Button({"en": words}, target)


# Consent, a choice, an answer in words, a department, an agent; and a way of its own for who refuses.
STEPS = (
    step("consent", Kind.CONSENT, "Hello!", next="topic", otherwise="bye"),
    step(
        "topic", Kind.BUTTONS, "What is it about?", buttons=(button("Tea", "name"), button("Shops", "help"))
    ),
    step("name", Kind.TEXT, "Who are you?", asks="name", next="question"),
    step("question", Kind.TEXT, "What may we do?", asks="question", next="agent"),
    step("help", Kind.LINK, "All our shops", url="https://shop.example/all/", next="done"),
    step("done", Kind.MESSAGE, "Enjoy your way!", next=END),
    step("agent", Kind.AGENT, "Somebody comes now."),
    step("bye", Kind.BUTTONS, "A pity.", buttons=(button("Why?", "why"),)),
    step("why", Kind.MESSAGE, "The law wants it so.", next=END),
)


def write(account: Account, *steps: Step) -> None:
    """Put steps into the draft of an account, in the place of what was there."""
    BotFlow.objects.filter(account=account).update(draft=[])
    begin_with(account=account, flow=Flow(steps))


def publish(account: Account, *steps: Step) -> BotVersion:
    """Let these steps talk to the visitors of an account."""
    write(account, *(steps or STEPS))
    return publish_flow(account=account, by=None)


def asks_by_bot(account: Account) -> ConsentNotice:
    """Let the bot of an account ask for consent."""
    account.consent_mechanism = Mechanism.BOT
    account.save(update_fields=["consent_mechanism"])
    return publish_notice(account=account)


class Talker:
    """A visitor's page in a conversation with the bot: it knows what the server sent it, and nothing else."""

    def __init__(self, account: Account, *, language: str = "") -> None:
        self.account, self.token, self.state, self.step = account, "", "", ""
        self.take(self.ask("chat_page", language=language))

    def ask(self, name: str, data: dict | None = None, *, language: str = ""):
        headers = {"X-Chat-Token": self.token} if self.token else {}
        client, address = Client(headers=headers), reverse(name, args=[self.account.public_id])
        address += f"?language={language}" if language else ""
        return client.get(address) if data is None else client.post(address, data)

    def take(self, response):
        page = response.content.decode()
        self.response, self.page = response, page
        self.token = response.headers.get("X-Chat-Token", self.token)
        self.state = value_of("state", page)
        self.step = value_of("step", page)
        self.choices = dict(re.findall(r'name="choice" value="([^"]+)"[^>]*>([^<]+)<', page))
        self.lines = re.findall(r'class="message__body" dir="auto">(.*?)</div>', page)
        return self

    def answer(self, choice: str, **more: Any) -> "Talker":
        """Press a button, and take what the server says."""
        name = "visitor_bot" if self.token else "chat_bot"
        known = {"state": self.state} if not self.token else {"step": self.step}
        return self.take(self.ask(name, known | {"choice": choice} | more))


def value_of(name: str, page: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    return found[1] if found else ""
