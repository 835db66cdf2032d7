"""Tune a ResNet-18 of Flax's NNX on images that come as arrays, with transforms of NumPy and JAX."""

import argparse
import statistics
import time

import jax
import numpy as np
import optax
from flax import nnx

import hpo
import hpo_jax as d2l
from hpo.datasets import fashion_mnist

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--epochs", type=int, default=5)
parser.add_argument("--trials", type=int, default=10)
parser.add_argument("--examples", type=int, default=60_000, help="how many images to train on")
arguments = parser.parse_args()
arrays = fashion_mnist()


class Images:
    """Images and labels in arrays, as batches that can be passed through again and again."""

    def __init__(self, images, labels, transform, order):
        self.images, self.labels, self.transform, self.order = images, labels, transform, order

    def __iter__(self):
        order = self.order(len(self.labels))
        for start in range(0, len(order), 32):
            indices = order[start : start + 32]
            yield self.transform(self.images[indices]), self.labels[indices].astype(np.int32)


def make_data(size):
    n, draws = arguments.examples, np.random.default_rng(0)

    def prepared(images):
        images = jax.image.resize(images[..., None] / np.float32(255), (len(images), size, size, 1), "linear")
        return (np.tile(images, 3) - np.float32(0.286)) / np.float32(0.353)

    def flipped(images):
        flips = draws.random((len(images), 1, 1)) < 0.5
        return prepared(np.where(flips, images[..., ::-1], images))

    return d2l.DataModule(
        Images(arrays.train_images[:n], arrays.train_labels[:n], flipped, draws.permutation),
        Images(arrays.test_images[:n], arrays.test_labels[:n], prepared, np.arange),
    )


class Convolution(nnx.Module):
    """A convolution and its normalization."""

    def __init__(self, inputs, outputs, size, stride, rngs):
        self.conv = nnx.Conv(inputs, outputs, (size, size), stride, use_bias=False, rngs=rngs)
        self.norm = nnx.BatchNorm(outputs, momentum=0.9, rngs=rngs)

    def __call__(self, x):
        return self.norm(self.conv(x))


class Block(nnx.Module):
    """Two convolutions, and a shortcut around them."""

    def __init__(self, inputs, outputs, rngs):
        stride = 1 if inputs == outputs else 2
        self.first = Convolution(inputs, outputs, 3, stride, rngs)
        self.second = Convolution(outputs, outputs, 3, 1, rngs)
        if inputs == outputs:
            self.shortcut = nnx.identity
        else:
            self.shortcut = Convolution(inputs, outputs, 1, stride, rngs)

    def __call__(self, x):
        return nnx.relu(self.shortcut(x) + self.second(nnx.relu(self.first(x))))


class ResNet18(nnx.Module):
    """Of eight blocks, which get wider as the maps get smaller."""

    def __init__(self, num_classes, rngs):
        self.stem = Convolution(3, 64, 7, 2, rngs)
        self.blocks, inputs = nnx.List(), 64
        for width in (64, 128, 256, 512):
            self.blocks += [Block(inputs, width, rngs), Block(width, width, rngs)]
            inputs = width
        self.head = nnx.Linear(512, num_classes, rngs=rngs)

    def __call__(self, x):
        x = nnx.max_pool(nnx.relu(self.stem(x)), (3, 3), (2, 2), "SAME")
        for block in self.blocks:
            x = block(x)
        return self.head(x.mean((1, 2)))


class ResNet(d2l.Classification):
    def __init__(self, config):
        super().__init__(ResNet18(10, nnx.Rngs(d2l.get_key())), lr=config["learning_rate"])
        self.momentum = config["momentum"]

    def configure_optimizers(self):
        return optax.sgd(self.lr, momentum=self.momentum)


@nnx.jit
def scores(net, images):
    return net(images)


def milliseconds_per_image(model, size, device):
    image, times = jax.device_put(np.zeros((1, size, size, 3), np.float32), device), []
    model.eval()
    for _ in range(5):
        start = time.perf_counter()
        scores(model.net, image).block_until_ready()
        times.append(1000 * (time.perf_counter() - start))
    return statistics.median(times)


def objective(config, trial):
    size, model = config["image_size"], ResNet(config)
    trainer = d2l.Trainer(max_epochs=arguments.epochs, device=trial.device)
    for record in trainer.epochs(model, make_data(size)):
        start = time.perf_counter()
        trainer.validate(model)
        record["validation_seconds"] = time.perf_counter() - start
        record["inference_ms"] = milliseconds_per_image(model, size, trainer.device)
        yield record


space = {
    "learning_rate": hpo.Float(1e-3, 1, log=True),
    "momentum": hpo.Float(0, 0.99),
    "image_size": hpo.Ordinal([32, 64]),
}
SHOWN = ("val_error", "validation_seconds", "inference_ms")
study = hpo.search(objective, space, minimize="val_error", num_trials=arguments.trials, seed=0)
print(study)
for trial in study.top(3):
    print(trial.config, {name: trial.metrics[name] for name in SHOWN})
