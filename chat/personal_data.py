from chat import models
from helpdesk.models import Contact
from privacy.categories import Category
from privacy.declarations import declare, declare_impersonal
from privacy.terms import Clock

declare(
    models.Conversation,
    Category.CHAT,
    root=models.Conversation,
    person="contact",
    person_model=Contact,
    clocks={
        Clock.CLOSED: "closed_at",
        Clock.LAST_MESSAGE: "last_message_at",
        Clock.CREATED: "created_at",
    },
    over="closed_at",
    archive="archived_at",
    skeleton=("status", "created_at", "accepted_at", "closed_at", "closed_by", "rating"),
    export=("status", "created_at", "accepted_at", "closed_at", "rating"),
)
declare(
    models.Message,
    Category.CHAT,
    root=models.Conversation,
    path="conversation",
    export=("side", "kind", "body", "masked", "created_at"),
)
declare(
    models.SecureRequest,
    Category.CHAT,
    root=models.Conversation,
    path="conversation",
    export=("label", "state", "asked_at", "answered_at", "over_at", "reason"),
)
# It goes once it was seen, or within hours: see :mod:`chat.services.secure`. This is what it can't outlive.
declare(
    models.SecureValue,
    Category.CHAT,
    root=models.Conversation,
    path="request__conversation",
    owns_key=True,
    separable=True,
    clocks={Clock.CLOSED: "request__conversation__closed_at"},
    export=("value", "created_at"),
)
declare(
    models.ChatAnswer,
    Category.CHAT,
    root=models.Conversation,
    path="conversation",
    owns_key=True,
    separable=True,
    ends="erase_at",
    export=("label", "value", "plain", "created_at", "erase_at"),
)
declare(
    models.ChatFile,
    Category.CHAT_FILE,
    root=models.Conversation,
    path="conversation",
    files=("stored_as",),
    owns_key=True,
    separable=True,
    clocks={Clock.CLOSED: "conversation__closed_at", Clock.CREATED: "created_at"},
    export=("message.side", "name", "kind", "size", "created_at"),
)
declare(
    models.TechnicalData,
    Category.TECHNICAL,
    root=models.Conversation,
    path="conversation",
    owns_key=True,
    separable=True,
    clocks={Clock.CLOSED: "conversation__closed_at", Clock.CREATED: "created_at"},
    export=("network", "browser", "page", "created_at"),
)

declare_impersonal(models.BotFlow, models.BotVersion, because="what a company lets its bot say")
