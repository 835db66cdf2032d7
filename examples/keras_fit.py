"""Keras' `fit` under a scheduler, on any engine: KERAS_BACKEND=jax, torch or tensorflow."""

import argparse
import tempfile

import keras

import hpo
from hpo.datasets import fashion_mnist
from hpo.integrations.keras import Report

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--epochs", type=int, default=9)
parser.add_argument("--trials", type=int, default=10)
arguments = parser.parse_args()

data = fashion_mnist()
x, y = data.train_images.astype("float32") / 255, data.train_labels
x_val, y_val = data.test_images.astype("float32") / 255, data.test_labels


def make_model(config):
    model = keras.Sequential(
        [
            keras.Input((28, 28)),
            keras.layers.Flatten(),
            keras.layers.Dense(config["units"], activation="relu"),
            keras.layers.Dropout(config["dropout"]),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    optimizer = keras.optimizers.Adam(config["learning_rate"])
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def objective(config):
    make_model(config).fit(
        x,
        y,
        validation_data=(x_val, y_val),
        batch_size=64,
        epochs=arguments.epochs,
        shuffle=False,
        verbose=0,
        callbacks=[Report("val_accuracy")],
    )


space = {
    "learning_rate": hpo.Float(1e-4, 1e-1, log=True),
    "units": hpo.Int(16, 128, log=True),
    "dropout": hpo.Float(0, 0.5),
}
with tempfile.TemporaryDirectory() as folder:
    study = hpo.search(
        objective,
        space,
        maximize="val_accuracy",
        scheduler=hpo.ASHA(1, arguments.epochs, eta=3),
        num_trials=arguments.trials,
        seed=0,
        storage=f"{folder}/study.db",  # where a trial that was paused goes on from
    )
    model = make_model(study.best.config)
    study.best.load_into(model)
print(study)
loss, accuracy = model.evaluate(x_val, y_val, verbose=0)
print(f"on {keras.config.backend()}: {study.best.value:.4f} in the search, {accuracy:.4f} loaded back")
