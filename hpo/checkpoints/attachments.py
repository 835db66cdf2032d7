"""The objects that a trial wants kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hpo.backend import Tree
from hpo.checkpoints.states import capture, check_keepable, restore
from hpo.errors import CheckpointError


class Attachments:
    """Remembers by name what training changes, and restores it from a checkpoint.

    Args:
        restored: the checkpoint's states by name; None if the trial begins from its start.
    """

    def __init__(self, restored: Mapping[str, Tree] | None = None) -> None:
        self._restored = dict(restored or {})
        self._things: dict[str, Any] = {}

    def attach(self, things: Mapping[str, Any]) -> bool:
        """Remember these objects, and put the checkpoint's states into them.

        If a name is taken, a number is added: `trainer`, `trainer-1`. The checkpoint may lack a numbered
        name, if it was written before that was attached.

        Returns:
            Whether anything was restored.

        Raises:
            CheckpointError: an object cannot be kept, the checkpoint has nothing of its name, or what it
                has does not fit.
        """
        # A list: `any` would stop at the first, and leave the others unattached.
        restored = [self._attach(name, thing) for name, thing in things.items()]
        return any(restored)

    def capture(self) -> dict[str, Tree]:
        """Copies of the states that everything attached has now.

        What is attached later begins from its start.

        Raises:
            CheckpointError: something in a state cannot be kept.
        """
        # The trial is past the checkpoint now, whose states would be old.
        self._restored = {}
        return {name: _capture(name, thing) for name, thing in self._things.items()}

    def _attach(self, name: str, thing: Any) -> bool:
        try:
            # At once and not with the first report, an epoch later.
            check_keepable(name, thing)
        except CheckpointError as error:
            raise CheckpointError(f"{name!r} cannot be kept. {error}") from error
        free = self._free(name)
        self._things[free] = thing
        if not self._restored or (free != name and free not in self._restored):
            return False
        if free not in self._restored:
            raise CheckpointError(
                f"The checkpoint has nothing named {name!r}; it has {', '.join(self._restored)}. Attach what "
                f"the "
                f"trial attached when it was written, under the same names."
            )
        try:
            restore(thing, self._restored[free])
        except CheckpointError as error:
            raise CheckpointError(f"{free!r} cannot be restored. {error}") from error
        return True

    def _free(self, name: str) -> str:
        free, number = name, 0
        while free in self._things:
            number += 1
            free = f"{name}-{number}"
        return free


def _capture(name: str, thing: Any) -> Tree:
    try:
        return capture(thing)
    except CheckpointError as error:
        raise CheckpointError(f"The state of {name!r} cannot be kept. {error}") from error
