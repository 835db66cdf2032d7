"""Messages are written as what they are on: options of the command, arguments in Python, keys of a file."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest
import typer.main

import hpo as library
from hpo.cli.app import app
from hpo.cli.compare_options import CompareOptions
from hpo.cli.options import Options
from hpo.cli.port_options import PortOptions
from hpo.cli.run_options import RunOptions
from hpo.cli.syntax import COMMANDS, RENAMED, as_typed
from hpo.errors import SpaceError
from hpo.space import load_space_toml
from tests.cli.conftest import Hpo

ROOT = Path(library.__file__).parent
OPTION = re.compile(r"(?<![\w-])--[a-z][\w-]*")
ARGUMENT = re.compile(r"(?<![\w./'\"-])([a-z_]\w*)=(?!=)")
ELSEWHERE = {
    # Programs and a plugin of pytest, with options of their own.
    ROOT / "ports/standalone/recorder.py",
    ROOT / "compare/__main__.py",
    ROOT / "integrations/pytest.py",
    # The server is started by `hpo serve` alone, and the page names commands.
    *(ROOT / "page" / name for name in ("address.py", "commands.py", "guard.py", "server.py")),
}
OF_FRAMEWORKS = {"bias", "use_bias", "padding", "count_include_pad", "from_logits", "sparse_label", "batches"}
PYTHON = re.compile(
    r"\b(?:pass|give|make|also) (?:it|an?|the|one|\{\})[^.;:]* object\b|\bopen_storage\(|\bhpo\.[\w.]+\("
)
"""What can be done in Python only."""
WRITTEN_IN_PYTHON = ("hpo.report(", "hpo.record_curves(")  # by objectives, whose files are Python
READ_IN_PYTHON = {
    # What these refuse was passed to a function.
    *(ROOT / name for name in ("book.py", "executors/workers.py", "space/constraints.py")),
    *(ROOT / "integrations").rglob("*.py"),
    # Made by a call or for a notebook; the page shows the code that goes on, and a golden trace has a test.
    *(ROOT / "page" / name for name in ("commands.py", "html.py", "notebook.py")),
    ROOT / "ports/golden.py",
}
IN_OTHER_SYNTAX = {"kwds", "immutable", "max", "realm"}


@cache
def texts_in(path: Path) -> tuple[str, ...]:
    """The texts in a module that are no docstring, with `{}` for what is put into them."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    texts: list[str] = []
    passed = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            passed |= {id(part) for part in node.values}
    for node in ast.walk(tree):
        if id(node) in passed:
            continue
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            texts.append(node.value)
        elif isinstance(node, ast.JoinedStr):
            parts = [part.value if isinstance(part, ast.Constant) else "{}" for part in node.values]
            texts.append("".join(map(str, parts)))
    # Markup has a syntax of its own.
    return tuple(text for text in texts if not re.search("<[a-z!/]", text))


def modules(*, of_the_command: bool) -> list[Path]:
    paths = [path for path in ROOT.rglob("*.py") if "testing" not in path.parts and path not in ELSEWHERE]
    return sorted(path for path in paths if ("cli" in path.relative_to(ROOT).parts) == of_the_command)


def parameters() -> set[str]:
    """The names of all parameters and fields in the library."""
    names: set[str] = set()
    for path in ROOT.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.arg):
                names.add(node.arg)
            elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                names.add(node.target.id)
    return names


def options_of_all_commands() -> set[str]:
    command = typer.main.get_command(app)
    commands = [command, *command.commands.values()]  # type: ignore[attr-defined]  # a group's
    declared = [parameter for each in commands for parameter in each.params]
    return {"--help"} | {option for parameter in declared for option in parameter.opts}


def test_no_message_of_the_library_has_an_option_of_the_command() -> None:
    found = [
        (path.name, text)
        for path in modules(of_the_command=False)
        for text in texts_in(path)
        # `hpo data --fetch` is a command as a whole.
        if OPTION.search(re.sub("`hpo [^`]*`", "", text))
    ]
    assert found == []


