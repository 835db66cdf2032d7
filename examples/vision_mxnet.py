"""Tune a ResNet-18 of Gluon's model zoo on images that come as arrays, with Gluon's transforms."""

import argparse
import statistics
import time

import hpo
import hpo_mxnet as d2l  # before mxnet: it makes MXNet work with today's NumPy 1
import mxnet as mx
from hpo.datasets import fashion_mnist
from mxnet.gluon.data.vision import transforms

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--epochs", type=int, default=5)
parser.add_argument("--trials", type=int, default=10)
parser.add_argument("--examples", type=int, default=60_000, help="how many images to train on")
arguments = parser.parse_args()
arrays = fashion_mnist()


class Images(mx.gluon.data.Dataset):
    """Images and labels in arrays, as a data set of Gluon."""

    def __init__(self, images, labels):
        self.images, self.labels = images, labels

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, index):
        image = mx.nd.array(self.images[index][..., None], dtype="uint8")
        return image.tile((1, 1, 3)), int(self.labels[index])


def make_data(size):
    n = arguments.examples
    prepared = [
        transforms.Resize(size),
        transforms.ToTensor(),
        transforms.Normalize([0.286] * 3, [0.353] * 3),
    ]
    train = transforms.Compose([transforms.RandomFlipLeftRight(), *prepared])
    return d2l.DataModule(
        Images(arrays.train_images[:n], arrays.train_labels[:n]).transform_first(train),
        Images(arrays.test_images[:n], arrays.test_labels[:n]).transform_first(transforms.Compose(prepared)),
        batch_size=32,
    )


class ResNet(d2l.Classification):
    def __init__(self, config):
        super().__init__(mx.gluon.model_zoo.vision.resnet18_v1(classes=10), lr=config["learning_rate"])
        self.momentum = config["momentum"]

    def configure_optimizers(self):
        settings = {"learning_rate": self.lr, "momentum": self.momentum}
        return mx.gluon.Trainer(self.collect_params(), "sgd", settings)


def milliseconds_per_image(model, size, device):
    image, times = mx.nd.zeros((1, 3, size, size), ctx=device), []
    for _ in range(5):
        start = time.perf_counter()
        model(image).asnumpy()
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
