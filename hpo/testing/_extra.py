"""What the contract suites need beside the library."""

try:
    import hypothesis  # noqa: F401 - whether it is there
    import pytest  # noqa: F401 - likewise
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        f"hpo.testing needs {error.name}, which is not installed here. Install it with: "
        'pip install "polyhpo[testing]"',
        name=error.name,
    ) from error
