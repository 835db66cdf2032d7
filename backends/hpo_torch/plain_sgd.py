"""The step of `torch.optim.SGD` where it is `parameter -= lr * gradient` and nothing else."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn


class PlainSGD:
    """Steps without the bookkeeping of an optimizer, which costs a small model more than the arithmetic.

    Args:
        group: the optimizer's only group of parameters; its rate is read at each step.
    """

    def __init__(self, group: dict[str, Any]) -> None:
        self._group = group

    def descend(self, loss: torch.Tensor) -> None:
        """Take one step against the gradient of `loss`."""
        parameters = self._group["params"]
        gradients = torch.autograd.grad(loss, parameters, allow_unused=True)
        # torch.optim.SGD leaves parameters alone that the loss does not reach.
        if any(gradient is None for gradient in gradients):
            pairs = zip(parameters, gradients, strict=True)
            parameters, gradients = zip(*[pair for pair in pairs if pair[1] is not None], strict=True)
        with torch.no_grad():
            torch._foreach_add_(parameters, gradients, alpha=-self._group["lr"])


def plain_sgd(optimizer: torch.optim.Optimizer, model: nn.Module) -> PlainSGD | None:
    """`PlainSGD` for this optimizer and model; None where the optimizer does more."""
    if type(optimizer) is not torch.optim.SGD or len(optimizer.param_groups) != 1:
        return None
    [group] = optimizer.param_groups
    hooked = optimizer._optimizer_step_pre_hooks or optimizer._optimizer_step_post_hooks
    more = group["momentum"] or group["weight_decay"] or group["maximize"]
    # alpha= takes a number only.
    tensor_rate = isinstance(group["lr"], torch.Tensor)
    # Gradients of sparse embeddings add up in another way; hooks on parameters want `.grad` to be made.
    unusual = any(getattr(layer, "sparse", False) for layer in model.modules()) or any(
        not parameter.requires_grad or parameter._backward_hooks or parameter._post_accumulate_grad_hooks
        for parameter in group["params"]
    )
    return None if hooked or more or tensor_rate or unusual else PlainSGD(group)
