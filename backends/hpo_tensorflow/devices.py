"""The book's functions about devices."""

from hpo.training import Devices
from hpo_tensorflow.backend import BACKEND

_devices = Devices(BACKEND)
cpu, gpu, num_gpus = _devices.cpu, _devices.gpu, _devices.num_gpus
try_gpu, try_all_gpus = _devices.try_gpu, _devices.try_all_gpus
