"""What people with an account do with each other: the feed, messages, notifications."""

from collections import deque
from collections.abc import Callable
from random import Random
from typing import Any
from uuid import uuid4

from capacity.ledger import ENTRY
from scenarios.journeys.account import Member
from scenarios.journeys.call import PREFIX, Call, a_page, a_quota, an_object, get, same, some
from scenarios.journeys.world import World
from scenarios.load_data import SignedIn

POST_KEYS = ("id", "author", "body", "likes", "comments")
_POSTS_REMEMBERED = 40
_REMARK = "Good to see this on the islands. I have done it for {years} years."
_MESSAGE = "Good day. Are you free on the {day}th? I can be there by {hour}."
_POST = "Looking for two more hands next week, about {hours} hours. Tell your friends."


class Social(Member):
    """Someone with an account, among others.

    A share of them holds a socket, opened at the beginning of a session, and hears of
    new messages over it.
    """

    def __init__(self, world: World, chance: Random, session: SignedIn) -> None:
        super().__init__(world, chance, session)
        self._contacts = session.contacts
        self._posts: deque[int] = deque(maxlen=_POSTS_REMEMBERED)
        self._conversations: list[int] = []
        self._wants_socket = self._may_want_socket()

    def actions(self) -> dict[str, Callable[[], Call]]:
        """Everything a member can do, and what it takes to be among people."""
        return {
            **super().actions(),
            "feed": self.feed,
            "trending": self.trending,
            "read_post": self.read_post,
            "like": self.like,
            "comment": self.comment,
            "enter": self.enter,
            "post": self.post,
            "notifications": self.notifications,
            "conversations": self.conversations,
            "read_messages": self.read_messages,
            "write": self.write,
        }

    def begin_session(self) -> Call:
        """Come back, perhaps to hold a socket this time."""
        self._wants_socket = self._may_want_socket()
        return super().begin_session()

    def go_on(self) -> Call:
        """First of all the ticket for a socket, where one is wanted."""
        if self._wants_socket:
            self._wants_socket = False
            return self.ticket()
        return super().go_on()

    def _may_want_socket(self) -> bool:
        return self.chance.random() < self.world.scenario.session.socket_share

    def lost_socket(self) -> None:
        """The socket was cut, or did not open: those who insist on theirs ask again."""
        self._wants_socket = self.world.scenario.session.socket_returns

    def ticket(self) -> Call:
        """What opens a socket; whoever sends this opens it with the answer."""

        def check(_status: int, body: Any) -> None:
            an_object(body, ("ticket", "protocol"), "ticket")

        path = f"{PREFIX}/realtime/ticket"
        return Call("POST", path, path, check, expect=(201,), signed=True, opens_socket=True)

    def feed(self) -> Call:
        """Posts of those one follows, and popular ones."""

        def check(_status: int, body: Any) -> None:
            self._posts.extend(
                post["id"] for post in a_page(body, (*POST_KEYS, "liked"), "feed post")
            )

        return get("/feed", "/feed", check, signed=True)

    def trending(self) -> Call:
        """What is talked about."""

        def check(_status: int, body: Any) -> None:
            self._posts.extend(post["id"] for post in some(body, POST_KEYS, "trending post"))

        return get("/posts/trending", "/posts/trending", check)

    def read_post(self) -> Call:
        """A post seen before, or what people say about it; the feed when none was seen."""
        post = self._a_post()
        if post is None:
            return self.feed()
        if self.chance.random() < 0.5:

            def check(_status: int, body: Any) -> None:
                same(an_object(body, POST_KEYS, "post")["id"], post, "post")

            return get(f"/posts/{post}", "/posts/{id}", check)

        def check_comments(_status: int, body: Any) -> None:
            a_page(body, ("id", "author", "body"), "comment")

        return get(f"/posts/{post}/comments", "/posts/{id}/comments", check_comments)

    def like(self) -> Call:
        """Like a post seen before."""
        post = self._a_post()
        if post is None:
            return self.feed()

        def check(_status: int, body: Any) -> None:
            same(an_object(body, ("liked", "likes"), "like")["liked"], True, "like")

        return Call(
            "PUT", f"{PREFIX}/posts/{post}/like", f"{PREFIX}/posts/{{id}}/like", check, signed=True
        )

    def comment(self) -> Call:
        """Say something about a post seen before."""
        post = self._a_post()
        if post is None:
            return self.feed()
        said = _REMARK.format(years=self.chance.randint(1, 30))

        def check(_status: int, body: Any) -> None:
            same(an_object(body, ("id", "body"), "comment")["body"], said, "comment")

        return Call(
            "POST",
            f"{PREFIX}/posts/{post}/comments",
            f"{PREFIX}/posts/{{id}}/comments",
            check,
            expect=(201,),
            body={"body": said, "key": self._key()},
            signed=True,
        )

    def enter(self) -> Call:
        """A comment that can be told from all others, for the ledger of a drill.

        The board is given no key to know it by: if it is there twice, somebody sent it on
        twice. Its word is new in every run, whatever the seed, for runs share a database.
        """
        post = self._a_post()
        if post is None:
            return self.trending()
        key = uuid4().hex
        said = f"{ENTRY}{key}"

        def check(_status: int, body: Any) -> None:
            same(an_object(body, ("id", "body"), "comment")["body"], said, "comment")

        return Call(
            "POST",
            f"{PREFIX}/posts/{post}/comments",
            f"{PREFIX}/posts/{{id}}/comments",
            check,
            expect=(201,),
            body={"body": said},
            signed=True,
            key=key,
        )

    def post(self) -> Call:
        """Post something; 403 says that the month's posts are used up."""
        said = _POST.format(hours=self.chance.randint(4, 40))

        def check(status: int, body: Any) -> None:
            if status == 403:
                a_quota(body, "posts")
                return
            same(an_object(body, POST_KEYS, "post")["body"], said, "post")

        path = f"{PREFIX}/posts"
        body = {"body": said, "key": self._key()}
        return Call("POST", path, path, check, expect=(201, 403), body=body, signed=True)

    def notifications(self) -> Call:
        """What happened."""

        def check(_status: int, body: Any) -> None:
            a_page(body, ("id", "kind", "data"), "notification")

        return get("/notifications", "/notifications", check, signed=True)

    def conversations(self) -> Call:
        """Whom one writes with."""

        def check(_status: int, body: Any) -> None:
            items = a_page(body, ("id", "other", "last_message", "unread"), "conversation")
            self._conversations = [item["id"] for item in items]

        return get("/conversations", "/conversations", check, signed=True)

    def read_messages(self) -> Call:
        """The newest messages of a conversation; one's conversations when none is known."""
        if not self._conversations:
            return self.conversations()
        conversation = self.chance.choice(self._conversations)

        def check(_status: int, body: Any) -> None:
            items = an_object(body, ("items", "has_more"), "list of messages")["items"]
            for item in items:
                same(item["conversation_id"], conversation, "conversation")

        return get(
            f"/conversations/{conversation}/messages",
            "/conversations/{id}/messages",
            check,
            signed=True,
        )

    def write(self) -> Call:
        """Write to a contact; 403 says that the month's messages are used up."""
        if not self._contacts:
            return self.conversations()
        contact = self.chance.choice(self._contacts)
        said = _MESSAGE.format(day=self.chance.randint(4, 20), hour=self.chance.randint(6, 11))

        def check(status: int, body: Any) -> None:
            if status == 403:
                a_quota(body, "messages")
                return
            keys = ("id", "conversation_id", "sender_id", "body")
            found = an_object(body, keys, "message")
            same((found["sender_id"], found["body"]), (self.person, said), "message")

        path = f"{PREFIX}/conversations"
        body = {"recipient_id": contact, "body": said, "key": self._key()}
        return Call(
            "POST", path, path, check, expect=(201, 403), body=body, signed=True, writes_to=contact
        )

    def _a_post(self) -> int | None:
        return self.chance.choice(self._posts) if self._posts else None

    def _key(self) -> str:
        # Not of the seed: a second run on the same data would only repeat what the first said.
        return str(uuid4())
