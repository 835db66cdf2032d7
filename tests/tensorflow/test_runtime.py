"""Settings that TensorFlow takes before it starts, each in a process of its own."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from types import SimpleNamespace

import pytest
import tensorflow as tf

from hpo_tensorflow import runtime

THREADS = """
threading = tf.config.threading
print(threading.get_intra_op_parallelism_threads(), threading.get_inter_op_parallelism_threads())
"""


def printed_by(code: str) -> str:
    program = "import tensorflow as tf\n" + textwrap.dedent(code)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_model_trains_on_one_thread_by_default() -> None:
    assert printed_by("import hpo_tensorflow" + THREADS) == "1 1"


def test_the_threads_that_a_program_set_stay() -> None:
    code = "tf.config.threading.set_intra_op_parallelism_threads(3)\nimport hpo_tensorflow" + THREADS
    assert printed_by(code) == "3 1"


def test_a_program_that_has_begun_to_compute_is_left_alone() -> None:
    assert printed_by("tf.ones(3) + 1\nimport hpo_tensorflow" + THREADS) == "0 0"


def test_memory_on_gpus_grows_as_it_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    grown = []
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: [f"{kind} 0", f"{kind} 1"])
    monkeypatch.setattr(
        tf.config.experimental, "set_memory_growth", lambda gpu, on: grown.append((gpu, on)), raising=True
    )
    monkeypatch.setattr(
        tf.config,
        "threading",
        SimpleNamespace(
            get_intra_op_parallelism_threads=lambda: 2, get_inter_op_parallelism_threads=lambda: 2
        ),
    )
    runtime.configure()
    assert grown == [("GPU 0", True), ("GPU 1", True)]


def test_a_model_trains_on_the_logical_device_that_was_asked_for() -> None:
    printed = printed_by("""
        cpu = tf.config.list_physical_devices("CPU")[0]
        tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
        import hpo_tensorflow as d2l
        from hpo.testing.problems import make_arrays, make_members
        a = make_arrays()
        print(d2l.BACKEND.devices(), d2l.num_gpus())
        data = d2l.DataModule((a.train_x, a.train_y), (a.val_x, a.val_y), batch_size=16)
        model = d2l.SoftmaxClassification(num_outputs=10, lr=0.1)
        trainer = d2l.Trainer(max_epochs=1, device="cpu:1")
        trainer.fit(model, data)
        print(model.net.weights[0].value.device.endswith("CPU:1"))
        run = d2l.BACKEND.prepare(make_members(a, 0.1), a, dtype="float32", device=trainer.device)
        run.epoch(__import__("numpy").arange(32))
        print(run._rows.device.endswith("CPU:1"))
        """)
    assert printed.split("\n") == ["['cpu', 'cpu:1'] 0", "True", "True"]
