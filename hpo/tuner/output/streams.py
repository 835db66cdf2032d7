"""Standard output and error, where what a trial writes there in this process is heard."""

from __future__ import annotations

import logging
import os
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from threading import RLock
from typing import Any, Protocol, TextIO, cast

from hpo.executors.output import Speakers, overwritten, speakers
from hpo.study.screen import is_terminal

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
        self._is_trial = False  # whether a trial wrote last
        # Whether a trial left a line without its end, and whether it has one of ours since: known where
        # nothing stands between here and the stream itself.
        self._is_open = self._was_ended = False
        self._lock = RLock()

    @property
    def behind(self) -> TextIO:
        """The stream in whose place it stands."""
        return self._stream

    @property
    def rich_proxied_file(self) -> TextIO:
        """The stream behind all that stand in for it, one for each search; by this name rich finds it."""
        return self.last.behind

    @property
    def last(self) -> HeardStream:
        """The one that stands next to the stream itself, of those that several searches put before it."""
        return self._stream.last if isinstance(self._stream, HeardStream) else self

    def write(self, text: str) -> int:
        """Write text, as to the stream.

        Raises:
            TypeError: it is none. By this a program that tries it sees that the stream takes text.
        """
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        who = speakers()
        if who and _listener.get() is self._take and not self._take(who, text):
            return len(text)
        if not text:  # as `print` writes where it is not to end the line
            return 0
        with self._lock:
            if self._was_ended and text == "\n":  # `print` writes it apart
                self._was_ended = False
                return 1
            if not who:
                if self._is_trial:
                    self._write_rest()
                end_open_lines(self)
            self._is_trial, self._was_ended = bool(who), False
            screen = self._live_screen()
            if screen is not None:
                *lines, self._line = (self._line + text).split("\n")
                for line in lines:
                    _print_above(screen, line)
            else:
                self._write_rest()
                self._stream.write(text)
                self._is_open = bool(who) and not text.endswith("\n")
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Write lines, as to the stream."""
        for line in lines:
            self.write(line)

    def _write_rest(self) -> None:
        """Write the beginning of a line that waited for its end."""
        line, self._line = self._line, ""
        if not line:
            return
        screen = self._live_screen()
        if screen is None:
            self._stream.write(line)
            self._is_open = True
        else:  # what is drawn would be drawn over it
            _print_above(screen, line)

    @property
    def is_in_a_line(self) -> bool:
        """Whether a trial wrote a line to the stream and not its end."""
        return self._is_open

    def end_open_line(self) -> None:
        """End a line that was written without its end."""
        # Past every lock of these streams: this is called where a screen's own is held, for which one who
        # writes here may wait.
        self._is_open, self._was_ended = False, True
        write_at_once(self._stream, "\n")

    @property
    def is_over(self) -> bool:
        """Whether it was let go."""
        return self._take is _take_nothing

    def let_go(self) -> None:
        """Pass on what is written from now on, and no more."""
        with self._lock:
            self._write_rest()
            self._take, self._screen = _take_nothing, None

    def _live_screen(self) -> LiveScreen | None:
        """What draws now where this stream goes."""
        screen = self._screen
        return screen if screen is not None and screen.is_live and is_terminal(self._stream) else None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def end_open_lines(on: Any) -> None:
    """Let what is written next on a stream begin a line, whatever a trial left without a line's end.

    Standard output and standard error may be one terminal, or one file; where they are two, what goes to
    the other one is left as it is.
    """
    for name in _STREAMS:
        stream = getattr(sys, name)
        if isinstance(stream, HeardStream) and stream.last.is_in_a_line and _is_same(stream, on):
            stream.last.end_open_line()


def write_at_once(stream: Any, text: str) -> None:
    """Write text; if the stream is closed, or its reader gone, the text is lost and nothing else."""
    with suppress(OSError, ValueError):
        stream.write(text)
        if hasattr(stream, "flush"):  # what stands in for a standard stream may lack it
            stream.flush()


def _print_above(screen: LiveScreen, line: str) -> None:
    text = overwritten(line)
    if text or not line:  # of one that only moves the cursor there is nothing to show
        screen.print_above(text)


def _is_same(one: Any, other: Any) -> bool:
    """Whether what two streams write goes to one place."""
    one, other = (getattr(stream, "rich_proxied_file", stream) for stream in (one, other))
    if one is other:
        return True
    try:
        return os.path.sameopenfile(one.fileno(), other.fileno())
    except (OSError, ValueError, AttributeError):  # they have no descriptors, as in a notebook
        return False


def _without_past(stream: Any) -> Any:
    """A stream without those around it that were let go: searches in threads end in any order."""
    while isinstance(stream, HeardStream) and stream.is_over:
        stream = stream.behind
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
    for name, stream in heard.items():
        _lately.append(stream)
        setattr(sys, name, stream)
    # A handler that logging has from before holds the stream itself, unless it asks for it at each record.
    handlers = [
        (handler, name)
        for name, stream in before.items()
        for handler in _handlers()
        if handler.stream is stream
    ]
    for handler, name in handlers:
        handler.setStream(cast(TextIO, heard[name]))
    token = _listener.set(take)
    try:
        yield
    finally:
        _listener.reset(token)
        for handler, name in handlers:
            handler.setStream(before[name])
        if screen is not None:  # it will say how the search ended
            end_open_lines(sys.stderr)
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
