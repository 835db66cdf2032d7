"""Settings that TensorFlow takes before it starts, each in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from types import SimpleNamespace
from typing import Any

import keras
import pytest
import tensorflow as tf

from hpo.errors import MissingFrameworkError
from hpo_tensorflow import runtime

THREADS = """
threading = tf.config.threading
print(threading.get_intra_op_parallelism_threads(), threading.get_inter_op_parallelism_threads())
"""


def printed_by(code: str, **variables: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", "import tensorflow as tf\n" + textwrap.dedent(code)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **variables},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_model_trains_on_one_thread_by_default() -> None:
    assert printed_by("import hpo_tensorflow" + THREADS) == "1 1"


def test_the_threads_that_a_program_set_stay() -> None:
    code = "tf.config.threading.set_intra_op_parallelism_threads(3)\nimport hpo_tensorflow" + THREADS
    assert printed_by(code) == "3 1"


def test_a_program_that_has_begun_to_compute_is_left_alone() -> None:
    assert printed_by("tf.ones(3) + 1\nimport hpo_tensorflow" + THREADS) == "0 0"


def test_the_threads_that_the_environment_set_stay() -> None:
    assert printed_by("import hpo_tensorflow" + THREADS, TF_NUM_INTRAOP_THREADS="3") == "0 1"


def test_a_program_can_still_set_its_threads_after_the_import() -> None:
    code = "import hpo_tensorflow\ntf.config.threading.set_intra_op_parallelism_threads(3)" + THREADS
    assert printed_by(code) == "3 1"


@pytest.mark.parametrize(("chosen", "level"), [(None, "1"), ("0", "0")])
def test_the_log_has_warnings_unless_the_user_chose_otherwise(
    monkeypatch: pytest.MonkeyPatch, chosen: str | None, level: str
) -> None:
    monkeypatch.delenv("TF_CPP_MIN_LOG_LEVEL", raising=False)
    if chosen is not None:
        monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", chosen)
    runtime.quieten()
    assert os.environ["TF_CPP_MIN_LOG_LEVEL"] == level


def test_a_keras_that_is_too_old_is_told_what_brings_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keras, "__version__", "2.15.0")
    with pytest.raises(MissingFrameworkError, match=r"needs Keras 3.*Keras 2\.15\.0.*polyhpo\[tensorflow\]"):
        runtime.check()


def test_keras_on_another_framework_is_told_how_to_change(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keras.config, "backend", lambda: "jax")
    with pytest.raises(MissingFrameworkError, match=r"computes with 'jax'.*KERAS_BACKEND=tensorflow"):
        runtime.check()


def test_without_tensorflow_the_extra_is_named() -> None:
    code = """
        import sys
        for name in [name for name in sys.modules if name.partition(".")[0] in ("tensorflow", "keras")]:
            del sys.modules[name]
        sys.modules["tensorflow"] = None
        from hpo.backend import registry
        try:
            registry.load("tensorflow")
        except registry.MissingFrameworkError as error:
            print(error)
        """
    assert 'pip install "polyhpo[tensorflow]"' in printed_by(code)


def test_memory_on_gpus_grows_but_for_those_that_the_program_divided(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    grown = []

    def grow(gpu: str, on: bool) -> None:
        if gpu == "GPU 0":
            raise ValueError("Cannot set memory growth on device when virtual devices configured")
        grown.append((gpu, on))

    threading: dict[str, Any] = {
        f"get_{kind}_op_parallelism_threads": lambda: 2 for kind in ("intra", "inter")
    }
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: [f"{kind} 0", f"{kind} 1"])
    monkeypatch.setattr(tf.config.experimental, "set_memory_growth", grow)
    monkeypatch.setattr(tf.config, "threading", SimpleNamespace(**threading))
    runtime.configure()
    assert grown == [("GPU 1", True)]


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


def test_batches_of_any_kind_are_computed_on_the_logical_device_that_was_asked_for() -> None:
    printed = printed_by("""
        cpu = tf.config.list_physical_devices("CPU")[0]
        tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
        import keras
        import hpo_tensorflow as d2l
        from hpo.testing.problems import make_arrays
        seen = set()

        class Watching(d2l.Classification):
            def forward(self, x):
                y = self.net(x)
                seen.add(y.device[-5:])
                return y

        a = make_arrays()
        pairs = [(a.train_x, a.train_y), (a.val_x, a.val_y)]
        batches = [tf.data.Dataset.from_tensor_slices((x / 255, y)).batch(16) for x, y in pairs]
        for data in (d2l.DataModule(*pairs), d2l.DataModule(*batches)):
            net = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10)])
            d2l.Trainer(max_epochs=1, device="cpu:1").fit(Watching(net, lr=0.1), data)
        print(seen)
        """)
    assert printed == "{'CPU:1'}"
