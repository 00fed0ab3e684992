"""Mailbox: what the page leaves for the worker; the newest counts, and nothing is lost to it."""

import threading
from collections.abc import Generator
from contextlib import contextmanager
from typing import final

from explorer.ui._wish import Mail, Wish

QUIET_S = 0.05  # a slider that is being dragged leaves many wishes; the run waits for the last


@final
class Mailbox:
    """One place for a wish, one for a turn to another picture, one for a mere redrawing.

    A wish says all that is to be done, the picture included; so a newer one takes its place and
    that of a turn before it, and takes over that all is to be forgotten first, and steps that were
    not made yet. A turn only chooses
    a picture: what was wished before it is done first, and the turn then.

    Use it as a context manager to do several things, or to read and decide, with nobody between.

    Attributes:
        closed: True after :meth:`close`; then nothing is taken in any more.
    """

    def __init__(self) -> None:
        self.closed = False
        self._changed = threading.Condition()
        self._wish: Wish | None = None
        self._turn: Wish | None = None
        self._redraw = False
        self._guests = 0

    def __enter__(self) -> None:
        self._changed.acquire()

    def __exit__(self, *_: object) -> None:
        self._changed.release()

    def leave(self, mail: Mail) -> bool:
        """Take mail in; return False where nobody reads it any more."""
        with self._changed:
            if self.closed:
                return False
            if mail == "redraw":
                self._redraw = True
            elif mail.action == "turn":
                self._turn = mail
            else:
                self._wish, self._turn = mail.after(self._wish), None
            self._changed.notify_all()
            return True

    def take(self) -> Mail | None:
        """Return what is to be done next and take it out: a wish, a turn, a redrawing, or None."""
        with self._changed:
            redraw = self.take_redraw()  # whatever else is done draws too
            if self._wish is not None:
                mail, self._wish = self._wish, None
            elif self._turn is not None:
                mail, self._turn = self._turn, None
            else:
                mail = "redraw" if redraw else None
            return mail

    def take_redraw(self) -> bool:
        """Return whether a redrawing is asked for, and take that alone out."""
        with self._changed:
            redraw, self._redraw = self._redraw, False
            return redraw

    @property
    def redraw(self) -> bool:
        """True where a redrawing is asked for."""
        return self._redraw

    @property
    def wish(self) -> Wish | None:
        """The wish that nobody has taken out yet."""
        return self._wish

    @property
    def turn(self) -> Wish | None:
        """The turn that nobody has taken out yet."""
        return self._turn

    @property
    def pressing(self) -> bool:
        """True where work must pause: for a wish, a turn, a guest, or the end."""
        return bool(self._wish or self._turn or self._guests or self.closed)

    def drop_wishes(self) -> bool:
        """Forget a wish and a turn, and return whether all was to be forgotten before them."""
        with self._changed:
            afresh = self._wish is not None and self._wish.afresh
            self._wish = self._turn = None
            return afresh

    def close(self) -> None:
        """Take nothing in any more, and forget what lies here."""
        with self._changed:
            self.closed, self._wish, self._turn = True, None, None
            self._changed.notify_all()

    @contextmanager
    def guest(self) -> Generator[None]:
        """Let the reader rest for the while, since another thread does its work."""
        self._count(1)
        try:
            yield
        finally:
            self._count(-1)

    def _count(self, guests: int) -> None:
        with self._changed:
            self._guests += guests
            self._changed.notify_all()

    def wait(self, timeout_s: float | None) -> bool:
        """Wait until there is something to do; return False if nothing came in time."""
        with self._changed:
            return self._changed.wait_for(
                lambda: (
                    self.closed
                    or (not self._guests and bool(self._wish or self._turn or self._redraw))
                ),
                timeout=timeout_s,
            )

    def wait_for_quiet(self) -> None:
        """Return once no newer wish has come for a moment, or at once for anything else."""
        with self._changed:
            while (seen := self._wish) is not None:
                self._changed.wait_for(lambda seen=seen: self._wish is not seen, timeout=QUIET_S)
                if self._wish is seen:
                    return
