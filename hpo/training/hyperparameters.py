"""Constructor arguments as attributes, and class members from later cells of a notebook."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

Member = TypeVar("Member", bound=Callable[..., Any])


def add_to_class(cls: type) -> Callable[[Member], Member]:
    """Decorator that makes a function a method of `cls` under its own name.

    For notebooks, which define a class over several cells. Objects that exist already get it too.

    Example:
        >>> from hpo.training import add_to_class
        >>> class Circle:
        ...     radius = 2
        >>> circle = Circle()
        >>> @add_to_class(Circle)
        ... def diameter(self):
        ...     return 2 * self.radius
        >>> circle.diameter()
        4
    """
    if not isinstance(cls, type):
        raise TypeError(f"add_to_class takes a class, for example @add_to_class(Trainer); received {cls!r}.")

    def add(member: Member) -> Member:
        setattr(cls, member.__name__, member)
        return member

    return add


class HyperParameters:
    """A class whose constructor can keep its own arguments.

    Example:
        >>> from hpo.training import HyperParameters
        >>> class Model(HyperParameters):
        ...     def __init__(self, units, lr=0.1, device=None):
        ...         self.save_hyperparameters(ignore=["device"])
        >>> model = Model(256)
        >>> model.hparams
        {'units': 256, 'lr': 0.1}
        >>> model.lr
        0.1
    """

    hparams: dict[str, Any]

    def save_hyperparameters(self, ignore: Iterable[str] = ()) -> None:
        """Keep the calling constructor's arguments as attributes, and all of them in `self.hparams`.

        Args:
            ignore: names of arguments to leave out.
        """
        # As in the book: from the constructor's frame, so that it need not name its arguments again.
        frame = inspect.currentframe()
        caller = frame.f_back if frame is not None else None
        if caller is None:
            raise RuntimeError("save_hyperparameters() needs a Python that shows it its caller's arguments.")
        names, positional, keywords, values = inspect.getargvalues(caller)
        wanted = {name: values[name] for name in names}
        if positional:
            wanted[positional] = values[positional]
        if keywords:
            wanted.update(values[keywords])
        left_out = {"self", *ignore}
        self.hparams = {name: value for name, value in wanted.items() if name not in left_out}
        for name, value in self.hparams.items():
            setattr(self, name, value)
