"""The framework-free half of data: arrays, or what a framework loads from, and Fashion-MNIST."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import numpy as np

from hpo.backend import Array, Arrays, Backend
from hpo.datasets import check_batch_size, check_examples, check_images, check_targets, fashion_mnist
from hpo.objective.context import current_trial
from hpo.randomness import check_seed, uniforms
from hpo.training.batches import ArrayBatches, LastBatch, check_last_batch
from hpo.training.hyperparameters import HyperParameters


def check_arrays(train: Any, validation: Any, batch_size: int, *, regression: bool = False) -> Arrays:
    """Make `Arrays` of two pairs of examples and labels, after checking them.

    Args:
        train: a pair (x, y): (N, ...) uint8 or floating-point examples, (N,) integer labels.
        validation: a pair likewise, with examples of the same shape and dtype.
        batch_size: examples in a mini-batch, in [1, N].
        regression: in place of labels there are targets, numbers (N,) or (N, outputs).

    Raises:
        TypeError: not pairs, not numbers, labels that are not integers, a batch size that is none.
        ValueError: shapes that do not fit, NaN or infinity, negative labels, too large a batch.
    """
    train_x, train_y = _check_pair(train, "training", regression)
    val_x, val_y = _check_pair(validation, "validation", regression)
    if train_x.shape[1:] != val_x.shape[1:] or train_x.dtype != val_x.dtype:
        raise ValueError(
            f"Training and validation examples must have the same shape and dtype; received "
            f"{train_x.shape[1:]} {train_x.dtype} and {val_x.shape[1:]} {val_x.dtype}."
        )
    check_batch_size(batch_size, len(train_x))
    return Arrays(train_x, train_y, val_x, val_y, int(batch_size))


def _check_pair(pair: Any, what: str, regression: bool) -> tuple[Array, Array]:
    if not isinstance(pair, (tuple, list)) or len(pair) != 2:
        raise TypeError(
            f"The {what} data must be a pair (examples, labels) of arrays; received {type(pair).__name__}."
        )
    x, y = np.asarray(pair[0]), np.asarray(pair[1])
    if regression:
        check_images(x, what=what)
        check_targets(y, len(x), what=what)
    else:
        check_examples(x, y, what=what)
    if x.dtype != np.uint8 and x.dtype.kind != "f":
        raise TypeError(
            f"The {what} examples must be uint8 (a pixel p means p / 255) or floating point; received "
            f"{x.dtype}. Convert them with .astype('float32')."
        )
    return x, y


class DataModule(HyperParameters):
    """Training and validation data for a `Trainer`.

    Args:
        train: a pair (examples, labels) of arrays, or whatever else the backend's framework loads from.
        validation: the same, for validation.
        batch_size: examples in a mini-batch.
        regression: the pairs hold targets, numbers, in place of labels.
        last_batch: what becomes of the training examples that are left when an epoch's are put into batches,
            on every framework alike. `keep` makes a smaller batch of them. `merge` adds them to the batch
            before, which is larger then. `drop` leaves them out, other ones in each epoch. A batch of one
            example, from which torch's BatchNorm learns nothing and raises, comes with `keep` only.

    A subclass may instead define `get_dataloader(train)`, or `train_dataloader` and `val_dataloader`,
    each returning an iterable of batches (inputs, labels) of the framework's arrays. Such an iterable
    brings its own order, so a study over it resumes approximately, not exactly.

    Example:
        >>> import numpy as np
        >>> import hpo_numpy as d2l
        >>> x, y = np.arange(20).reshape(10, 2).astype("float32"), np.arange(10) % 3
        >>> data = d2l.DataModule(train=(x[:7], y[:7]), validation=(x[7:], y[7:]), batch_size=3)
        >>> [len(labels) for inputs, labels in data.train_dataloader()]
        [3, 3, 1]

        Of the examples that `from_arrays` gets, it holds out some for validation:

        >>> data = d2l.DataModule.from_arrays(x, y, validation=0.3, batch_size=3, last_batch="merge")
        >>> [len(labels) for inputs, labels in data.train_dataloader()]
        [3, 4]
    """

    backend: ClassVar[Backend]

    def __init__(
        self,
        train: Any = None,
        validation: Any = None,
        *,
        batch_size: int = 16,
        regression: bool = False,
        last_batch: LastBatch = "keep",
    ) -> None:
        self.batch_size = batch_size
        self.last_batch = check_last_batch(last_batch)
        self.arrays: Arrays | None = None
        self.train, self.validation = train, validation
        if isinstance(train, (tuple, list)) or isinstance(validation, (tuple, list)):
            self.arrays = check_arrays(train, validation, batch_size, regression=regression)

    @classmethod
    def from_arrays(
        cls,
        x: Any,
        y: Any,
        *,
        validation: Any = 0.2,
        batch_size: int = 16,
        seed: int = 0,
        last_batch: LastBatch = "keep",
    ) -> DataModule:
        """Data for classification where `y` holds integers, for regression where it holds floats.

        Args:
            x: (N, ...) uint8 or floating-point examples.
            y: (N,) integer class indices; or targets, floating point, (N,) or (N, outputs).
            validation: a pair (x, y) of their own; or which share of the examples to take away for
                validation, in (0, 1), drawn at random.
            batch_size: examples in a mini-batch.
            seed: of that draw, which is the same in all trials.
            last_batch: what becomes of an epoch's last training examples: see the class.

        Raises:
            TypeError, ValueError: as `hpo.training.check_arrays`, or a share out of its range.
        """
        x, y = np.asarray(x), np.asarray(y)
        train, held_out = (x, y), validation
        if not isinstance(validation, (tuple, list)):
            train, held_out = _drawn_apart(x, y, validation, seed)
        is_regression = y.dtype.kind == "f"
        return cls(train, held_out, batch_size=batch_size, regression=is_regression, last_batch=last_batch)

    def get_dataloader(self, train: bool) -> Any:
        """An iterable of training or validation batches."""
        if self.arrays is not None:
            data = self.arrays
            pair = (data.train_x, data.train_y) if train else (data.val_x, data.val_y)
            last_batch = self.last_batch if train else "keep"
            return ArrayBatches(pair, data.batch_size, self.backend, shuffle=train, last_batch=last_batch)
        source = self.train if train else self.validation
        if source is None:
            part = "train" if train else "validation"
            raise ValueError(
                f"{type(self).__name__} has no {part} data. Pass {part}=, or define get_dataloader(train)."
            )
        return self.load_from(source, train)

    def load_from(self, source: Any, train: bool) -> Any:
        """An iterable of batches from what the framework loads data from."""
        raise TypeError(
            f"The data must be a pair (examples, labels) of arrays or a data set of the framework "
            f"{self.backend.name}; received {type(source).__name__}."
        )

    def check_own_batches(self, source: Any, train: bool, instead: str) -> None:
        """Check that nothing is asked of batches, or of an order, that are not the library's.

        Args:
            source: what makes them.
            train: whether it is for training; `last_batch` concerns nothing else.
            instead: how the source is told, for the error's text.

        Raises:
            ValueError: `last_batch` is not `keep`.
        """
        if train and self.last_batch != "keep":
            raise ValueError(
                f"last_batch={self.last_batch!r} is for batches that the library makes, and "
                f"{type(source).__name__} comes in an order or in batches of its own. Use {instead}, or pass "
                f"arrays."
            )

    def train_dataloader(self) -> Any:
        """An iterable of training batches."""
        return self.get_dataloader(train=True)

    def val_dataloader(self) -> Any:
        """An iterable of validation batches."""
        return self.get_dataloader(train=False)


def _drawn_apart(
    x: Array, y: Array, share: Any, seed: int
) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
    """Training and validation pairs: a share of the examples goes to the latter."""
    if isinstance(share, bool) or not isinstance(share, (int, float)) or not 0 < share < 1:
        raise ValueError(
            f"validation is a pair (x, y), or the share of the examples to hold out, in (0, 1); received "
            f"{share!r}."
        )
    # By its own seed, not the trial's: all trials are validated on the same examples.
    order = np.argsort(uniforms(check_seed(seed), "validation", shape=(len(x),)), kind="stable")
    held_out, kept = np.split(order, [max(1, round(share * len(x)))])
    # A short y is reported where shapes are checked.
    pairs = [(x[rows], y[rows[rows < len(y)]]) for rows in (np.sort(kept), np.sort(held_out))]
    return pairs[0], pairs[1]


class FashionMNIST(DataModule):
    """The 28 by 28 grey images of clothes in ten classes of Xiao et al. (2017).

    Args:
        batch_size: images in a mini-batch.
        validation: what to validate on. `test` is the official test set, as the book does. `holdout`
            takes the last sixth of the training set away for validation and keeps the test set
            sealed until `hpo.final_test(study)` opens it.
        folder: where the four files are; by default wherever `hpo.datasets.fashion_mnist` finds them.
        last_batch: what becomes of an epoch's last training images: see `DataModule`.

    Example:
        >>> from hpo.datasets import CLASSES
        >>> import hpo_numpy as d2l
        >>> data = d2l.FashionMNIST(batch_size=64, folder="sample")  # the images that the library brings
        >>> images, labels = next(iter(data.val_dataloader()))
        >>> images.shape
        (64, 1, 28, 28)
        >>> [CLASSES[label] for label in labels[:3]]
        ['Ankle boot', 'Pullover', 'Trouser']
    """

    image_shape: ClassVar[tuple[int, int, int]] = (1, 28, 28)

    def __init__(
        self,
        batch_size: int = 64,
        *,
        validation: Literal["test", "holdout"] = "test",
        folder: Any = None,
        last_batch: LastBatch = "keep",
    ) -> None:
        files = fashion_mnist(folder)
        train = (files.train_images.reshape(-1, *self.image_shape), files.train_labels)
        test = (files.test_images.reshape(-1, *self.image_shape), files.test_labels)
        super().__init__(*split(train, test, validation), batch_size=batch_size, last_batch=last_batch)


def split(
    train: tuple[Array, Array], test: tuple[Array, Array], validation: str
) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
    """The training and validation pairs for a way of validating, `test` or `holdout`.

    While the sealed test set is opened (`hpo.final_test`), it takes the place of the held-out part;
    the training part stays what it was, so that it is the model of the search that is tested.

    Raises:
        ValueError: another way of validating.
    """
    if validation == "test":
        return train, test
    if validation != "holdout":
        raise ValueError(f"validation must be 'test' or 'holdout'; received {validation!r}.")
    x, y = train
    kept = len(x) - len(x) // 6
    opening = current_trial().opening
    if opening is None:
        return (x[:kept], y[:kept]), (x[kept:], y[kept:])
    # `hpo.final_test` refuses a score of an objective that never asked for the sealed set.
    opening.used = True
    return (x[:kept], y[:kept]), test
