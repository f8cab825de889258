"""The closed chats that are still kept: a page of them, newest first, and when each will be erased."""

from django.core.paginator import Page, Paginator

from chat.desk import age
from chat.models import Conversation
from helpdesk.models import User
from helpdesk.ticket_list import PAGE_SIZE, REACH
from privacy.categories import Category
from privacy.encryption.rows import UNREADABLE, share_keys
from privacy.services.rules.policies import policy_in_force
from privacy.services.rules.retention import expiry_under
from privacy.services.rules.suspensions import stops_of


def read_closed(user: User, *, page: str = "1") -> Page:
    """Return a page of the closed chats of the agent's account; each has ``age`` and ``expiry``.

    A page that doesn't exist is the first or the last one.
    """
    chats = Conversation.objects.visible_to(user).filter(closed_at__isnull=False)
    chats = chats.select_related("contact", "agent").order_by("-closed_at", "-pk")
    found = Paginator(chats[:REACH], PAGE_SIZE).get_page(page)
    found.object_list = list(found.object_list)
    policy = policy_in_force(account_id=user.account_id, category=Category.CHAT)
    stops = stops_of(found.object_list)
    for chat in found.object_list:
        chat.age, chat.expiry = age(chat.closed_at), expiry_under(policy, chat, stops.get(chat.pk))
    share_keys([user, *found.object_list], lost=UNREADABLE)
    return found
