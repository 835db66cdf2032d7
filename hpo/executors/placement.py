"""Which framework and which device the trials of a study use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hpo.backend import registry
from hpo.backend.generators import seed_generators
from hpo.backend.keras_engine import KERAS
from hpo.errors import AmbiguousBackendError
from hpo.objective.context import CurrentTrial, Opening, Perturbation, TrialHost
from hpo.objective.reads import own_copy
from hpo.randomness import uniforms


@dataclass(frozen=True)
class Placement:
    """What all trials of a study share: its seed, its backend and its device.

    It names the backend only, so that it can be sent to another process and imported there.

    Attributes:
        seed: the study's seed.
        backend: name of the backend; None if several are loaded and none was chosen.
        device: the device that was asked for, one of the backend's; None if none was.
        replicate: which of the repeated draws the trials use, from 0; the first of them if there are more.
        replicates: on how many draws each config is trained.
        seeds_framework: whether the global generators, the framework's own and others, are seeded before each
            trial and epoch.
        opening: there while a sealed test set may be read.
        final_epoch: the last epoch that the study's scheduler ever grants; None where none does.
        perturbation: there while a trial is repeated from slightly other weights.
    """

    seed: int
    backend: str | None
    device: str | None = None
    replicate: int = 0
    replicates: int = 1
    seeds_framework: bool = False
    opening: Opening | None = None
    final_epoch: int | None = None
    perturbation: Perturbation | None = None

    def current(self, trial: int, config: Mapping[str, Any], host: TrialHost) -> CurrentTrial:
        """What the objective may know of its trial."""
        return CurrentTrial(
            id=trial,
            config=own_copy(config),
            seed=self.seed,
            replicate=self.replicate,
            backend=self.backend,
            device_name=self.device,
            opening=self.opening,
            final_epoch=self.final_epoch,
            perturbation=self.perturbation,
            host=host,
        )

    def begin_epoch(self, epoch: int) -> None:
        """Seed the global generators for an epoch, from 1; 0 is what comes before the first.

        So a model that initialises itself starts from the same draws in each trial of a replicate. An epoch
        has the same draws whether the trial reached it at once, after a pause, or from a checkpoint.
        """
        if self.seeds_framework and self.backend is not None:
            draw = uniforms(self.seed, "training", self.replicate, "framework", epoch, shape=(1,))
            seed_generators(registry.load(self.backend), int(draw[0] * 2**32))

    def find_device(self) -> Any:
        """The framework's object for the device: the one asked for, else the best there is.

        Raises:
            AmbiguousBackendError: several frameworks are loaded and none was chosen.
            DeviceError: `HPO_DEVICE` names a device that is not there.
        """
        backend = registry.get(self.backend)
        return backend.device(registry.resolve_device(backend, self.device, default="auto"))


def choose_placement(
    seed: int, backend: str | None, device: str | None, replicates: int = 1
) -> tuple[Placement, str]:
    """Decide where a study's trials run, and say why.

    The default, NumPy, is not imported unasked, so an objective that uses no framework pays for none. If
    several frameworks are loaded and none was chosen, a study that needs none still runs: the error is
    raised when a trial asks for its device.

    Args:
        seed: the study's seed.
        backend: the backend that was asked for, if one was.
        device: the device that was asked for, if one was.
        replicates: on how many draws each config is trained.

    Raises:
        BackendError: the backend or the device is not there; the text lists those that are.
    """
    try:
        choice = registry.choose(backend)
    except AmbiguousBackendError as error:
        if device is not None:
            raise
        return Placement(seed, None, replicates=replicates), str(error)
    # Any choice but the default counts: the user named the framework, or has imported it already. So does
    # Keras on an engine that has no backend.
    asked_for = backend is not None or choice.name != registry.DEFAULT or registry.is_imported(KERAS)
    if asked_for or device is not None:
        loaded = registry.load(choice.name)
        device = registry.resolve_device(loaded, device) if device is not None else None
    placement = Placement(seed, choice.name, device, replicates=replicates, seeds_framework=asked_for)
    return placement, choice.reason
