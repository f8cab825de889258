"""The addresses of the chat: the visitor's, the agents', and the demo shop's."""

from django.urls import include, path

from chat.views import bot, consent, demo, embed, leaving, rating, secure, visitor

urlpatterns = [
    path("agent/", include("chat.agent_urls")),
    path("embed/<slug:public_id>.js", embed.loader, name="loader"),
    path("chat/<slug:public_id>/", embed.chat_page, name="chat_page"),
    path("chat/<slug:public_id>/start/", visitor.chat_start, name="chat_start"),
    path("chat/<slug:public_id>/bot/", bot.visitor_bot, name="visitor_bot"),
    path("chat/<slug:public_id>/bot/begin/", bot.chat_bot, name="chat_bot"),
    path("chat/<slug:public_id>/conversation/", visitor.visitor_conversation, name="visitor_conversation"),
    path("chat/<slug:public_id>/messages/", visitor.visitor_messages, name="visitor_messages"),
    path("chat/<slug:public_id>/files/<uuid:file_pk>/", visitor.visitor_file, name="visitor_file"),
    path("chat/<slug:public_id>/typing/", visitor.visitor_typing, name="visitor_typing"),
    path("chat/<slug:public_id>/end/", visitor.visitor_end, name="visitor_end"),
    path("chat/<slug:public_id>/rating/", rating.chat_rating, name="chat_rating"),
    path("chat/<slug:public_id>/transcript/", visitor.visitor_transcript, name="visitor_transcript"),
    path("chat/<slug:public_id>/consent/", consent.visitor_agree, name="visitor_agree"),
    path("chat/<slug:public_id>/consent/withdraw/", consent.visitor_withdraw, name="visitor_withdraw"),
    path("chat/<slug:public_id>/consent/copy/", consent.visitor_consent_copy, name="visitor_consent_copy"),
    path("chat/<slug:public_id>/secure/", secure.visitor_secure, name="visitor_secure"),
    path("chat/<slug:public_id>/leave/", leaving.visitor_leave_message, name="visitor_leave_message"),
    path("demo/", demo.shop, name="demo"),
    path("demo/<slug:page>/", demo.shop, name="demo_page"),
]
