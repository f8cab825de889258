from privacy.ledger.decisions import declare_decisions, lost
from privacy.services.restoring.consents import rebuild_purposes, rebuild_withdrawals
from privacy.services.restoring.holds import rebuild_holds

declare_decisions(rebuild_holds, "hold.placed", "hold.reviewed", "hold.released")
declare_decisions(rebuild_withdrawals, "consent.withdrawn")
declare_decisions(rebuild_purposes, "purpose.declared", "purpose.changed")
declare_decisions(lost, "notice.published")
