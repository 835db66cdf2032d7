from pathlib import Path

import pytest

from tests.postgresql.server import find_programs


def test_where_no_server_is_installed_the_tests_fail_and_name_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(pytest.fail.Exception, match=r"no initdb on this machine.*apt-get install postgresql"):
        find_programs(tmp_path)


def test_of_several_versions_the_newest_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    for version in ("9", "15", "13"):
        (tmp_path / version / "bin").mkdir(parents=True)
    assert find_programs(tmp_path) == tmp_path / "15" / "bin"
