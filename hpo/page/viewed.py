"""What a viewer of the live page is to know of a study, whatever it knows already."""

from __future__ import annotations

from array import array

from hpo.page.followed import Update
from hpo.page.json_values import to_script


class ViewedStudy:
    """One study as texts, and at which version of the feed each of them was new.

    A viewer says what version it has, and is sent all that is newer, once. So a slow one needs no queue: what
    it missed meanwhile comes merged.

    Args:
        key: what the page knows the study by.
    """

    def __init__(self, key: str) -> None:
        self.key = key
        self.label = ""
        self.error: str | None = None
        self.gone = False
        self.version = 0
        self._began = 0
        self._head: str | None = None
        self._rows: list[str] = []
        self._row_versions = array("q")
        self._analysis: str | None = None
        self._analysis_version = 0
        self._texts: dict[int, str] = {}

    @property
    def names(self) -> set[str]:
        """By any of these a viewer may ask for it: with its file and without."""
        return {self.label, self.label.rpartition(": ")[2]}

    def take(self, update: Update, version: int) -> None:
        """Take in what changed, as of this version of the feed."""
        self.version = version
        self._texts = {}
        if update.analysis is not None:
            self._analysis, self._analysis_version = update.analysis, version
            return
        self.label, self.error, self.gone = update.label, update.error, update.gone
        if update.reset:
            self._began, self._rows, self._row_versions = version, [], array("q")
            self._analysis = None
        self._head = update.head or self._head
        for number, text in sorted(update.rows.items()):
            if number == len(self._rows):
                self._rows.append(text)
                self._row_versions.append(version)
            else:
                self._rows[number], self._row_versions[number] = text, version

    def change(self, since: int) -> str | None:
        """What is newer than a version, as the JSON text of a change; None if nothing is.

        Args:
            since: what the viewer has; -1 for nothing.
        """
        if self.version <= since or (self.gone and since < 0):
            return None
        if since not in self._texts:
            self._texts[since] = self._change(since)
        return self._texts[since]

    def _change(self, since: int) -> str:
        entries = {"key": to_script(self.key), "label": to_script(self.label)}
        if self.gone:
            return _object(entries | {"gone": "true"})
        if since < self._began and since >= 0:
            entries["reset"] = "true"
        if self._head is not None:
            entries["head"] = self._head
        pairs = zip(self._rows, self._row_versions, strict=True)
        rows = self._rows if since < self._began else [text for text, version in pairs if version > since]
        entries["trials"] = f"[{','.join(rows)}]"
        if self._analysis is not None and self._analysis_version > since:
            entries["analysis"] = self._analysis
        if self.error is not None:
            entries["error"] = to_script(self.error)
        return _object(entries)


def _object(entries: dict[str, str]) -> str:
    return "{" + ",".join(f'"{name}":{text}' for name, text in entries.items()) + "}"
