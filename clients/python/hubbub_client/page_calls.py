"""The calls of a room that wait for a reply: pages of history, a search, a thread, names; topics, tickets."""

from collections import deque
from itertools import chain
from typing import Final

from msgspec.structs import replace

from hubbub_client.errors import HubbubError, TopicNotSet, UploadRefused
from hubbub_client.event_translation import found_of, message_of, names_of
from hubbub_client.events import FoundMessages, HistoryPage, MemberNames, Message, Position, ThreadPage
from hubbub_client.sans_io import effects, inputs
from hubbub_client.waiters import Waiters
from hubbub_protocol import events

# How a timeout names each call.
CALLS: Final[dict[type[inputs.RoomInput], str]] = {
    inputs.JoinRequested: "joining",
    inputs.SendRequested: "sending to",
    inputs.ResendRequested: "sending to",
    inputs.ChangeRequested: "changing a message in",
    inputs.OlderRequested: "reading the history of",
    inputs.SearchRequested: "searching in",
    inputs.ThreadRequested: "reading a thread of",
    inputs.TopicRequested: "setting the topic of",
    inputs.UploadRequested: "uploading to",
    inputs.MembersRequested: "reading the members of",
}


class PageCalls:
    """Waits for the pages of one room, and translates them."""

    def __init__(self) -> None:
        self.older: Waiters[HistoryPage] = Waiters()
        self.names: Waiters[MemberNames | None] = Waiters()
        self._searches: dict[tuple[str, str], Waiters[FoundMessages | None]] = {}
        self._threads: dict[tuple[int, int | None], Waiters[ThreadPage | None]] = {}
        self._topics: dict[str, Waiters[Position]] = {}
        self._tickets: dict[tuple[str, int, str], deque[Waiters[effects.UploadTicket]]] = {}

    def search(self, query: str, before: str) -> Waiters[FoundMessages | None]:
        """Return the calls that wait for a page of a search."""
        return self._searches.setdefault((query, before), Waiters())

    def thread(self, root: int, before: int | None) -> Waiters[ThreadPage | None]:
        """Return the calls that wait for a page of a thread."""
        return self._threads.setdefault((root, before), Waiters())

    def topic(self, text: str) -> Waiters[Position]:
        """Return the calls that wait for a topic to be set."""
        return self._topics.setdefault(text, Waiters())

    def ticket(self, name: str, size: int, media: str) -> Waiters[effects.UploadTicket]:
        """Return a new wait for a ticket: two files that look the same have two tickets."""
        waits = Waiters[effects.UploadTicket]()
        self._tickets.setdefault((name, size, media), deque()).append(waits)
        return waits

    def fail(self, error: HubbubError) -> None:
        """Fail all calls that wait."""
        self.older.fail(error)
        self.names.fail(error)
        for searching in self._searches.values():
            searching.fail(error)
        for reading in self._threads.values():
            reading.fail(error)
        for setting in self._topics.values():
            setting.fail(error)
        for asking in chain(*self._tickets.values()):
            asking.fail(error)

    def settle(self, effect: effects.RoomEffect, head: Position | None) -> None:
        """Answer the calls that wait for a page; `head` is the room's position."""
        match effect:
            case effects.HistoryLoaded(_, messages, more):
                self.older.succeed(HistoryPage(messages=_history(messages, head), more=more))
            case effects.SearchAnswered(_, query, before, found):
                answered = None if isinstance(found, str) else found_of(found)
                self._searches.pop((query, before), Waiters[FoundMessages | None]()).succeed(answered)
            case effects.ThreadAnswered(_, root, before, page):
                thread = None if isinstance(page, str) else _thread_of(page, head)
                self._threads.pop((root, before), Waiters[ThreadPage | None]()).succeed(thread)
            case effects.TopicAnswered(room, text, at):
                waits = self._topics.pop(text, Waiters[Position]())
                if isinstance(at, str):
                    waits.fail(TopicNotSet(room, at))
                else:
                    waits.succeed(Position(epoch=at.epoch, offset=at.offset))
            case effects.TicketAnswered():
                self._settle_ticket(effect)
            case effects.MembersLoaded(_, members):
                self.names.succeed(None if members is None else names_of(members))
            case _:
                pass

    def _settle_ticket(self, effect: effects.TicketAnswered) -> None:
        file = (effect.name, effect.size, effect.media)
        waiting = self._tickets[file]
        first = waiting.popleft()
        if not waiting:
            del self._tickets[file]
        if isinstance(effect.ticket, str):
            first.fail(UploadRefused(effect.room, effect.name, effect.ticket, effect.message))
        else:
            first.succeed(effect.ticket)


def _thread_of(page: effects.ThreadMessages, head: Position | None) -> ThreadPage:
    return ThreadPage(messages=_history(page.messages, head), before=page.before)


def _history(messages: tuple[events.Message, ...], head: Position | None) -> tuple[Message, ...]:
    return tuple(replace(message_of(one, head), live=False) for one in messages)
