import pytest


@pytest.fixture(autouse=True)
def _numpy_backend(numpy_backend: None) -> None:
    pass
