"""LeNet and a small batch-norm net in Flax NNX, right and with one mistake each."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import linen, nnx
from lenet_weights import lenet_weights


class LeNet(nnx.Module):  # type: ignore[misc]  # skipped by mypy
    def __init__(
        self,
        *,
        conv1: Any = None,
        bias: bool = True,
        pool: Any = None,
        activation: Any = nnx.sigmoid,
        scale: float = 1.0,
        flatten: str = "CHW",
        softmax: bool = False,
        dropout: float | None = None,
        flat: int = 400,
        second: int = 5,
    ) -> None:
        rngs = nnx.Rngs(0)
        drawn = {"kernel_init": nnx.initializers.xavier_uniform(), "use_bias": bias, "rngs": rngs}
        valid = {"padding": "VALID", **drawn}
        self.conv1 = (conv1 or padded)(drawn)
        self.conv2 = nnx.Conv(6, 16, (second, second), **valid)
        self.pool = pool or average_pool
        self.activation = activation
        self.fc1 = nnx.Linear(flat, 120, **drawn)
        self.dropout = None if dropout is None else nnx.Dropout(dropout, rngs=rngs)
        self.fc2, self.fc3 = nnx.Linear(120, 84, **drawn), nnx.Linear(84, 10, **drawn)
        self.scale, self.flatten, self.softmax = scale, flatten, softmax

    def __call__(self, x: Any) -> Any:
        x = self.pool(self.activation(self.conv1(x * self.scale)))
        x = average_pool(self.activation(self.conv2(x)))
        x = x.transpose(0, 3, 1, 2) if self.flatten == "CHW" else x
        x = self.activation(self.fc1(x.reshape(len(x), -1)))
        x = x if self.dropout is None else self.dropout(x)
        x = self.fc3(self.activation(self.fc2(x)))
        return nnx.softmax(x) if self.softmax else x


def average_pool(x: Any) -> Any:
    return nnx.avg_pool(x, (2, 2), (2, 2))


def padded(drawn: Any) -> Any:
    return nnx.Conv(1, 6, (5, 5), **drawn)


class BatchNormNet(nnx.Module):  # type: ignore[misc]  # skipped by mypy
    def __init__(self, **norm: Any) -> None:
        rngs = nnx.Rngs(0)
        self.conv = nnx.Conv(1, 4, (3, 3), 3, padding="VALID", rngs=rngs)
        self.norm = nnx.BatchNorm(4, rngs=rngs, **norm)
        self.fc = nnx.Linear(4 * 9 * 9, 16, rngs=rngs)
        self.norm2 = nnx.BatchNorm(16, rngs=rngs, **norm)
        self.fc2 = nnx.Linear(16, 10, rngs=rngs)

    def __call__(self, x: Any) -> Any:
        x = nnx.relu(self.norm(self.conv(x))).transpose(0, 3, 1, 2)
        return self.fc2(nnx.relu(self.norm2(self.fc(x.reshape(len(x), -1)))))


class Branches(nnx.Module):  # type: ignore[misc]  # skipped by mypy
    """Its shortcut is defined and called first."""

    def __init__(self) -> None:
        rngs = nnx.Rngs(0)
        plain = {"padding": "VALID", "use_bias": False, "rngs": rngs}
        self.conv3, self.norm3 = nnx.Conv(1, 6, (5, 5), 2, **plain), nnx.BatchNorm(6, momentum=0.9, rngs=rngs)
        self.conv1, self.norm1 = nnx.Conv(1, 4, (3, 3), 2, **plain), nnx.BatchNorm(4, momentum=0.9, rngs=rngs)
        self.conv2, self.norm2 = nnx.Conv(4, 6, (3, 3), **plain), nnx.BatchNorm(6, momentum=0.9, rngs=rngs)
        self.fc = nnx.Linear(6, 10, rngs=rngs)

    def __call__(self, x: Any) -> Any:
        short = self.norm3(self.conv3(x))[:, :11, :11]
        made = self.norm2(self.conv2(nnx.relu(self.norm1(self.conv1(x)))))
        return self.fc(nnx.relu(made + short).mean((1, 2)))


def branches() -> Any:
    return Branches()


class Small(nnx.Module):  # type: ignore[misc]  # skipped by mypy
    """For images of 9 by 9, so that its trace is small, too."""

    def __init__(self) -> None:
        rngs = nnx.Rngs(0)
        self.conv = nnx.Conv(1, 3, (3, 3), 3, padding="VALID", rngs=rngs)
        self.norm = nnx.BatchNorm(3, momentum=0.9, rngs=rngs)
        self.dropout = nnx.Dropout(0.2, rngs=rngs)
        self.fc = nnx.Linear(12, 10, rngs=rngs)

    def __call__(self, x: Any) -> Any:
        x = nnx.max_pool(nnx.relu(self.norm(self.conv(x))), (2, 2), (1, 1))
        return self.fc(self.dropout(x.transpose(0, 3, 1, 2).reshape(len(x), -1)))


def small() -> Any:
    return Small()


def lenet() -> Any:
    return LeNet()


def without_bias() -> Any:
    return LeNet(bias=False)


def flattened_last() -> Any:
    return LeNet(flatten="HWC")


def unpadded() -> Any:
    return LeNet(conv1=lambda drawn: nnx.Conv(1, 6, (5, 5), padding="VALID", **drawn), flat=256)


def even_kernel_same() -> Any:
    return LeNet(conv1=lambda drawn: nnx.Conv(1, 6, (4, 4), **drawn))


def even_kernel_padded() -> Any:
    return LeNet(conv1=lambda drawn: nnx.Conv(1, 6, (4, 4), padding=((2, 1), (2, 1)), **drawn))


def strided() -> Any:
    return LeNet(conv1=lambda drawn: nnx.Conv(1, 6, (5, 5), 2, **drawn), second=2, flat=144)


def pooled_within_the_edge() -> Any:
    def pool(x: Any) -> Any:
        return nnx.avg_pool(x, (3, 3), (2, 2), padding=((1, 1), (1, 1)), count_include_pad=False)

    return LeNet(conv1=lambda drawn: nnx.Conv(1, 6, (2, 2), padding="VALID", **drawn), pool=pool)


def pooled_by_maximum() -> Any:
    return LeNet(pool=lambda x: nnx.max_pool(x, (2, 2), (2, 2)))


def with_relu() -> Any:
    return LeNet(activation=nnx.relu)


def scaled() -> Any:
    return LeNet(scale=1 / 255)


def with_softmax() -> Any:
    return LeNet(softmax=True)


def keeping_a_fifth() -> Any:
    return LeNet(dropout=0.8)


def dropping_a_fifth() -> Any:
    return LeNet(dropout=0.2)


class DroppingByFunction(LeNet):
    def __init__(self) -> None:
        super().__init__()
        self.rngs = nnx.Rngs(1)

    def __call__(self, x: Any, training: bool = False) -> Any:
        x = super().__call__(x)
        return x * jax.random.bernoulli(self.rngs(), 0.8, x.shape) / 0.8 if training else x


def dropping_by_function() -> Any:
    return DroppingByFunction()


def with_own_weights() -> Any:
    return _given_weights(lambda kernel: kernel.transpose(2, 3, 1, 0))


def with_reshaped_kernels() -> Any:
    """OIHW kernels reshaped to HWIO instead of transposed."""
    return _given_weights(lambda kernel: kernel.reshape(*kernel.shape[2:], kernel.shape[1], kernel.shape[0]))


def _given_weights(convert: Any) -> Any:
    net = LeNet()
    for name, (weight, bias) in lenet_weights().items():
        layer = getattr(net, name)
        layer.kernel[...] = jnp.asarray(np.asarray(convert(weight) if weight.ndim == 4 else weight.T))
        layer.bias[...] = jnp.asarray(bias)
    return net


class Fixed(nnx.Variable[Any]):  # type: ignore[misc]  # skipped by mypy
    """A value that no optimizer trains."""


def frozen() -> Any:
    net = LeNet()
    net.conv2.kernel = Fixed(net.conv2.kernel[...])
    return net


class Detached(LeNet):
    def __call__(self, x: Any) -> Any:
        x = jax.lax.stop_gradient(self.pool(self.activation(self.conv1(x))))
        x = average_pool(self.activation(self.conv2(x))).transpose(0, 3, 1, 2)
        return self.fc3(self.activation(self.fc2(self.activation(self.fc1(x.reshape(len(x), -1))))))


def detached() -> Any:
    return Detached()


def norm_net() -> Any:
    return BatchNormNet(momentum=0.9)


def norm_net_of_flax() -> Any:
    """What Flax gives unless told otherwise: epsilon 1e-5, momentum 0.99."""
    return BatchNormNet()


def norm_net_with_large_epsilon() -> Any:
    return BatchNormNet(epsilon=1e-3, momentum=0.9)


def norm_net_of_mostly_new() -> Any:
    return BatchNormNet(momentum=0.1)


class Told(LeNet):
    """Its dropout is told what to draw from, as in Flax' tutorial."""

    def __init__(self) -> None:
        super().__init__()
        self.drop = nnx.Dropout(0.2)

    def __call__(self, x: Any, rngs: Any = None) -> Any:
        return super().__call__(self.drop(x, rngs=rngs))


