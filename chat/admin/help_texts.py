"""One sentence for each control of a step: what it does, and which article of the GDPR it serves."""

from django.utils.translation import gettext_lazy as _

from chat.bot.flow import Kind

STEP = {
    "name": _("A short name, by which other steps lead here; visitors never see it (Article 5(2))."),
    "words": _("What visitors read, short and plain (Article 12(1))."),
    "asks": _(
        "What the answer is kept as, by the rules of the tab “Chat and ticket fields”: what is not asked "
        "there can't be asked here (Article 5(1)(c))."
    ),
    "team": _("Agents read it beside the chat; the visitor is led there (Article 29)."),
    "url": _(
        "Opens in a tab of its own. That site learns neither the chat nor the page that it was opened from "
        "(Article 25)."
    ),
    "next": _("The step that follows, or that the automatic answers end here (Article 13(2)(f))."),
    "otherwise": _("The step that follows in the other case (Article 13(2)(f))."),
    "button": _("What stands on the button, and where it leads (Article 12(1))."),
}

# What a kind of step is for, above its form.
KINDS = {
    Kind.CONSENT: _(
        "Asks the questions of the notice in force, one for each purpose, before anything is stored. On the "
        "way of “no” nothing may be stored (Articles 4(11) and 7)."
    ),
    Kind.MESSAGE: _("Says something and goes on."),
    Kind.BUTTONS: _("Asks, and lets the visitor choose."),
    Kind.TEXT: _(
        "Asks for something in the visitor's own words, checked as the form before a chat checks it."
    ),
    Kind.DEPARTMENT: _("Leads the chat to a team and goes on."),
    Kind.HOURS: _("Goes one way while somebody is there, by the opening hours, and another way else."),
    Kind.AGENT: _("Puts the chat into the agents' queue. The bot says nothing any more."),
    Kind.LEAVE: _("Opens the form by which a visitor leaves a message; it becomes a ticket."),
    Kind.LINK: _("Shows a link to a page that helps, and goes on."),
}

WAYS = {
    Kind.CONSENT: (_("After yes"), _("After no")),
    Kind.HOURS: (_("While open"), _("While closed")),
}
