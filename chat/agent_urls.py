"""The addresses of the agents' chat pages, under ``/agent/``."""

from django.urls import path

from chat.views import agent, agent_actions, kept, secure

urlpatterns = [
    path("", agent.agent_home, name="agent_home"),
    path("sound/", agent_actions.chat_sound, name="chat_sound"),
    path("chats/", agent.chat_list, name="chat_list"),
    path("chats/queue/", agent.chat_queue, name="chat_queue"),
    path("chats/closed/", agent.chat_closed, name="chat_closed"),
    path("chats/<uuid:conversation_id>/", agent.chat_detail, name="chat_detail"),
    path("chats/<uuid:conversation_id>/messages/", agent.chat_messages, name="chat_messages"),
    path("chats/<uuid:conversation_id>/files/<uuid:file_pk>/", agent.chat_file, name="chat_file"),
    path("chats/<uuid:conversation_id>/accept/", agent_actions.chat_accept, name="chat_accept"),
    path("chats/<uuid:conversation_id>/typing/", agent_actions.chat_typing, name="chat_typing"),
    path("chats/<uuid:conversation_id>/seen/", agent_actions.chat_seen, name="chat_seen"),
    path("chats/<uuid:conversation_id>/close/", agent_actions.chat_close, name="chat_close"),
    path("chats/<uuid:conversation_id>/erase/", agent_actions.chat_erase, name="chat_erase"),
    path("chats/<uuid:conversation_id>/secure/", secure.chat_secure_ask, name="chat_secure_ask"),
    path(
        "chats/<uuid:conversation_id>/secure/<uuid:request_pk>/",
        secure.chat_secure_value,
        name="chat_secure_value",
    ),
    path("chats/<uuid:conversation_id>/kept/", kept.chat_kept, name="chat_kept"),
    path("chats/<uuid:conversation_id>/hold/", kept.chat_hold, name="chat_hold"),
    path(
        "chats/<uuid:conversation_id>/hold/<int:hold_pk>/release/",
        kept.chat_hold_release,
        name="chat_hold_release",
    ),
]
