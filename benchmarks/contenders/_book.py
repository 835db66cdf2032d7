"""The book's own package (`d2l` 1.0.3) on files that are already here: what its three tabs share."""

from __future__ import annotations

import gzip
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from _ours import LEARNING_RATE, report

from hpo.datasets import encode_idx, fashion_mnist
from hpo.training import numpy

NAMES = {
    "train_images": "train-images-idx3-ubyte",
    "train_labels": "train-labels-idx1-ubyte",
    "test_images": "t10k-images-idx3-ubyte",
    "test_labels": "t10k-labels-idx1-ubyte",
}


def lay_out_files() -> None:
    """Put the files where each framework's own loader looks, in a folder that this process works in."""
    home = Path(tempfile.mkdtemp(prefix="book-"))
    raw = home / "data" / "FashionMNIST" / "raw"
    keras, gluon = (home / tool / "datasets" / "fashion-mnist" for tool in (".keras", ".mxnet"))
    (home / "work").mkdir()
    files = fashion_mnist()
    for folder in (raw, keras, gluon):
        folder.mkdir(parents=True)
    for field, name in NAMES.items():
        content = encode_idx(getattr(files, field))
        (raw / name).write_bytes(content)
        for folder in (keras, gluon):
            (folder / f"{name}.gz").write_bytes(gzip.compress(content, compresslevel=1))
    os.environ["HOME"] = str(home)
    os.environ["KERAS_HOME"], os.environ["MXNET_HOME"] = str(home / ".keras"), str(home / ".mxnet")
    os.chdir(home / "work")  # the book's `../data`


def time_book(d2l: Any) -> None:
    """Softmax regression at batch size 16 in the book's `Trainer`, its plots off."""

    class Clocked(d2l.Trainer):  # type: ignore[misc, name-defined]  # one of three
        seconds: list[float] = []  # noqa: RUF012  # one trainer in this process

        def fit_epoch(self) -> None:
            started = time.perf_counter()
            super().fit_epoch()
            self.seconds.append(time.perf_counter() - started)

    trainer, data = Clocked(max_epochs=int(sys.argv[1])), d2l.FashionMNIST(batch_size=16)
    model = d2l.SoftmaxRegression(num_outputs=10, lr=LEARNING_RATE)
    model.board.display = False
    trainer.fit(model, data)
    accuracy = count = 0.0
    for batch in trainer.val_dataloader:
        x, y = trainer.prepare_batch(batch)
        accuracy += numpy(model.accuracy(model(x), y)).item() * len(y)
        count += len(y)
    report(trainer.seconds, 1 - accuracy / count)
