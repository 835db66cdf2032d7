"""Standard output and error, where what a trial writes there in this process is heard."""

from __future__ import annotations

import logging
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from threading import RLock
from typing import Any, Protocol, TextIO, cast

from hpo.executors.output import Speakers, speakers

_STREAMS = ("stdout", "stderr")

_lately: deque[HeardStream] = deque(maxlen=1000)
"""The streams that stood in for others lately.

`print` in another thread may still use one of them, and has no reference of its own to it before Python 3.14:
the interpreter would crash if it was gone."""

_listener: ContextVar[object] = ContextVar("hpo_listener", default=None)
"""What hears the trials that run here: another search, in another thread, has its own."""


class LiveScreen(Protocol):
    """What draws in the terminal while a search runs, such as a bar."""

    @property
    def is_live(self) -> bool:
        """Whether something is drawn now that whatever is printed past `print_above` would spoil."""
        ...

    def print_above(self, text: str) -> None:
        """Print text above what is drawn, from any thread."""
        ...


class HeardStream:
    """Stands in the place of a stream: passes on what is written, above what is drawn in the terminal.

    Args:
        stream: the stream.
        take: receives what trials write; whether that is to be seen, too.
        screen: what draws in the terminal; None if nothing does.
    """

    def __init__(
        self, stream: TextIO, take: Callable[[Speakers, str], bool], screen: LiveScreen | None
    ) -> None:
        self._stream = stream
        self._take = take
        self._screen = screen
        self._line = ""
        self._lock = RLock()

    @property
    def rich_proxied_file(self) -> TextIO:
        """The stream itself; by this name rich finds where to draw."""
        return self._stream

    def write(self, text: str) -> int:
        """Write text, as to the stream."""
        who = speakers() if _listener.get() is self._take else ()
        if who and not self._take(who, text):
            return len(text)
        with self._lock:
            if self._screen is not None and self._screen.is_live and self._stream.isatty():
                *lines, self._line = (self._line + text).split("\n")
                for line in lines:
                    # Of a progress bar what it was last.
                    self._screen.print_above(line.rpartition("\r")[2])
            else:
                self.end_line()
                self._stream.write(text)
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Write lines, as to the stream."""
        for line in lines:
            self.write(line)

    def end_line(self) -> None:
        """Write the beginning of a line that waited for its end."""
        line, self._line = self._line, ""
        if line:
            self._stream.write(line)

    @property
    def is_over(self) -> bool:
        """Whether it was let go."""
        return self._take is _take_nothing

    def let_go(self) -> None:
        """Pass on what is written from now on, and no more."""
        with self._lock:
            self.end_line()
            self._take, self._screen = _take_nothing, None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def _without_past(stream: Any) -> Any:
    """A stream without those around it that were let go: searches in threads end in any order."""
    while isinstance(stream, HeardStream) and stream.is_over:
        stream = stream.rich_proxied_file
    return stream


def _take_nothing(speakers: Speakers, text: str) -> bool:
    return True


@contextmanager
def heard_streams(take: Callable[[Speakers, str], bool], screen: LiveScreen | None) -> Iterator[None]:
    """In the block what trials write to the standard streams, and what they log there, is heard.

    Args:
        take: as for `HeardStream`.
        screen: as for `HeardStream`.
    """
    before = {name: _without_past(getattr(sys, name)) for name in _STREAMS if getattr(sys, name) is not None}
    heard = {name: HeardStream(stream, take, screen) for name, stream in before.items()}
    handlers = [
        (handler, name)
        for name, stream in before.items()
        for handler in _handlers()
        if handler.stream is stream
    ]
    for name, stream in heard.items():
        _lately.append(stream)
        setattr(sys, name, stream)
    # A handler that logging has from before holds the stream itself.
    for handler, name in handlers:
        handler.setStream(cast(TextIO, heard[name]))
    token = _listener.set(take)
    try:
        yield
    finally:
        _listener.reset(token)
        for handler, name in handlers:
            handler.setStream(before[name])
        for name, stream in heard.items():
            stream.let_go()
            # That of a search in another thread may have come into its place, and be taken away later.
            if getattr(sys, name) is stream:
                setattr(sys, name, _without_past(before[name]))


def _handlers() -> Iterator[logging.StreamHandler[Any]]:
    """The handlers of all loggers that write to a stream."""
    loggers = [logging.getLogger(), *logging.getLogger().manager.loggerDict.values()]
    for logger in loggers:
        for handler in getattr(logger, "handlers", ()):
            if isinstance(handler, logging.StreamHandler):
                yield handler
