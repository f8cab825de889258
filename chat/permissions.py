"""Who may see a chat: its visitor by the token, its account's agents by their scope."""

import hmac
from uuid import UUID

from chat.models import Conversation, SecureRequest
from chat.services.conversations import hash_token
from chat.statements import chat_of_token
from helpdesk.models import User
from helpdesk.permissions import leads

TOKEN_LENGTH = 43  # 256 bits in URL-safe base64


def conversation_for(public_id: str, token: str) -> Conversation | None:
    """Return the chat of an active account that the visitor's token opens; ``None`` for anything else."""
    if not isinstance(token, str) or len(token) != TOKEN_LENGTH:
        return None
    wanted = hash_token(token)
    chat = chat_of_token(wanted, public_id)
    return chat if chat and hmac.compare_digest(chat.token_hash, wanted) else None


def conversation_of(user: User, conversation_id: UUID) -> Conversation | None:
    """Return a chat that the agent may see; ``None`` where it is erased, foreign or never was."""
    chat = next(iter(Conversation.objects.visible_to(user).filter(pk=conversation_id)), None)
    if chat is None:
        return None
    chat.account = user.account
    if chat.agent_id == user.pk:
        chat.agent = user
    return chat


def is_gone(chat: Conversation) -> bool:
    """Tell whether a chat was erased since it was fetched: what belongs to it can't be read any more."""
    return not Conversation.objects.filter(pk=chat.pk).exists()


def may_answer(user: User, chat: Conversation) -> bool:
    """Tell whether the agent may write in this chat: the one who accepted it, while it is open."""
    return chat.status == Conversation.Status.ACTIVE and chat.agent_id == user.pk


def may_view_value(user: User, asked: SecureRequest) -> bool:
    """Tell whether a sensitive value is this agent's to see: the one who asked for it, and nobody else."""
    return asked.agent_id == user.pk


def may_close(user: User, chat: Conversation) -> bool:
    """Tell whether the agent may close this chat: its own agent, or who leads the team."""
    return may_answer(user, chat) or (leads(user) and chat.status != Conversation.Status.CLOSED)