def told() -> Any:
    return Told()


class Compiled(LeNet):
    """Layers called in nnx.jit, and a dropout that draws from a stream of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.drop, self.rngs = nnx.Dropout(0.2, rngs=nnx.Rngs(0)), nnx.Rngs(1)

    @nnx.jit  # type: ignore[untyped-decorator]  # skipped by mypy
    def __call__(self, x: Any) -> Any:
        return self.inside(self.drop(x))

    @nnx.jit  # type: ignore[untyped-decorator]  # skipped by mypy
    def inside(self, x: Any) -> Any:
        return super().__call__(x)


def compiled() -> Any:
    return Compiled()


class Upsampled(nnx.Module):  # type: ignore[misc]  # skipped by mypy
    def __init__(self) -> None:
        rngs = nnx.Rngs(0)
        plain = {"padding": "VALID", "rngs": rngs}
        self.up = nnx.ConvTranspose(1, 3, (3, 3), 2, **plain)
        self.down = nnx.ConvTranspose(3, 2, (4, 4), transpose_kernel=True, **plain)
        self.norm, self.fc = nnx.RMSNorm(2, rngs=rngs), nnx.Linear(2, 10, rngs=rngs)

    def __call__(self, x: Any) -> Any:
        x = nnx.relu(self.down(nnx.relu(self.up(x)))).mean((1, 2))
        return self.fc(self.norm(x))


def upsampled() -> Any:
    return Upsampled()


class Words(nnx.Module):  # type: ignore[misc]  # skipped by mypy
    def __init__(self) -> None:
        rngs = nnx.Rngs(0)
        self.words, self.norm = nnx.Embed(20, 6, rngs=rngs), nnx.LayerNorm(6, rngs=rngs)
        self.fc = nnx.Linear(6, 10, rngs=rngs)

    def __call__(self, x: Any) -> Any:
        return self.fc(self.norm(self.words(x).mean(1)))


def words() -> Any:
    return Words()


class Bridged(linen.Module):  # type: ignore[misc]  # skipped by mypy
    @linen.compact  # type: ignore[untyped-decorator]  # skipped by mypy
    def __call__(self, x: Any) -> Any:
        x = linen.avg_pool(nnx.sigmoid(linen.Conv(6, (5, 5))(x)), (2, 2), (2, 2))
        x = linen.avg_pool(nnx.sigmoid(linen.Conv(16, (5, 5), padding="VALID")(x)), (2, 2), (2, 2))
        x = x.transpose(0, 3, 1, 2).reshape(len(x), -1)
        return linen.Dense(10)(nnx.sigmoid(linen.Dense(84)(nnx.sigmoid(linen.Dense(120)(x)))))


def bridged() -> Any:
    return nnx.bridge.ToNNX(Bridged(), rngs=nnx.Rngs(0)).lazy_init(jnp.zeros((1, 28, 28, 1)))


class Flat(nnx.Module):  # type: ignore[misc]  # skipped by mypy
    def __init__(self, **types: Any) -> None:
        self.fc = nnx.List([nnx.Linear(784, 10, rngs=nnx.Rngs(0), **types)])

    def __call__(self, x: Any, train: bool) -> Any:
        return self.fc[0](x.reshape(len(x), -1))


def in_bfloat16() -> Any:
    return Flat(param_dtype=jnp.bfloat16, dtype=jnp.bfloat16)


class Tied(nnx.Module):  # type: ignore[misc]  # skipped by mypy
    """Two layers with one kernel."""

    def __init__(self) -> None:
        rngs = nnx.Rngs(0)
        self.one, self.two = nnx.Linear(28, 28, rngs=rngs), nnx.Linear(28, 28, rngs=rngs)
        self.two.kernel = self.one.kernel
        self.fc = nnx.Linear(28, 10, rngs=rngs)

    def __call__(self, x: Any) -> Any:
        return self.fc(nnx.relu(self.two(nnx.relu(self.one(x[..., 0].mean(1))))))


def tied() -> Any:
    return Tied()


class Recurrent(nnx.Module):  # type: ignore[misc]  # skipped by mypy
    def __init__(self) -> None:
        rngs = nnx.Rngs(0)
        self.rnn = nnx.RNN(nnx.OptimizedLSTMCell(28, 8, rngs=rngs))
        self.fc = nnx.Linear(8, 10, rngs=rngs)

    def __call__(self, x: Any) -> Any:
        return self.fc(self.rnn(x[:, ::7, :, 0])[:, -1])


def recurrent() -> Any:
    return Recurrent()


class TwoHeads(LeNet):
    def __call__(self, x: Any) -> Any:
        return (super().__call__(x), x)


def two_heads() -> Any:
    return TwoHeads()


def of_linen() -> Any:
    return linen.Dense(10)


def no_model() -> Any:
    return 7


def summed_loss(predictions: Any, labels: Any) -> Any:
    return optax.softmax_cross_entropy_with_integer_labels(predictions, labels).sum()


def loss_of_one_hot_rows(predictions: Any, labels: Any) -> Any:
    """Broadcasts where it is given indices, without a word."""
    labels = labels if labels.ndim == 2 else labels[:, None]
    return -(labels * nnx.log_softmax(predictions)).sum(1).mean()


def decayed_weights_only(model: Any) -> Any:
    def matrices(parameters: Any) -> Any:
        return jax.tree.map(lambda each: each.ndim > 1, parameters)

    return optax.chain(optax.add_decayed_weights(0.05, mask=matrices), optax.sgd(0.1))


def no_optimizer(model: Any) -> Any:
    return 0.1


def own_schedule(model: Any) -> Any:
    return optax.sgd(optax.constant_schedule(0.05))


def own_decay(model: Any) -> Any:
    return optax.chain(optax.add_decayed_weights(0.3), optax.scale_by_learning_rate(0.2))


def own_momentum(model: Any) -> Any:
    return optax.multi_transform({"all": optax.sgd(0.1, momentum=0.9)}, "all")


def own_nesterov(model: Any) -> Any:
    return nnx.Optimizer(model, optax.sgd(0.1, momentum=0.9, nesterov=True), wrt=nnx.Param)


def own_adam(model: Any) -> Any:
    return optax.chain(optax.scale_by_adam(eps=1e-2), optax.scale(-1e-3))


def injected_adam(model: Any) -> Any:
    return optax.inject_hyperparams(optax.adam)(1e-3, eps=1e-3)


@nnx.jit  # type: ignore[untyped-decorator]  # skipped by mypy
def _update(model: Any, optimizer: Any, x: Any, y: Any) -> None:
    def objective(model: Any) -> Any:
        return optax.softmax_cross_entropy_with_integer_labels(model(x), y).mean()

    optimizer.update(model, nnx.grad(objective)(model))


def compiled_step(model: Any, loss: Any, optimizer: Any, x: Any, y: Any) -> None:
    _update(model, optimizer, x, y)
