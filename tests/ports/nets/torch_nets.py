"""LeNet and a small batch-norm net in PyTorch, right and with one mistake each."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn import functional


class LeNet(nn.Module):
    def __init__(
        self,
        *,
        padding: Any = 2,
        stride: int = 1,
        kernel: int = 5,
        bias: bool = True,
        pool: Any = None,
        activation: Any = None,
        scale: float = 1.0,
        channels_last_flatten: bool = False,
        softmax: bool = False,
        dropout: float | None = None,
        flat: int = 400,
        second: int = 5,
    ) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, kernel, stride, padding=padding, bias=bias)
        self.conv2 = nn.Conv2d(6, 16, second, bias=bias)
        self.pool = pool or nn.AvgPool2d(2, 2)
        self.activation = activation or nn.Sigmoid()
        self.dropout = None if dropout is None else nn.Dropout(dropout)
        self.fc1 = nn.Linear(flat, 120)
        self.fc2 = nn.Linear(120, 84)
        self.fc3 = nn.Linear(84, 10)
        self.scale, self.channels_last_flatten, self.softmax = scale, channels_last_flatten, softmax
        for module in self.modules():
            # The book's initialisation; biases other than zero, so that a missing one shows.
            if isinstance(module, (nn.Linear, nn.Conv2d)):
                nn.init.xavier_uniform_(module.weight)
                if module.bias is not None:
                    nn.init.uniform_(module.bias, -0.1, 0.1)

    def forward(self, x: Any) -> Any:
        x = self.pool(self.activation(self.conv1(x * self.scale)))
        x = self.pool(self.activation(self.conv2(x)))
        x = x.permute(0, 2, 3, 1).flatten(1) if self.channels_last_flatten else x.flatten(1)
        x = self.activation(self.fc1(x))
        if self.dropout is not None:
            x = self.dropout(x)
        x = self.fc3(self.activation(self.fc2(x)))
        return x.softmax(1) if self.softmax else x


class BatchNormNet(nn.Module):
    def __init__(self, *, eps: float = 1e-5, momentum: float = 0.1) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 3, padding=1)
        self.norm = nn.BatchNorm2d(4, eps=eps, momentum=momentum)
        self.fc = nn.Linear(4 * 14 * 14, 10)

    def forward(self, x: Any) -> Any:
        x = functional.avg_pool2d(self.norm(self.conv(x)).relu(), 2)
        return self.fc(x.flatten(1))


def lenet() -> nn.Module:
    return LeNet()
