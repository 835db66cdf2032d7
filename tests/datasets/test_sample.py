from __future__ import annotations

import numpy as np
import pytest

from hpo.datasets import CLASSES, fashion_mnist, sample, subset


def test_the_sample_is_stratified_and_has_the_promised_shapes() -> None:
    data = sample()
    assert data.train_images.shape == (6000, 28, 28)
    assert data.test_images.shape == (1000, 28, 28)
    assert np.bincount(data.train_labels).tolist() == [600] * len(CLASSES)
    assert np.bincount(data.test_labels).tolist() == [100] * len(CLASSES)
    assert data.train_images.dtype == data.train_labels.dtype == np.uint8
    assert not data.train_images.flags.writeable


def test_the_word_sample_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    assert fashion_mnist("sample").why == "the call names it"
    monkeypatch.setenv("HPO_DATA", "sample")
    data = fashion_mnist()
    assert (data.source, data.why) == ("sample", "HPO_DATA names it")
    assert repr(data) == (
        "FashionMNISTArrays(6,000 training and 1,000 test images, source='sample', why='HPO_DATA names it')"
    )


def test_the_licence_lies_beside_it() -> None:
    text = (subset.PLACE.folder / "LICENSE").read_text(encoding="utf-8")
    assert "The MIT License (MIT) Copyright © 2017 Zalando SE" in text
