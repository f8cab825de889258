"""What the admin holds of the chat: the bot that an account writes, and never a word of a visitor."""

from chat.admin import flows

__all__ = ["flows"]
