"""The program around: using the backend changes nothing of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import jax
import pytest

from hpo.backend import SGD, Member, Softmax
from hpo.testing.problems import make_arrays
from hpo_jax import programs
from hpo_jax.backend import BACKEND

SETTINGS = """
    def settings():
        names = (
            "jax_enable_x64",
            "jax_default_device",
            "jax_default_prng_impl",
            "jax_default_matmul_precision",
            "jax_compilation_cache_dir",
            "jax_persistent_cache_min_compile_time_secs",
            "jax_persistent_cache_min_entry_size_bytes",
            "jax_enable_compilation_cache",
            "jax_platforms",
        )
        return {name: str(getattr(jax.config, name)) for name in names} | dict(os.environ)
    """
USE = """
    before = settings()
    seen = []
    import hpo, hpo_jax as d2l, numpy as np, optax
    from flax import nnx
    from hpo.backend import SGD, MLP, LeNet, Member, Softmax
    from hpo.testing.problems import make_arrays
    seen.append(settings())
    a = make_arrays(shape=(1, 12, 12))
    for dtype in ("float32", "float64"):
        for model in (Softmax(144, 10), MLP(144, 10, (8,), dropout=0.5), LeNet((1, 12, 12), 10)):
            member = Member(model, SGD(0.1), model.initial_state(0))
            run = d2l.BACKEND.prepare([member], a, dtype=dtype, device=d2l.cpu())
            run.epoch(np.arange(20))
            run.validate()
            run.state()
            seen.append(settings())
    class Own(d2l.Classification):
        def configure_optimizers(self):
            return optax.adam(self.lr)
    data = d2l.DataModule((a.train_x, a.train_y), (a.val_x, a.val_y))
    def objective(config):
        rngs = nnx.Rngs(d2l.get_key())
        net = nnx.Sequential(lambda x: x.reshape(len(x), -1), nnx.Linear(144, 10, rngs=rngs))
        yield from d2l.Trainer(max_epochs=1).epochs(Own(net, config["lr"]), data)
        seen.append(settings())
    space = {"lr": hpo.Float(0.1, 0.2)}
    hpo.search(objective, space, num_trials=2, seed=0, backend="jax", minimize="val_error", progress=False)
    def make(config):
        return nnx.Sequential(lambda x: x.reshape(len(x), -1), nnx.Linear(144, 10, rngs=nnx.Rngs(0)))
    task = d2l.ModuleTask(make, data, max_epochs=1)
    hpo.search(task, space, num_trials=2, seed=0, backend="jax", minimize="val_error", progress=False, fuse=2)
    seen.append(settings())
    changed = {
        name: (before.get(name), other.get(name))
        for other in seen
        for name in {*before, *other}
        if before.get(name) != other.get(name)
    }
    """


def run(program: str, **environment: str) -> Any:
    code = "import json, os\n" + program + "\nprint(json.dumps(found))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("before", ["", "jax.config.update('jax_enable_x64', True)\njax.numpy.ones(3)\n"])
def test_using_it_leaves_the_program_around_as_it_is(before: str, tmp_path: Path) -> None:
    program = f"import jax\n{before}" + textwrap.dedent(SETTINGS) + textwrap.dedent(USE) + "\nfound = changed"
    assert run(program, HPO_CACHE=str(tmp_path), XLA_FLAGS="--xla_cpu_enable_fast_math=false") == {}
    assert list((tmp_path / "jax").iterdir())


def test_it_starts_jax_on_one_thread_unless_the_program_chose() -> None:
    program = """
        import time
        import jax, hpo_jax
        hpo_jax.BACKEND.devices()
        a = jax.numpy.ones((600, 600))
        product = jax.jit(lambda a: a @ a @ a @ a @ a @ a @ a @ a)
        product(a).block_until_ready()
        found = [len(os.listdir("/proc/self/task")), "NPROC" in os.environ]
        """
    one, _ = run(textwrap.dedent(program), NPROC="1", PJRT_NPROC="1")
    chosen, is_set = run(textwrap.dedent(program), NPROC="7", PJRT_NPROC="7")
    environment = {name: value for name, value in os.environ.items() if "NPROC" not in name}
    done = subprocess.run(
        [sys.executable, "-c", f"import json, os\n{textwrap.dedent(program)}\nprint(json.dumps(found))"],
        capture_output=True,
        text=True,
        check=True,
        env=environment,
    )
    assert json.loads(done.stdout.splitlines()[-1]) == [one, False]
    assert (chosen > one, is_set) == (True, True)


def prepare() -> None:
    data, model = make_arrays(num_train=37), Softmax(36, 10)
    member = Member(model, SGD(0.1), model.initial_state(0))
    programs_of = BACKEND.prepare([member], data, dtype="float32", device=BACKEND.device("cpu"))
    programs_of.validate()


@pytest.fixture
def fresh(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A cache folder of its own, and no program compiled yet."""
    monkeypatch.setenv("HPO_CACHE", str(tmp_path))
    from hpo_jax import softmax

    softmax._scoring.cache_clear()
    return tmp_path / "jax"


