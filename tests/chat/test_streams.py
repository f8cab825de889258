"""What the streams tell, and to whom, from a web process of their own."""

import pytest

from chat.services.conversations import accept_chat, close_abandoned_chats, end_chat
from chat.services.messages import post_message
from privacy.models import RetentionPolicy
from privacy.terms import Rule
from tests import factories
from tests.chat.stream_client import Event

pytestmark = pytest.mark.django_db(transaction=True)


def say(chat, body, *, side="visitor", agent=None):
    return post_message(conversation=chat, side=side, body=body, agent=agent)


def test_visitor_and_agents_hear_what_is_said(web, start, account, agent, cookie_of):
    chat, token = start(account)
    visitor, desk = web.visitor(token, after=1), web.agent(cookie_of(agent))
    status = visitor.next()

    accept_chat(conversation=chat, agent=agent)
    say(chat, "It is on its way.\nTomorrow!", side="agent", agent=agent)
    say(chat, "<b>Thanks</b>")

    assert status == Event("status", '{"status":"waiting","position":1,"agent":""}')
    visitor.wait_for(lambda stream: stream.entries == [2, 3, 4])
    joined, answer, thanks = [event for event in visitor.events if event.name == ""]
    assert "Ada Agent joined the chat" in joined.data
    assert answer.text == "It is on its way.\nTomorrow!"
    assert thanks.text == "&lt;b&gt;Thanks&lt;/b&gt;"
    assert 'message--mine" data-seq="4"' in thanks.data
    assert {e.json["agent"] for e in visitor.events if e.name == "status"} == {"", "Ada Agent"}
    entries = [desk.next_entry(after=1) for _ in range(3)]
    assert [(e["conversation"], e["seq"], e["side"]) for e in entries] == [
        (str(chat.pk), 2, "agent"),
        (str(chat.pk), 3, "agent"),
        (str(chat.pk), 4, "visitor"),
    ]
    assert 'message--theirs" data-seq="4"' in entries[2]["html"]


def test_streams_are_answered_for_browsers_and_proxies(web, start, account):
    token = start(account).token

    visitor = web.visitor(token)

    headers = visitor._response.headers
    assert visitor.status == 200
    assert headers["content-type"] == "text/event-stream; charset=utf-8"
    assert headers["cache-control"] == "no-store"
    assert headers["x-accel-buffering"] == "no"
    assert headers["set-cookie"] is None


def test_each_tab_hears_everything(web, start, account):
    chat, token = start(account)
    tabs = [web.visitor(token), web.visitor(token, after=1), web.visitor(token)]

    say(chat, "In all of them.")

    for tab in tabs:
        tab.next("status")
        tab.wait_for(lambda stream: stream.entries[-1:] == [2])
    assert [tab.entries for tab in tabs] == [[1, 2], [2], [1, 2]]


def test_too_many_tabs_are_asked_to_wait(web, start, account):
    token = start(account).token
    tabs = [web.visitor(token) for _ in range(20)]
    for tab in tabs:
        tab.next("status")

    one_more = web.visitor(token)
    tabs[0].close()
    tabs[1].wait_for(lambda _: web.request("GET", "/stream/visitor/", X_Chat_Token=token) == 200)

    assert one_more.status == 429


@pytest.mark.parametrize("claimed", ["", "abc", "-1", "1e3", "1.5", "99999999999999", "0x1", "1;2", "\u00e9"])
def test_last_event_id_that_is_none_begins_at_the_beginning(web, start, account, claimed):
    token = start(account).token

    visitor = web.visitor(token, after=claimed)

    visitor.wait_for(lambda stream: stream.entries == [1])


def test_client_that_claims_the_future_still_hears_what_is_new(web, start, account):
    chat, token = start(account)
    visitor = web.visitor(token, after=999_999)
    visitor.next("status")

    say(chat, "New to everybody.")

    assert visitor.next("").text == "New to everybody."


def test_long_chat_arrives_whole(web, start, account):
    chat, token = start(account)
    for number in range(450):
        say(chat, f"Line {number}")

    visitor = web.visitor(token)

    visitor.wait_for(lambda stream: len(stream.entries) >= 451)
    assert visitor.entries == list(range(1, 452))


def test_queue_tells_each_visitor_their_place(web, start, account, agent, cookie_of):
    chats = [start(account) for _ in range(3)]
    visitors = [web.visitor(chat.token) for chat in chats]
    desk = web.agent(cookie_of(agent))
    places = [visitor.next("status").json["position"] for visitor in visitors]

    accept_chat(conversation=chats[0].conversation, agent=agent)

    assert places == [1, 2, 3]
    assert desk.next("queue").data == ""
    assert visitors[0].next("status").json == {"status": "active", "position": None, "agent": "Ada Agent"}
    assert visitors[1].next("status").json["position"] == 1
    assert visitors[2].next("status").json["position"] == 2


def test_agents_hear_of_a_new_chat(web, start, account, agent, cookie_of):
    desk = web.agent(cookie_of(agent))

    chat = start(account, "Is anybody there?").conversation

    told = {desk.next().name, desk.next().name}
    assert told == {"queue", "entry"}
    assert desk.events[-1].name in told
    entry = next(event for event in desk.events if event.name == "entry").json
    assert (entry["conversation"], entry["seq"]) == (str(chat.pk), 1)


