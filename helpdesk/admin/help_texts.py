"""One sentence for each control of the admin: what it does, and which article of the GDPR it serves."""

from django.utils.translation import gettext_lazy as _

ACCOUNT = {
    "name": _(
        "Shown to visitors above the chat and in mails, so that they know whom they write to (GDPR, "
        "Article 13(1)(a))."
    ),
    "plan": _(
        "What the account may decide about terms and schedules; the rights of people never depend on it "
        "(Article 28(3))."
    ),
    "is_active": _(
        "Off: nobody of the account signs in and no new chat or ticket begins; erasures go on (Article 32)."
    ),
    "time_zone": _(
        "Times and days are counted and shown in this zone, so that a time limit means the same to "
        "everybody (Article 12(1))."
    ),
    "language": _(
        "The language of the notice and of mails to visitors, who must be able to understand them "
        "(Article 12(1))."
    ),
    "owner": _(
        "Who answers for the account on the company's side and is told about breaches (Articles 24 and "
        "33(2))."
    ),
    "controller": _(
        "Name and postal address of the company that decides why data is kept; part of the privacy notice "
        "(Article 13(1)(a))."
    ),
    "privacy_contact": _(
        "Where visitors ask about their data: the data protection officer, or a mailbox (Article 13(1)(b))."
    ),
    "policy_url": _(
        "Linked beside the consent checkbox and in the privacy notice, so that visitors can read on "
        "(Article 13)."
    ),
    "protection_officer": _(
        "Name and address, telephone or mailbox, where the company has one; part of the privacy notice "
        "(Article 13(1)(b))."
    ),
    "country": _(
        "Where the company sits: it decides the complaint authority, the age from which one may consent "
        "alone, and the public holidays of time limits (Articles 8 and 13(2)(d))."
    ),
    "brand_colour": _(
        "Such as #0b5f69. Words on it are black or white, whichever is easier to read (Article 12(1))."
    ),
    "logo": _(
        "A PNG, JPEG, WebP or GIF of at most 1 MB, shown above the chat and the forms so that visitors know "
        "whom they write to (Article 13(1)(a)). What a picture carries besides, such as the place of a "
        "photograph, is not kept."
    ),
    "remove_logo": _("The name alone says whom visitors write to (Article 13(1)(a))."),
    "mask_slips": _(
        "On: payment cards, bank accounts, national numbers and passwords that somebody types by a slip are "
        "masked before they are stored, and the visitor is told (Articles 5(1)(c) and 25(2))."
    ),
    "secure_hours": _(
        "What an agent asked for in a chat as a sensitive value is erased once it was seen, when the chat "
        "ends, and after this time at the latest: 1 to 72 hours (Articles 5(1)(c) and (e))."
    ),
    "keep_address": _(
        "Shortened to its network (203.0.113.0/24, or the first 48 bits of IPv6), so that it points at "
        "nobody in particular, and erased by the rule for technical data (Articles 5(1)(c) and 25)."
    ),
    "keep_browser": _(
        "The name and main version of the browser and system, to help with faults of the site (Article "
        "5(1)(c))."
    ),
    "keep_page": _(
        "Of your own site, without what follows its question mark, and without parts that hold an address or "
        "a key (Article 5(1)(c))."
    ),
    "allowed_origins": _(
        "One a line, such as https://www.example.com; no other site can show the chat as if it were its "
        "own (Article 32(1)(b))."
    ),
    "managers": _(
        "Who may open these settings; nobody else of the deployment can, operators apart (Articles 29 and "
        "32(4))."
    ),
    "consent_mechanism": _(
        "Boxes in the form, the first question of the bot, a message in the window, or the site around the "
        "chat; what rests on consent begins only after a clear yes (Articles 4(11) and 7(1))."
    ),
    "consent_together": _(
        "On: one list in which visitors tick what they agree to; off: a box for each (Article 7(2))."
    ),
    "consent_introduction": _(
        "Stands above the list, such as “I agree that my data is used for:” (Article 7(2))."
    ),
    "billboard": _(
        "Shown in the chat's window. It informs; reading it is no consent in the sense of the law (Articles "
        "4(11) and 13)."
    ),
    "refusal": _(
        "What visitors can do who don't agree, such as calling you or writing a letter; nothing of theirs is "
        "stored then (Articles 7(4) and 12(1))."
    ),
    "withdrawal": _(
        "What one tap on “Withdraw consent” does at once; withdrawing is as easy as giving (Article 7(3))."
    ),
    "chat_name": _(
        "Whether the chat asks for a name before it begins; don't ask for what you don't need (Article "
        "5(1)(c))."
    ),
    "chat_email": _(
        "Whether the chat asks for an e-mail address, needed only to answer later (Article 5(1)(c))."
    ),
    "chat_question": _(
        "Whether the chat asks what it is about, so that the right agent takes it (Article 5(1)(c))."
    ),
    "ticket_name": _(
        "Whether the ticket form asks for a name; the e-mail address is always asked, for the answer goes "
        "there (Article 5(1)(c))."
    ),
    "idle_minutes": _(
        "A chat in which nobody writes is closed after this time, or its clock would never start; after a "
        "shorter one, what is silent already waits a day at most (Article 5(1)(e))."
    ),
    "silent_ticket_days": _(
        "A ticket in which nobody writes is closed after this time, so that its clock starts too; after a "
        "shorter one, what is silent already waits a day (Article 5(1)(e))."
    ),
    "confirm_above": _(
        "Shorter rules that erase more than this ask for the number to be typed, so that nobody erases by a "
        "slip (Articles 24 and 32(1)(b))."
    ),
    "allowlist_enabled": _(
        "On: agents and managers of this account are let in from these networks only; visitors are never "
        "asked (Article 32(1)(b))."
    ),
    "network": _(
        "An address or a network, such as 203.0.113.7, 203.0.113.0/24 or 2001:db8::/32 (Article 32(1)(b))."
    ),
    "note": _("What it is, such as “office”, so that the next manager knows why it is here (Article 5(2))."),
}