def test_every_argument_that_a_message_names_is_one() -> None:
    known = parameters() | OF_FRAMEWORKS | IN_OTHER_SYNTAX
    found = [
        (path.name, name, text)
        for path in modules(of_the_command=False)
        for text in texts_in(path)
        for name in ARGUMENT.findall(text)
        if name not in known
    ]
    assert found == []


def test_every_option_that_the_command_names_is_one() -> None:
    known = options_of_all_commands()
    found = [
        (path.name, option)
        for path in modules(of_the_command=True)
        for text in texts_in(path)
        for option in OPTION.findall(text)
        if option not in known and not option.startswith("--no-")
    ]
    assert found == []


@pytest.mark.parametrize("options", [RunOptions, CompareOptions, PortOptions])
def test_every_argument_with_an_option_is_written_as_that(options: type[Options]) -> None:
    typed = options.typed()
    for name in typed:
        argument = next((long for long, short in RENAMED.items() if short == name), name)
        said = as_typed(f"Give {argument}= or {argument}='x'.", typed)
        assert said == f"Give {typed[name]} or {typed[name]} x."


@pytest.mark.parametrize("options", [RunOptions, CompareOptions, PortOptions])
def test_no_argument_of_a_message_is_left_that_has_an_option(options: type[Options]) -> None:
    typed = options.typed()
    names = {*typed, *(long for long, short in RENAMED.items() if short in typed)}
    for path in modules(of_the_command=False):
        for text in texts_in(path):
            plain = as_typed(text, typed)
            # Inside of the call of another function an argument is that function's.
            while (shorter := re.sub(r"\w?\([^()]*\)", "", plain)) != plain:
                plain = shorter
            assert not names & set(ARGUMENT.findall(plain)), text


def test_what_a_message_has_for_python_alone_says_that_it_is_python() -> None:
    typed = CompareOptions.typed() | PortOptions.typed() | RunOptions.typed()
    found = [
        (path.name, left, text)
        for path in modules(of_the_command=False)
        if path not in READ_IN_PYTHON
        for text in texts_in(path)
        for left in PYTHON.findall(as_typed(text, typed))
        if left not in WRITTEN_IN_PYTHON and "in python" not in text.lower()
    ]
    assert found == []


@pytest.mark.parametrize("name", COMMANDS.values())
def test_functions_that_are_commands_are_commands(name: str) -> None:
    assert name.split()[1] in typer.main.get_command(app).commands  # type: ignore[attr-defined]  # a group's


RUN = RunOptions.typed()


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("give storage= with keep='all'.", "give --storage with --keep all."),
        ("pass resume=True, or resume=False", "pass --resume, or leaving --resume out"),
        ("give give_up_after=None.", "give --give-up-after never."),
        ("num_trials= or stop=hpo.Patience(20)", "--trials or --patience 20"),
        ("say when: stop=", "say when: --patience or --target"),
        ("name='my study', warm_start=[hpo.load_study(s, 'a')]", "--name 'my study', --warm-start"),
        ("read it by hpo.load_study('s.db', 'b c')", "read it by hpo show s.db 'b c'"),
        ("hpo.load_study(storage, name, space=space)", "hpo.load_study(storage, name, space=space)"),
        ("not before min_epochs; min_epochs=9", "not before --min-epochs; --min-epochs 9"),
        (
            "a parameter 'max_epochs' of train(max_epochs=3)",
            "a parameter 'max_epochs' of train(max_epochs=3)",
        ),
        ("space.with_functions({'m:f': function})", "--allow-function m:f"),
        ("HPO_BACKEND=torch, levels=3", "HPO_BACKEND=torch, levels=3"),
    ],
)
def test_arguments_become_options(said: str, expected: str) -> None:
    assert as_typed(said, RUN) == expected


