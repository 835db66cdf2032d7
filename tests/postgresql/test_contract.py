from pathlib import Path

import pytest

from hpo.storage import Storage, open_storage
from hpo.testing import StorageContract


class TestPostgresql(StorageContract):
    url: str

    @pytest.fixture(autouse=True)
    def _database(self, database: str) -> None:
        self.url = database

    def make(self, place: Path) -> Storage:
        return open_storage(self.url, folder=place)

    def view(self, place: Path) -> Storage:
        return open_storage(self.url, folder=place, read_only=True)
