"""Progress of a download."""

from __future__ import annotations

from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TransferSpeedColumn

from hpo.cli.screen import is_live, print_line

MEGABYTE = 1e6


class DownloadProgress:
    """A bar for each file that is downloaded; in a file a line. Nothing where nothing is downloaded.

    Use as a context manager, and give its `update` to the functions of `hpo.datasets`.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._bars: Progress | None = None
        self._tasks: dict[str, TaskID] = {}
        self._named: set[str] = set()

    def update(self, name: str, received: int, total: int) -> None:
        """Take in how many bytes of a file are there."""
        if not is_live(self._console):
            if name not in self._named:
                self._named.add(name)
                print_line(self._console, f"Downloading {name} ({total / MEGABYTE:.1f} MB)")
            return
        if self._bars is None:
            self._bars = Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                DownloadColumn(),
                TransferSpeedColumn(),
                console=self._console,
            )
            self._bars.start()
        if name not in self._tasks:
            self._tasks[name] = self._bars.add_task(name, total=total)
        self._bars.update(self._tasks[name], completed=received, total=total)

    def __enter__(self) -> DownloadProgress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bars is not None:
            self._bars.stop()