RETENTION = {
    "rule": _(
        "Erased means in every backup too, with files and keys; keep nothing longer than you need it "
        "(Articles 5(1)(e) and 17)."
    ),
    "amount": _("A number from 1 to 1200; state the shortest time that does the work (Article 25(2))."),
    "unit": _("A month later is the same date of that month, or its last day (Article 5(1)(e))."),
    "clock": _("The moment that starts the clock, so that it never depends on chance (Article 5(1)(e))."),
    "every": _("Until the run comes, nothing goes; the notice says so to visitors (Article 13(2)(a))."),
    "day": _("From 1 to 31; a shorter month runs on its last day (Article 5(1)(e))."),
    "weekday": _("In the time zone of the account (Article 5(1)(e))."),
    "hour": _("By the clock on the wall, also when it is set forward or back (Article 5(1)(e))."),
    "archive_amount": _(
        "Empty for no archive. Agents no longer see what is in it; only people whom you name open it, for a "
        "purpose (Articles 5(1)(b) and 25(2))."
    ),
    "archive_unit": _("Counted from the day it went to the archive (Article 5(1)(e))."),
    "at_end": _(
        "Anonymous figures are the status, times to the hour and the rating; nobody can be found in them "
        "(Recital 26, Articles 5(1)(e) and 89(1))."
    ),
    "minimum_amount": _(
        "Empty for no minimum. Nothing is kept because of it: it warns you of a rule that is shorter "
        "(Articles 5(2) and 6(1)(c))."
    ),
    "minimum_unit": _("Counted from the same moment as the rule (Article 5(1)(e))."),
    "minimum_reason": _(
        "Such as “invoices, § 147 AO”: agents read it where they ask why something is still here (Article "
        "5(2))."
    ),
    "reason": _("Kept with the version, for whoever asks later why it is so (Article 5(2))."),
    "skip_cooling": _(
        "A first run after a shorter time waits a day, so that a slip can be undone; without the wait "
        "nothing comes back, and a reason is needed (Article 32(1)(b))."
    ),
    "typed_number": _(
        "Asked for only where a shorter time erases many things at once; the rehearsal shows the number "
        "(Articles 24 and 32(1)(b))."
    ),
}

PLAN = {
    "code": _("A short name for settings and the ledger; it stays for ever (Article 5(2))."),
    "name": _("What managers read where something is part of another plan (Article 12(1))."),
    "schedules": _(
        "On: accounts choose longer terms, runs on a schedule and an archive; shorter terms and the rights "
        "of people are part of every plan (Articles 5(1)(e) and 28(3))."
    ),
    "rule": _("What happens where an account decided nothing (Articles 5(1)(e) and 25(2))."),
    "amount": _("A number from 1 to 1200 (Article 5(1)(e))."),
    "unit": _("A month later is the same date of that month, or its last day (Article 5(1)(e))."),
    "typed_number": _(
        "Asked for only where a shorter term erases many things; saving shows the number first "
        "(Articles 24 and 32(1)(b))."
    ),
}

