"""The addresses of the chat: the visitor's, the agents', and the demo shop's."""


urlpatterns: list = []
