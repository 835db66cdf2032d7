"""Tune a MobileNetV2 of keras.applications on images that come as arrays, through tf.data."""

import argparse
import statistics
import time

import keras
import tensorflow as tf

import hpo
import hpo_tensorflow as d2l
from hpo.datasets import fashion_mnist

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--epochs", type=int, default=5)
parser.add_argument("--trials", type=int, default=10)
parser.add_argument("--examples", type=int, default=60_000, help="how many images to train on")
arguments = parser.parse_args()
arrays = fashion_mnist()


def make_data(size):
    n = arguments.examples

    def prepared(image, label):
        image = tf.image.resize(tf.cast(image[..., None], tf.float32) / 255, [size, size])
        return (tf.image.grayscale_to_rgb(image) - 0.286) / 0.353, tf.cast(label, tf.int64)

    def flipped(image, label):
        return tf.image.random_flip_left_right(image), label

    train = tf.data.Dataset.from_tensor_slices((arrays.train_images[:n], arrays.train_labels[:n]))
    validation = tf.data.Dataset.from_tensor_slices((arrays.test_images[:n], arrays.test_labels[:n]))
    return d2l.DataModule(
        train.shuffle(n, seed=0).map(prepared).map(flipped),
        validation.map(prepared),
        batch_size=32,
    )


class MobileNet(d2l.Classification):
    def __init__(self, config):
        size = config["image_size"]
        net = keras.applications.MobileNetV2(
            input_shape=(size, size, 3), weights=None, classes=10, classifier_activation=None
        )
        super().__init__(net, lr=config["learning_rate"])
        self.momentum = config["momentum"]

    def configure_optimizers(self):
        return keras.optimizers.SGD(self.lr, momentum=self.momentum)


def milliseconds_per_image(model, size):
    image, times = tf.zeros((1, size, size, 3)), []
    for _ in range(5):
        start = time.perf_counter()
        model(image, training=False).numpy()
        times.append(1000 * (time.perf_counter() - start))
    return statistics.median(times)


def objective(config):
    size, model = config["image_size"], MobileNet(config)
    trainer = d2l.Trainer(max_epochs=arguments.epochs)
    for record in trainer.epochs(model, make_data(size)):
        start = time.perf_counter()
        trainer.validate(model)
        record["validation_seconds"] = time.perf_counter() - start
        record["inference_ms"] = milliseconds_per_image(model, size)
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
