"""The addresses of tickets, the notice, an account's colours and logo, and the demo's mailbox."""

from django.urls import path

from helpdesk.views import (
    brand,
    demo_mail,
    holds_agent,
    privacy_notice,
    tickets_agent,
    tickets_consent,
    tickets_kept,
    tickets_public,
)

TICKET = "agent/tickets/<uuid:pk>/"
THREAD = "tickets/thread/<uuid:pk>/"

urlpatterns = [
    path("agent/tickets/", tickets_agent.ticket_list, name="ticket_list"),
    path(TICKET, tickets_agent.ticket_detail, name="ticket_detail"),
    path(f"{TICKET}reply/", tickets_agent.ticket_reply, name="ticket_reply"),
    path(f"{TICKET}note/", tickets_agent.ticket_note, name="ticket_note"),
    path(f"{TICKET}assign/", tickets_agent.ticket_assign, name="ticket_assign"),
    path(f"{TICKET}status/", tickets_agent.ticket_status, name="ticket_status"),
    path(f"{TICKET}close/", tickets_agent.ticket_close, name="ticket_close"),
    path(f"{TICKET}erase/", tickets_agent.ticket_erase, name="ticket_erase"),
    path(f"{TICKET}kept/", tickets_kept.ticket_kept, name="ticket_kept"),
    path(f"{TICKET}hold/", tickets_kept.ticket_hold, name="ticket_hold"),
    path(
        f"{TICKET}hold/<int:hold_pk>/release/", tickets_kept.ticket_hold_release, name="ticket_hold_release"
    ),
    path(f"{TICKET}files/<uuid:file_pk>/", tickets_agent.ticket_file_download, name="ticket_file_download"),
    path("agent/holds/", holds_agent.holds, name="holds"),
    path("agent/holds/<int:pk>/review/", holds_agent.hold_review, name="holds_review"),
    path("agent/holds/<int:pk>/release/", holds_agent.hold_release, name="holds_release"),
    path("tickets/new/<slug:public_id>/", tickets_public.ticket_new, name="ticket_new"),
    path("tickets/sent/<slug:public_id>/", tickets_public.ticket_sent, name="ticket_sent"),
    path("tickets/withdraw/", tickets_consent.ticket_withdraw, name="ticket_withdraw"),
    path("tickets/open/", tickets_public.ticket_open, name="ticket_open"),
    path(THREAD, tickets_public.ticket_thread, name="ticket_thread"),
    path(
        f"{THREAD}consent/withdraw/", tickets_consent.ticket_consent_withdraw, name="ticket_consent_withdraw"
    ),
    path(f"{THREAD}consent/copy/", tickets_consent.ticket_consent_copy, name="ticket_consent_copy"),
    path(f"{THREAD}answer/", tickets_public.ticket_answer, name="ticket_answer"),
    path(f"{THREAD}files/<uuid:file_pk>/", tickets_public.ticket_thread_file, name="ticket_thread_file"),
    path("privacy/<slug:public_id>/", privacy_notice.privacy_notice, name="privacy_notice"),
    path(
        "privacy/<slug:public_id>/versions/",
        privacy_notice.privacy_notice_versions,
        name="privacy_notice_versions",
    ),
    path(
        "privacy/<slug:public_id>/versions/<slug:language>/<int:number>/",
        privacy_notice.privacy_notice_version,
        name="privacy_notice_version",
    ),
    path("brand/<slug:public_id>/<slug:mark>.css", brand.brand_sheet, name="brand_sheet"),
    path("brand/<slug:public_id>/<slug:mark>/", brand.brand_logo, name="brand_logo"),
    path("demo/mail/", demo_mail.demo_mail, name="demo_mail"),
]
