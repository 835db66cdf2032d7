"""Storage: where a study's log lives longer than the process."""

from hpo.storage.base import ClaimedError, Storage, StudyLog
from hpo.storage.open import open_storage

__all__ = ["ClaimedError", "Storage", "StudyLog", "open_storage"]