def test_those_of_check_port_may_have_a_value_for_each_side() -> None:
    typed = PortOptions.typed()
    assert as_typed("python={'mxnet': PATH}", typed) == "--python mxnet=PATH"
    assert as_typed("layout={'batch': 'NHWC', 'torch': 'NCHW'}", typed) == "--layout NHWC --layout torch=NCHW"
    assert as_typed("accept=['flatten order']", typed) == "--accept 'flatten order'"
    assert as_typed("weights='own' or weights='carry'", typed) == "--own-weights or leaving --own-weights out"


def test_what_the_users_function_said_stays() -> None:
    said = "Trial 0: ValueError: timeout=3 is over. Give timeout=5."
    assert as_typed(said, RUN, verbatim=["ValueError: timeout=3 is over"]) == (
        "Trial 0: ValueError: timeout=3 is over. Give --timeout 5."
    )


OBJECTIVES = """
def two(config):
    return {"loss": 1.0, "accuracy": 2.0}

def own_words(config):
    raise ValueError("timeout=3 of the server")
"""


@pytest.mark.parametrize(
    ("arguments", "expected", "not_there"),
    [
        (("two",), "Name it: --minimize loss, or --maximize.", "minimize="),
        (("two", "--minimize", "loss", "--searcher", "best"), "'tpe'; in Python also a searcher object.",
         "or pass"),
        (("two", "--minimize", "loss", "--storage", "postgresql://me@none/base"),
         "Error: A study on a server keeps its checkpoints in a folder of this machine", "--traceback"),
        (("two", "--minimize", "los"), "name one of these as the metric to optimise", "minimize="),
        (("own_words",), "give --give-up-after never.", "give_up_after"),
        (("own_words",), "ValueError: timeout=3 of the server", "--timeout"),
        (("two", "--minimize", "loss", "--fuse", "4"), "or leave --fuse out.", "fuse="),
        (("two", "--minimize", "a", "--maximize", "b"), "give --minimize or --maximize, not", "minimize="),
        (("two", "--minimize", "loss", "--scheduler", "asha", "--min-epochs", "9", "--max-epochs", "3"),
         "--min-epochs 9 and --max-epochs 3", "min_epochs"),
    ],
)  # fmt: skip
def test_the_command_says_it_in_its_own_words(
    hpo: Hpo, tmp_path: Path, arguments: tuple[str, ...], expected: str, not_there: str
) -> None:
    (tmp_path / "own_words_of_mine.py").write_text(OBJECTIVES)
    name, *rest = arguments
    answer = hpo("run", f"own_words_of_mine:{name}", "--space", "space.toml", "--no-plot", *rest)
    said = " ".join(answer.stderr.split())
    assert answer.code
    assert expected in said
    assert not_there not in said + answer.stdout


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("x = [16, 32]", 'Write {type = "choice", options = [16, 32]} for options without an order'),
        ("x = [16, 32]", '{type = "float", low = ..., high = ...} or {type = "int", low = ..., high = ...}'),
        ('x = {type = "float", low = 0, high = 1, log = true}', "log = true needs a lower bound above 0;"),
        ('x = {type = "int", low = 5, high = 1}', 'write {type = "int", low = 1, high = 5}.'),
        ('x = {type = "int", low = 5, high = 9, log = "yes"}', "log is true or false; received 'yes'."),
        ('x = {type = "int", low = 5, high = 9, when = {name = "y", in_ = "a"}}', 'in_ = ["sgd", "adam"]'),
        ('constraints = [3]\nx = 1', '{op = "<=", left = {param = "a"}, right = 10}'),
        ('x = {distribution = "norm", args = [1, 2, 3, 4]}', "does not take args = [1, 2, 3, 4], kwds = {}"),
        ('x = {type = "int", low = 5, high = 9, when = {name = "y", ge = 2}}', "the space has no other."),
    ],
)  # fmt: skip
def test_messages_on_a_file_are_written_as_the_file_is(content: str, expected: str, tmp_path: Path) -> None:
    path = tmp_path / "space_of_mine.toml"
    path.write_text(content)
    with pytest.raises(SpaceError) as raised:
        load_space_toml(path)
    assert expected in str(raised.value)
