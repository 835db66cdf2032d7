"""LeNet and a small batch-norm net in PyTorch, right and with one mistake each."""

from __future__ import annotations

import os
from typing import Any

import torch
from lenet_weights import lenet_weights
from torch import nn
from torch.nn import functional


class LeNet(nn.Module):
    def __init__(
        self,
        *,
        conv1: nn.Module | None = None,
        bias: bool = True,
        pool: nn.Module | None = None,
        pool2: nn.Module | None = None,
        activation: nn.Module | None = None,
        scale: float = 1.0,
        flatten: str = "CHW",
        softmax: bool = False,
        dropout: float | None = None,
        flat: int = 400,
        second: int = 5,
    ) -> None:
        super().__init__()
        self.conv1 = conv1 or nn.Conv2d(1, 6, 5, padding=2, bias=bias)
        self.conv2 = nn.Conv2d(6, 16, second, bias=bias)
        self.pool, self.pool2 = pool or nn.AvgPool2d(2), pool2 or nn.AvgPool2d(2)
        self.activation = activation or nn.Sigmoid()
        self.dropout = nn.Identity() if dropout is None else nn.Dropout(dropout)
        self.fc1, self.fc2, self.fc3 = nn.Linear(flat, 120), nn.Linear(120, 84), nn.Linear(84, 10)
        self.scale, self.flatten, self.softmax = scale, flatten, softmax
        for module in self.modules():
            if isinstance(module, (nn.Linear, nn.Conv2d)):
                nn.init.xavier_uniform_(module.weight)

    def forward(self, x: Any) -> Any:
        x = self.pool(self.activation(self.conv1(x * self.scale)))
        x = self.pool2(self.activation(self.conv2(x)))
        x = (x if self.flatten == "CHW" else x.permute(0, 2, 3, 1)).flatten(1)
        x = self.dropout(self.activation(self.fc1(x)))
        x = self.fc3(self.activation(self.fc2(x)))
        return x.softmax(1) if self.softmax else x


class BatchNormNet(nn.Module):
    def __init__(self, **norm: Any) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 3, stride=3)
        self.norm = nn.BatchNorm2d(4, **norm)
        self.fc = nn.Linear(4 * 9 * 9, 16)
        self.norm2 = nn.BatchNorm1d(16, **norm)
        self.fc2 = nn.Linear(16, 10)

    def forward(self, x: Any) -> Any:
        x = functional.relu(self.norm(self.conv(x)))
        return self.fc2(functional.relu(self.norm2(self.fc(x.flatten(1)))))


def lenet() -> nn.Module:
    return LeNet()


def without_bias() -> nn.Module:
    return LeNet(bias=False)


def flattened_last() -> nn.Module:
    return LeNet(flatten="HWC")


def unpadded() -> nn.Module:
    return LeNet(conv1=nn.Conv2d(1, 6, 5), flat=256)


def even_kernel_same() -> nn.Module:
    return LeNet(conv1=nn.Conv2d(1, 6, 4, padding="same"))


def even_kernel_padded() -> nn.Module:
    conv1 = nn.Sequential(nn.ZeroPad2d((2, 1, 2, 1)), nn.Conv2d(1, 6, 4))
    return LeNet(conv1=conv1)


def strided() -> nn.Module:
    return LeNet(conv1=nn.Conv2d(1, 6, 5, stride=2, padding=2), second=2, flat=144)


def pooled_over_the_edge() -> nn.Module:
    return LeNet(conv1=nn.Conv2d(1, 6, 2), pool=nn.AvgPool2d(3, 2, padding=1))


def pooled_within_the_edge() -> nn.Module:
    return LeNet(conv1=nn.Conv2d(1, 6, 2), pool=nn.AvgPool2d(3, 2, padding=1, count_include_pad=False))


def pooled_by_maximum() -> nn.Module:
    return LeNet(pool=nn.MaxPool2d(2))


def with_relu() -> nn.Module:
    return LeNet(activation=nn.ReLU())


def scaled() -> nn.Module:
    return LeNet(scale=1 / 255)


def with_softmax() -> nn.Module:
    return LeNet(softmax=True)


def dropping_a_fifth() -> nn.Module:
    return LeNet(dropout=0.2)


def keeping_a_fifth() -> nn.Module:
    return LeNet(dropout=0.8)


class DroppingByFunction(LeNet):
    def forward(self, x: Any) -> Any:
        return functional.dropout(super().forward(x), 0.2, self.training)


def dropping_by_function() -> nn.Module:
    return DroppingByFunction()


def with_own_weights() -> nn.Module:
    net = LeNet()
    for name, arrays in lenet_weights().items():
        layer: Any = getattr(net, name)
        with torch.no_grad():
            layer.weight.copy_(torch.tensor(arrays[0]))
            layer.bias.copy_(torch.tensor(arrays[1]))
    return net


