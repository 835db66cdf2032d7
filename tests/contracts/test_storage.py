from pathlib import Path

from hpo.storage import Storage, open_storage
from hpo.testing import StorageContract


class TestSqlite(StorageContract):
    def make(self, place: Path) -> Storage:
        return open_storage(place / "study.db")

    def view(self, place: Path) -> Storage:
        return open_storage(place / "study.db", read_only=True)
