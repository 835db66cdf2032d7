"""A config that knows which of its hyperparameters were never looked at."""

from __future__ import annotations

from collections.abc import Callable, ItemsView, Iterable, Iterator, KeysView, Mapping, ValuesView
from typing import Any

_NOTHING = object()


class _KindOfDict(type):
    """Makes a class equal to `dict`, so that what looks for the type in a table finds what it has for dicts.

    PyYAML and the trees of frameworks do so, and refuse or pass over what derives from dict.
    """

    def __eq__(cls, other: object) -> bool:
        return other is cls or other is dict

    def __hash__(cls) -> int:
        return hash(dict)


class WatchedConfig(dict[str, Any], metaclass=_KindOfDict):
    """A dict that takes the name of what is read of it out of a set.

    Each hyperparameter is read by its name. What takes the whole (`**config`, `dict(config)`, a copy, a
    loop, a comparison, its text, JSON, pickle) reads all: what becomes of it then is not seen. Pickled and
    copied it is a plain dict. `dict(config)` is one, too, for a library that takes nothing else, as
    OmegaConf does.

    Args:
        config: the config.
        unread: the names that were not read so far; shared by all who look at the same trial.

    Example:
        >>> unread = {"rate", "dropout"}
        >>> WatchedConfig({"rate": 0.1, "dropout": 0.5}, unread)["rate"], unread
        (0.1, {'dropout'})
    """

    __slots__ = ("_unread",)

    # `type(config)(rate=0.1)`, as a library may copy it, makes one of these items, too.
    def __init__(
        self,
        config: Mapping[str, Any] | Iterable[tuple[str, Any]] = (),
        unread: set[str] | None = None,
        /,
        **items: Any,
    ) -> None:
        super().__init__(config, **items)
        self._unread: set[str] = set() if unread is None else unread

    def twin(self) -> WatchedConfig:
        """Another dict of the same items, which is watched together with this one."""
        return WatchedConfig(dict.items(self), self._unread)

    def __getitem__(self, name: str) -> Any:
        self._unread.discard(name)
        return dict.__getitem__(self, name)

    def __delitem__(self, name: str) -> None:
        self._unread.discard(name)
        dict.__delitem__(self, name)

    def __contains__(self, name: object) -> bool:
        self._unread.discard(name)
        return dict.__contains__(self, name)

    def get(self, name: str, default: Any = None) -> Any:
        """The value of that name, or the default."""
        self._unread.discard(name)
        return dict.get(self, name, default)

    def pop(self, name: str, default: Any = _NOTHING) -> Any:
        """Take out the value of that name."""
        self._unread.discard(name)
        return dict.pop(self, name) if default is _NOTHING else dict.pop(self, name, default)

    def setdefault(self, name: str, default: Any = None) -> Any:
        """The value of that name, which is set to the default if there is none."""
        self._unread.discard(name)
        return dict.setdefault(self, name, default)

    # Overridden `__iter__` and `keys` are what makes `**config` and `dict(config)` pass by here.
    def __iter__(self) -> Iterator[str]:
        self._unread.clear()
        return dict.__iter__(self)

    def __reversed__(self) -> Iterator[str]:
        self._unread.clear()
        return dict.__reversed__(self)

    def keys(self) -> KeysView[str]:  # type: ignore[override]  # dict's own view is one of these
        """All names."""
        self._unread.clear()
        return dict.keys(self)

    def values(self) -> ValuesView[Any]:  # type: ignore[override]  # dict's own view is one of these
        """All values."""
        self._unread.clear()
        return dict.values(self)

    def items(self) -> ItemsView[str, Any]:  # type: ignore[override]  # dict's own view is one of these
        """All names with their values."""
        self._unread.clear()
        return dict.items(self)

    def popitem(self) -> tuple[str, Any]:
        """Take out the last item."""
        self._unread.clear()
        return dict.popitem(self)

    def copy(self) -> dict[str, Any]:
        """A plain dict."""
        return dict(self.items())

    def __eq__(self, other: object) -> bool:
        self._unread.clear()
        return dict.__eq__(self, other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __or__(self, other: Any) -> Any:
        return self.copy() | other

    def __ror__(self, other: Any) -> Any:
        return other | self.copy()

    def __repr__(self) -> str:
        self._unread.clear()
        return dict.__repr__(self)

    def __reduce_ex__(self, protocol: Any) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return dict, (self.copy(),)


def own_copy(config: Mapping[str, Any]) -> dict[str, Any]:
    """A copy for one who may change it; of a config that is watched another one that is."""
    return config.twin() if isinstance(config, WatchedConfig) else dict(config)