def test_stranger_hears_nothing_of_ours(web, start, account, other_account, stranger, agent, cookie_of):
    ours, theirs = start(account), start(other_account)
    desk, foreign_desk = web.agent(cookie_of(agent)), web.agent(cookie_of(stranger))
    foreign_visitor = web.visitor(theirs.token, after=1)
    foreign_visitor.next("status")

    accept_chat(conversation=ours.conversation, agent=agent)
    say(ours.conversation, "Between us.")
    end_chat(conversation=ours.conversation, side="agent")
    desk.next("ended")
    say(theirs.conversation, "Ours now.")

    assert foreign_desk.next("entry").json["conversation"] == str(theirs.conversation.pk)
    everything = "".join(event.data for event in foreign_desk.events + foreign_visitor.events)
    assert str(ours.conversation.pk) not in everything
    assert "Between us." not in everything
    assert foreign_visitor.next().text == "Ours now."


def test_chat_that_is_kept_ends_and_can_be_read_again(web, start, account, agent, cookie_of):
    chat, token = start(account)
    visitor, desk = web.visitor(token, after=1), web.agent(cookie_of(agent))

    end_chat(conversation=chat, side="agent")
    returned = web.visitor(token, after=1)

    for stream in (visitor, returned):
        assert stream.wait_for_end() == ["ended", "bye"]
        assert stream.entries == [2]
        assert stream.events[-2].json == {"erased": False}
    assert desk.next("ended").json == {"conversation": str(chat.pk), "erased": False}
    say_again = start(account).conversation
    desk.next("queue")
    assert [e.json["conversation"] for e in desk.events if e.name == "ended"] == [str(chat.pk)]
    assert say_again.pk != chat.pk


@pytest.mark.parametrize("by", ["visitor", "agent"])
def test_chat_that_is_erased_at_once_says_so(web, start, account, agent, cookie_of, by):
    RetentionPolicy.objects.filter(account=account).update(rule=Rule.AT_ONCE)
    chat, token = start(account)
    tabs, desk = [web.visitor(token), web.visitor(token)], web.agent(cookie_of(agent))
    for tab in tabs:
        tab.next("status")

    if by == "visitor":  # in the web process itself
        path = f"/chat/{account.public_id}/end/"
        assert web.request("POST", path, body={"rating": "5"}, X_Chat_Token=token) == 200
    else:
        end_chat(conversation=chat, side="agent")

    for tab in tabs:
        assert tab.wait_for_end(within=15) == ["ended", "bye"]
        assert tab.events[-2].json == {"erased": True}
    assert desk.next("ended").json == {"conversation": str(chat.pk), "erased": True}
    assert web.visitor(token).status == 404


def test_abandoned_chat_is_closed_for_everybody(web, start, account, agent, cookie_of, monkeypatch):
    chat, token = start(account)
    visitor, desk = web.visitor(token, after=1), web.agent(cookie_of(agent))
    visitor.next("status")
    account.idle_minutes = 0
    account.save()

    assert close_abandoned_chats() == 1

    assert visitor.wait_for_end() == ["ended", "bye"]
    assert desk.next("ended").json == {"conversation": str(chat.pk), "erased": False}
    assert "queue" in {event.name for event in desk.events} or desk.next("queue")


def test_each_side_sees_the_other_type(web, start, account, agent, teammate, cookie_of, signed_in):
    chat, token = start(account)
    accept_chat(conversation=chat, agent=agent)
    visitor, desk = web.visitor(token), web.agent(cookie_of(teammate))
    visitor.next("status")
    cookie = f"{cookie_of(agent)}; lethe_csrf={'a' * 32}"

    by_visitor = web.request("POST", f"/chat/{account.public_id}/typing/", body={}, X_Chat_Token=token)
    typing = desk.next("typing")
    by_agent = web.request(
        "POST", f"/agent/chats/{chat.pk}/typing/", body={}, Cookie=cookie, X_CSRFToken="a" * 32
    )

    assert (by_visitor, by_agent) == (204, 204)
    assert typing.json == {"conversation": str(chat.pk)}
    assert visitor.next("typing").data == "agent"
    assert [event.name for event in visitor.events].count("typing") == 1


def test_chat_that_lost_its_key_silences_nobody_else(web, start, account):
    from privacy.models import DataKey

    broken, whole = start(account), start(account)
    DataKey.objects.filter(pk=broken.conversation.key_id).delete()
    unreadable = web.visitor(broken.token)
    visitor = web.visitor(whole.token)

    say(whole.conversation, "Still here.")

    visitor.wait_for(lambda stream: stream.entries == [1, 2])
    assert unreadable.entries == []


def test_token_reads_only_its_own_chat_after_any_event(web, start, account):
    first, second = start(account, "First."), start(account, "Second.")
    say(first.conversation, "First again.")

    visitor = web.visitor(second.token, after=0)

    visitor.wait_for(lambda stream: stream.entries == [1])
    assert "First" not in "".join(event.data for event in visitor.events)
    assert factories.PASSWORD not in "".join(event.data for event in visitor.events)