def test_programs_are_kept_for_the_next_process(fresh: Path) -> None:
    prepare()
    kept = list(fresh.iterdir())
    assert kept
    assert fresh.stat().st_mode & 0o777 == 0o700


def test_a_folder_that_the_user_chose_is_the_one(fresh: Path, tmp_path: Path) -> None:
    jax.config.update("jax_compilation_cache_dir", str(tmp_path / "chosen"))
    try:
        prepare()
    finally:
        jax.config.update("jax_compilation_cache_dir", None)
    assert not fresh.exists()


def test_a_folder_that_others_may_write_to_is_not_used(fresh: Path) -> None:
    fresh.mkdir()
    fresh.chmod(0o777)
    prepare()
    assert list(fresh.iterdir()) == []


def test_a_folder_that_cannot_be_made_costs_nothing_but_time(fresh: Path) -> None:
    fresh.parent.joinpath("jax").write_text("a file")
    prepare()


def test_a_program_that_was_cut_is_compiled_anew(fresh: Path) -> None:
    from hpo_jax import softmax

    prepare()
    for path in fresh.iterdir():
        path.write_bytes(path.read_bytes()[:10])
    softmax._scoring.cache_clear()
    jax.clear_caches()
    prepare()


def test_the_programs_that_were_not_used_for_longest_go_first(
    fresh: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh.mkdir(mode=0o700)
    monkeypatch.setattr(programs, "MOST_BYTES", 25_000)
    for age in range(4):
        path = fresh / f"program-{age}"
        path.write_bytes(bytes(10_000))
        os.utime(path, (1_000_000 - age, 1_000_000))
    prepare()
    assert sorted(path.name for path in fresh.iterdir() if path.name.startswith("program")) == [
        "program-0",
        "program-1",
    ]


def test_ctrl_c_ends_the_wait_for_a_long_epoch() -> None:
    program = """
        import signal, threading, time
        import numpy as np
        from hpo.backend import MLP, SGD, Member, registry
        from hpo.training import check_arrays

        x, y = np.zeros((60_000, 784), np.uint8), np.zeros(60_000, int)
        backend, model = registry.load("jax"), MLP(784, 10, (2048, 2048))
        member = Member(model, SGD(0.01), model.initial_state(0))
        arrays = check_arrays((x, y), (x[:10], y[:10]), 16)
        run = backend.prepare([member], arrays, dtype="float32", device=backend.device("cpu"))
        run.epoch(np.arange(16))  # compiled by now
        signal.signal(signal.SIGINT, signal.default_int_handler)
        threading.Timer(0.2, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
        try:
            run.epoch(np.arange(60_000))
        except KeyboardInterrupt:
            print(json.dumps("interrupted"), flush=True)
            os._exit(0)
        found = "done"
        """
    assert run(textwrap.dedent(program)) == "interrupted"