PERSON = {
    "account": _(
        "The company whose chats and tickets this person reads; for ever, since their work stays there "
        "(GDPR, Article 32(4)). Managers and operators have none."
    ),
    "name": _(
        "Visitors see it beside each answer, so that they know who reads what they write (Article 12(1))."
    ),
    "email": _(
        "For signing in, and unique in the whole deployment; it is stored encrypted (Article 32(1)(a))."
    ),
    "role": _(
        "Agents answer; supervisors also see the work of others; owners answer for the account. "
        "Give no more than the work needs (Articles 25(2) and 32(4))."
    ),
    "is_active": _(
        "Off: the person is signed out everywhere at once and can't come back in; what they wrote stays "
        "(Article 32(1)(b))."
    ),
    "new_password": _(
        "At least 12 characters, not a common one and not like the name or address; hand it over in person. "
        "Setting one signs the person out everywhere (Article 32(1)(b))."
    ),
}

RECIPIENT = {
    "name": _("The company's name, as visitors will read it (Article 13(1)(e))."),
    "role": _("A processor works on your orders, under a contract (Articles 13(1)(e) and 28)."),
    "tasks": _("In a few words, such as “runs the servers” (Article 13(1)(e))."),
    "country": _("Empty inside the European Economic Area (Article 13(1)(f))."),
    "safeguards": _(
        "A decision of adequacy, standard clauses, …, and where one gets a copy (Articles 13(1)(f), 45 and "
        "46)."
    ),
}

FORM_FIELD = {
    "form": _("Where it is asked; what is asked for nothing should not be asked at all (Article 5(1)(c))."),
    "key": _("A short name for the ledger; it stays for ever (Article 5(2))."),
    "kind": _("Decides what fits in: the server refuses everything else (Article 5(1)(d))."),
    "labels": _("What visitors read above the field, short and plain (Article 12(1))."),
    "helps": _("A sentence below the label: why it is asked, or how to write it (Article 12(1))."),
    "options": _(
        "For choices only: one on each line, and in each language the same ones in the same order "
        "(Article 12(1))."
    ),
    "rule": _("Ask as little as the answer needs; what isn't asked is dropped (Article 5(1)(c))."),
    "is_personal": _(
        "On: sealed, and gone from every backup once it is erased. Off: kept in the clear, also in backups, "
        "so only for what says nothing about anybody (Articles 4(1) and 32)."
    ),
    "is_special": _(
        "Health, religion, origin, politics, sexuality, trade union: only with explicit consent to its "
        "purpose, and asked only where the form asks for that consent (Article 9)."
    ),
    "purpose": _(
        "Needed for required personal data; where it rests on consent, nothing is stored without it "
        "(Articles 5(1)(b) and 6)."
    ),
    "term_amount": _(
        "Counted from when it was given. Empty: as long as its chat or ticket, which it never outlives. A "
        "new term counts for new answers (Article 5(1)(e))."
    ),
    "term_unit": _("The unit of that term (Article 5(1)(e))."),
    "position": _("Smaller numbers come first (Article 12(1))."),
}

PURPOSE = {
    "key": _("A short name for proofs of consent and the ledger; it stays for ever (Article 5(2))."),
    "names": _("In a few words, as visitors will read it in the notice (Article 13(1)(c))."),
    "basis": _("One of the six of the law; each purpose has exactly one (Article 6(1))."),
    "basis_note": _(
        "The law that obliges you, the contract, or your legitimate interest; visitors are told (Articles "
        "6(3) and 13(1)(d))."
    ),
    "questions": _(
        "For consent only: the words beside the box, short and plain. Other words make a new version, and "
        "returning visitors are asked again (Article 7(2))."
    ),
    "is_required": _(
        "On: nothing begins without it, so ask only what the answer really needs (Article 7(4))."
    ),
    "reuses": _("Where data that was collected for another purpose is used for this one (Article 6(4))."),
    "compatibility": _(
        "The link between the two, the context, the kind of data, what follows for people, the safeguards "
        "(Article 6(4))."
    ),
    "position": _("Smaller numbers come first (Article 12(1))."),
    "is_active": _("Off: data may not be used for it any more, and nobody is asked (Article 5(1)(b))."),
}