def with_reshaped_kernels() -> Any:
    """Kernels that came as HWIO, as Keras keeps them, and were reshaped instead of transposed."""
    net: Any = with_own_weights()
    with torch.no_grad():
        for layer in (net.conv1, net.conv2):
            layer.weight.copy_(layer.weight.permute(2, 3, 1, 0).reshape(layer.weight.shape).clone())
    return net


def frozen() -> nn.Module:
    net = LeNet()
    net.conv2.weight.requires_grad_(False)
    return net


class LogarithmOfRelu(nn.Module):
    def forward(self, x: Any) -> Any:
        return torch.log(torch.relu(x) * 0)


def with_infinity() -> nn.Module:
    return LeNet(activation=LogarithmOfRelu())


def norm_net() -> nn.Module:
    return BatchNormNet()


def norm_net_with_large_epsilon() -> nn.Module:
    return BatchNormNet(eps=1e-3)


def norm_net_of_mostly_new() -> nn.Module:
    return BatchNormNet(momentum=0.9)


class Branches(nn.Module):
    """A residual block whose shortcut has a convolution: its norm is like the one at the end of the block."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.norm1 = nn.Conv2d(1, 4, 3, 2, bias=False), nn.BatchNorm2d(4)
        self.conv2, self.norm2 = nn.Conv2d(4, 6, 3, bias=False), nn.BatchNorm2d(6)
        self.conv3, self.norm3 = nn.Conv2d(1, 6, 5, 2, padding=0, bias=False), nn.BatchNorm2d(6)
        self.fc = nn.Linear(6, 10)

    def forward(self, x: Any) -> Any:
        made = self.norm2(self.conv2(functional.relu(self.norm1(self.conv1(x)))))
        short = self.norm3(self.conv3(x))[:, :, :11, :11]
        return self.fc(functional.relu(made + short).mean((2, 3)))


def branches() -> nn.Module:
    return Branches()


class Upsampled(nn.Module):
    """Transposed convolutions, padded and not, and a norm without a mean."""

    def __init__(self) -> None:
        super().__init__()
        self.up, self.down = nn.ConvTranspose2d(1, 3, 3, stride=2), nn.ConvTranspose2d(3, 2, 4)
        self.norm, self.fc = nn.RMSNorm(2, eps=1e-6), nn.Linear(2, 10)

    def forward(self, x: Any) -> Any:
        x = functional.relu(self.down(functional.relu(self.up(x)))).mean((2, 3))
        return self.fc(self.norm(x))


def upsampled() -> nn.Module:
    return Upsampled()


class Words(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.words, self.norm, self.fc = nn.Embedding(20, 6), nn.LayerNorm(6, eps=1e-6), nn.Linear(6, 10)

    def forward(self, x: Any) -> Any:
        return self.fc(self.norm(self.words(x).mean(1)))


def words() -> nn.Module:
    return Words()


class TwoAlike(nn.Module):
    """Two layers of one shape, called in the order of their definition or not."""

    def __init__(self, wide_first: bool) -> None:
        super().__init__()
        self.one, self.two, self.wide = nn.Linear(784, 10), nn.Linear(784, 10), nn.Linear(784, 12)
        self.wide_first = wide_first

    def forward(self, x: Any) -> Any:
        x = x.flatten(1)
        names = ["wide", "two", "one"] if self.wide_first else ["one", "wide", "two"]
        made = {name: getattr(self, name)(x) for name in names}
        return made["one"] + 2 * made["two"] + made["wide"][:, :10]


def two_alike() -> nn.Module:
    return TwoAlike(wide_first=False)


def two_alike_after_a_wide_one() -> nn.Module:
    return TwoAlike(wide_first=True)


def no_model() -> Any:
    return 7


def dying() -> Any:
    print("allocating the last straw", flush=True)
    os._exit(3)


def failing() -> Any:
    raise KeyError("units")


def summed_loss(predictions: Any, labels: Any) -> Any:
    return functional.cross_entropy(predictions, labels, reduction="sum")


def loss_of_one_hot_rows(predictions: Any, labels: Any) -> Any:
    """Broadcasts where it is given indices, without a word."""
    labels = labels if labels.ndim == 2 else labels[:, None]
    return -(labels * functional.log_softmax(predictions, 1)).sum(1).mean()


def sum_at_a_small_rate(model: Any, loss: Any, optimizer: Any, x: Any, y: Any) -> None:
    """The rate divided by the rows instead of the gradient, which divides the weight decay as well."""
    optimizer.zero_grad()
    (loss(model(x), y) * len(x)).backward()
    for group in optimizer.param_groups:
        group["lr"] = 0.1 / len(x)
    optimizer.step()


def decayed_weights_only(model: Any) -> Any:
    matrices = [each for each in model.parameters() if each.ndim > 1]
    vectors = [each for each in model.parameters() if each.ndim == 1]
    groups = [{"params": matrices, "weight_decay": 0.05}, {"params": vectors, "weight_decay": 0.0}]
    return torch.optim.SGD(groups, lr=0.1)
