from helpdesk.services.rebuilding.accounts import rebuild_allowlists, rebuild_settings
from helpdesk.services.rebuilding.contents import rebuild_mergings, rebuild_tickets
from helpdesk.services.rebuilding.people import (
    rebuild_assignments,
    rebuild_people,
    rebuild_readers,
    rebuild_support,
)
from helpdesk.services.rebuilding.rules import rebuild_plans, rebuild_rules
from privacy.ledger.decisions import declare_decisions, declare_opening, lost

# Plans before the accounts that have them, and both before what is obeyed is compared with the ledger.
declare_decisions(rebuild_plans, "plan.opened", "plan.changed")
declare_decisions(rebuild_settings, "account.changed")
declare_decisions(rebuild_rules, "retention.changed", "retention.minimum_changed")
declare_decisions(rebuild_allowlists, "allowlist.changed")
declare_decisions(
    rebuild_people,
    "person.deactivated",
    "person.reactivated",
    "person.role_changed",
    "person.password_changed",
)
declare_decisions(rebuild_assignments, "manager.assigned", "manager.withdrawn")
declare_decisions(rebuild_readers, "archive.reader_added", "archive.reader_removed")
declare_decisions(rebuild_support, "support.granted", "support.ended", "support.expired")
declare_decisions(rebuild_tickets, "ticket.closed", "ticket.reopened")
declare_decisions(rebuild_mergings, "contact.merged", before_erasures=True)
declare_decisions(lost, "recipient.added", "recipient.changed", "recipient.removed")
declare_opening("account.opened")
declare_decisions(lost, "person.added", "person.corrected", "plan.removed")
declare_decisions(lost, "field.declared", "field.changed")
