"""Files for the tests of chats, and chats with some in them."""

from django.core.files.uploadedfile import SimpleUploadedFile

from chat.models import ChatFile, Conversation
from chat.services.messages import post_message

PNG = b"\x89PNG\r\n\x1a\n torn page"


def png(name: str = "page.png", content: bytes = PNG) -> SimpleUploadedFile:
    """Return an upload that lies about what it is."""
    return SimpleUploadedFile(name, content, content_type="text/html")


def send(chat: Conversation, *files: SimpleUploadedFile, side: str = "visitor", **values) -> list[ChatFile]:
    """Say something with files, and return them as they are stored."""
    entry = post_message(conversation=chat, side=side, files=files or [png()], **{"body": ""} | values)
    return list(entry.files.all())
