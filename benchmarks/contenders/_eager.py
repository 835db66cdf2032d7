"""A lean training loop as a careful torch user writes it: data in memory, autograd, `optim.SGD`."""

from __future__ import annotations


import torch
from _clock import now
from torch import nn

from hpo.datasets import fashion_mnist

torch.set_num_threads(1)


def tensors() -> tuple[torch.Tensor, ...]:
    """Images as float32 in [0, 1] and labels, for training and validation."""
    files = fashion_mnist()
    return (
        torch.tensor(files.train_images).float().div_(255)[:, None],
        torch.tensor(files.train_labels).long(),
        torch.tensor(files.test_images).float().div_(255)[:, None],
        torch.tensor(files.test_labels).long(),
    )


def train(data: tuple[torch.Tensor, ...], learning_rate: float, epochs: int) -> tuple[list[float], float]:
    """Seconds of each epoch with its validation, and the last validation error."""
    train_x, train_y, val_x, val_y = data
    net = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
    optimizer = torch.optim.SGD(net.parameters(), lr=learning_rate)
    seconds, error = [], 1.0
    for _ in range(epochs):
        started = now()
        for batch in torch.randperm(len(train_x)).split(16):
            optimizer.zero_grad()
            nn.functional.cross_entropy(net(train_x[batch]), train_y[batch]).backward()
            optimizer.step()
        with torch.no_grad():
            error = float((net(val_x).argmax(1) != val_y).float().mean())
        seconds.append(now() - started)
    return seconds, error
