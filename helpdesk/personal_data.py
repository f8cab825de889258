from datetime import timedelta

from axes.models import AccessAttempt, AccessAttemptExpiration, AccessFailureLog, AccessLog
from django.contrib.admin.models import LogEntry
from django.db.models import Q

from helpdesk import models
from privacy.categories import Category
from privacy.declarations import declare, declare_impersonal
from privacy.terms import Clock

declare(
    models.Contact,
    Category.CONTACT,
    root=models.Contact,
    person="pk",
    person_model=models.Contact,
    clocks={Clock.LAST_ACTIVITY: "bare_since"},
    over="bare_since",
    export=("name", "email", "verified_at", "created_at"),
    erase_when_bare=True,
)

declare(
    models.Ticket,
    Category.TICKET,
    root=models.Ticket,
    person="requester",
    person_model=models.Contact,
    clocks={
        Clock.CLOSED: "closed_at",
        Clock.LAST_ACTIVITY: "last_activity_at",
        Clock.CREATED: "created_at",
    },
    over="closed_at",
    archive="archived_at",
    skeleton=("status", "created_at", "closed_at"),
    export=("number", "status", "subject", "created_at", "closed_at"),
)
TICKET = {"root": models.Ticket, "path": "ticket"}
declare(models.TicketParticipant, Category.TICKET, **TICKET, owns_key=True, export=("created_at",))
declare(models.TicketMessage, Category.TICKET, **TICKET, export=("kind", "body", "masked", "created_at"))
declare(
    models.TicketFile,
    Category.TICKET_FILE,
    **TICKET,
    files=("stored_as",),
    owns_key=True,
    separable=True,
    clocks={Clock.CLOSED: "ticket__closed_at", Clock.CREATED: "created_at"},
    export=("name", "size", "created_at"),
)
declare(
    models.TicketTechnicalData,
    Category.TECHNICAL,
    **TICKET,
    owns_key=True,
    separable=True,
    clocks={Clock.CLOSED: "ticket__closed_at", Clock.CREATED: "created_at"},
    export=("network", "browser", "page", "created_at"),
)
declare(
    models.TicketAnswer,
    Category.TICKET,
    **TICKET,
    owns_key=True,
    separable=True,
    ends="erase_at",
    export=("label", "value", "plain", "created_at", "erase_at"),
)
declare(
    models.OutgoingMail,
    Category.MAIL,
    **TICKET,
    account="account",
    since="created_at",
    ripe=~Q(state=models.OutgoingMail.State.QUEUED),
    export=("to", "subject", "body", "state", "created_at", "sent_at"),
)

declare(
    models.User,
    Category.USER,
    root=models.User,
    person="pk",
    person_model=models.User,
    export=("email", "name", "role", "sound_on", "created_at", "last_login"),
)
declare(models.ManagerAssignment, Category.USER, root=models.User, path="user", export=("account",))
declare(models.Team.members.through, Category.USER, root=models.User, path="user", export=("team",))
declare(models.User.groups.through, Category.USER, root=models.User, path="user", export=("group",))
declare(
    models.User.user_permissions.through, Category.USER, root=models.User, path="user", export=("permission",)
)
declare(
    models.StaffMail,
    Category.MAIL,
    root=models.User,
    path="user",
    export=("to", "subject", "body", "state", "created_at", "sent_at"),
    term=timedelta(days=30),
    since="created_at",
)
declare(
    LogEntry,
    Category.ACCESS,
    root=models.User,
    path="user",
    export=("action_time", "content_type", "action_flag"),
    term=timedelta(days=365),
    since="action_time",
)

declare(
    models.SupportGrant,
    Category.ACCESS,
    root=models.User,
    path="user",
    export=(
        "account",
        "reason",
        "with_files",
        "created_at",
        "until",
        "first_used_at",
        "ended_at",
        "ended_because",
    ),
    term=timedelta(days=365),
    since="until",
)
declare(
    models.SupportOpening,
    Category.ACCESS,
    root=models.User,
    path="grant__user",
    export=("unit", "unit_id", "is_file", "at"),
    term=timedelta(days=365),
    since="grant__until",  # together with the grant
)

declare(AccessAttemptExpiration, Category.ACCESS, term=timedelta(), since="expires_at")  # before its attempt
declare(
    AccessAttempt, Category.ACCESS, term=timedelta(hours=1), since="attempt_time"
)  # counts for 15 minutes
for model in (AccessLog, AccessFailureLog):  # off, so empty
    declare(model, Category.ACCESS, term=timedelta(days=30), since="attempt_time")

declare_impersonal(
    models.Account,
    models.AccountLogo,
    models.AllowedNetwork,
    models.BusinessHours,
    models.FormField,
    models.Team,
    because="what a company published or decided about itself",
)
declare_impersonal(
    models.Recipient,
    models.NoticeVersion,
    models.AlreadyInformed,
    because="what a company published or decided; whoever decided it is named by their own row",
)
declare_impersonal(models.OverdueAlert, because="a count and a time of an account")
