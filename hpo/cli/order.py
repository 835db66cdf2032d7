"""What is said where the arguments of a command are too many, or stand in another order."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

from typer.core import TyperCommand


class OrderedCommand(TyperCommand):
    """Says how it is written to a user who wrote its arguments in another way."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the arguments; too many, or a storage that does not come first, are wrong usage."""
        given = list(args)
        ctx.allow_extra_args = True  # they are told of below
        if super().parse_args(ctx, args):
            ctx.fail(f"{self._written(ctx)} Received: {ctx.command_path} {shlex.join(given)}")
        storage = self._misplaced_storage(ctx)
        if storage is not None:
            given.remove(storage)
            ctx.fail(f"{self._written(ctx)} Try: {ctx.command_path} {shlex.join([storage, *given])}")
        return []

    def _written(self, ctx: Any) -> str:
        """Which arguments the command takes, such as `FILE [NAME]`, as a sentence."""
        words = [
            word if each.required else f"[{word}]"
            for each in self._positional()
            for word in [(each.metavar or each.name.upper()) + ("..." if each.nargs == -1 else "")]
        ]
        order = ", in this order" if len(words) > 1 else ""
        said = f"{ctx.command_path} takes {' '.join(words) or 'no arguments'}{order}."
        by_option = any("--name" in each.opts for each in self.params)
        return f"{said} A study is named by --name NAME." if by_option else said

    def _misplaced_storage(self, ctx: Any) -> str | None:
        """A file that stands where another argument should, while there is none where it should stand."""
        arguments = self._positional()
        if not arguments or arguments[0].metavar != "FILE":
            return None
        first, *others = (ctx.params[each.name] for each in arguments)
        if "://" in first or Path(first).exists():
            return None
        texts = [text for each in others for text in (each if isinstance(each, (list, tuple)) else [each])]
        return next((text for text in texts if isinstance(text, str) and Path(text).is_file()), None)

    def _positional(self) -> list[Any]:
        return [each for each in self.params if each.param_type_name == "argument"]
