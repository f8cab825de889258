from helpdesk.models.accounts import Account, AllowedNetwork
from helpdesk.models.fields import AnswerRecord, FormField, TicketAnswer
from helpdesk.models.hours import BusinessHours
from helpdesk.models.logo import AccountLogo
from helpdesk.models.notices import AlreadyInformed, NoticeVersion, Recipient
from helpdesk.models.overdue_alert import OverdueAlert
from helpdesk.models.people import Contact, ManagerAssignment, User
from helpdesk.models.staff_mail import StaffMail
from helpdesk.models.support import SupportGrant, SupportOpening
from helpdesk.models.teams import Team
from helpdesk.models.technical import TechnicalRecord, TicketTechnicalData
from helpdesk.models.tickets import OutgoingMail, Ticket, TicketFile, TicketMessage, TicketParticipant

__all__ = [
    "Account",
    "AccountLogo",
    "AllowedNetwork",
    "AlreadyInformed",
    "AnswerRecord",
    "BusinessHours",
    "Contact",
    "FormField",
    "ManagerAssignment",
    "NoticeVersion",
    "OutgoingMail",
    "OverdueAlert",
    "Recipient",
    "StaffMail",
    "SupportGrant",
    "SupportOpening",
    "Team",
    "TechnicalRecord",
    "Ticket",
    "TicketAnswer",
    "TicketFile",
    "TicketMessage",
    "TicketParticipant",
    "TicketTechnicalData",
    "User",
]
