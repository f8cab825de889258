from chat import models
from helpdesk.models import Contact
from privacy.categories import Category
from privacy.declarations import declare

declare(
    models.Conversation,
    Category.CHAT,
    root=models.Conversation,
    person="contact",
    person_model=Contact,
    clock="closed_at",
    export=("status", "created_at", "accepted_at", "closed_at"),
)
declare(
    models.Message,
    Category.CHAT,
    root=models.Conversation,
    path="conversation",
    export=("side", "kind", "body", "created_at"),
)
