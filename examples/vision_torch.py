"""Tune a torchvision ResNet-18 on images that come as arrays, with torchvision's transforms."""

import argparse
import statistics
import time

import torch
import torchvision
from torchvision.transforms import v2

import hpo
import hpo_torch as d2l
from hpo.datasets import fashion_mnist

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--epochs", type=int, default=5)
parser.add_argument("--trials", type=int, default=10)
parser.add_argument("--examples", type=int, default=60_000, help="how many images to train on")
arguments = parser.parse_args()
arrays = fashion_mnist()
torch.set_num_threads(1)  # so that times compare, and other cores are for other trials


class Images(torchvision.datasets.VisionDataset):
    """Images and labels in arrays, as a data set of torchvision."""

    def __init__(self, images, labels, transform):
        super().__init__(transform=transform)
        self.images, self.labels = images, labels

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, index):
        return self.transform(torch.tensor(self.images[index])[None]), int(self.labels[index])


def make_data(size):
    n = arguments.examples
    prepared = [
        v2.Resize([size, size]),
        v2.Grayscale(3),
        v2.ToDtype(torch.float32, scale=True),
        v2.Normalize([0.286] * 3, [0.353] * 3),
    ]
    train = v2.Compose([v2.RandomHorizontalFlip(), *prepared])
    return d2l.DataModule(
        Images(arrays.train_images[:n], arrays.train_labels[:n], train),
        Images(arrays.test_images[:n], arrays.test_labels[:n], v2.Compose(prepared)),
        batch_size=32,
    )


class ResNet(d2l.Classification):
    def __init__(self, config):
        super().__init__(torchvision.models.resnet18(num_classes=10), lr=config["learning_rate"])
        self.momentum = config["momentum"]

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=self.lr, momentum=self.momentum)


def milliseconds_per_image(model, size, device):
    image, times = torch.zeros(1, 3, size, size, device=device), []
    model.eval()
    with torch.inference_mode():
        for _ in range(5):
            start = time.perf_counter()
            model(image).cpu()
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
