"""The directive `command-line`: the help of `hpo` and of each subcommand, as it prints it."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import ClassVar

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from hpo.cli.app import app


class CommandLine(SphinxDirective):
    """A section for each subcommand, so that the page can never differ from the command."""

    has_content: ClassVar[bool] = False

    def run(self) -> list[nodes.Node]:
        """Ask the command itself."""
        names = [command.name for command in app.registered_commands if command.name]
        return [_help_of(), *(_section(name) for name in names)]


def _section(name: str) -> nodes.section:
    section = nodes.section(ids=[f"hpo-{name}"], names=[f"hpo {name}"])
    section += nodes.title("", f"hpo {name}")
    section += _help_of(name)
    return section


def _help_of(*words: str) -> nodes.literal_block:
    done = subprocess.run(
        [sys.executable, "-m", "hpo", *words, "--help"],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "COLUMNS": "80"},
    )
    return nodes.literal_block(done.stdout, done.stdout.rstrip(), language="text")
