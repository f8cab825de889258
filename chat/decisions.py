from privacy.ledger.decisions import declare_decisions, lost

declare_decisions(lost, "bot.published", "bot.switched_off")
