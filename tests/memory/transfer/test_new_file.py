"""A new file is there wholly or not at all."""

import errno
from functools import partial
import os
from pathlib import Path
import stat
import tempfile
from typing import Any

import pytest

from custom_components.semantic_memory.memory.errors import FileUnavailableError, InvalidInputError
from custom_components.semantic_memory.memory.transfer.new_file import NewFile


def new_file(path: Path, *, overwrite: bool = False) -> NewFile:
    """Return an open file."""
    file = NewFile(partial(Path, path), overwrite=overwrite)
    file.open()
    return file


def test_a_file_appears_once_it_is_complete(tmp_path: Path) -> None:
    path = tmp_path / "new.txt"
    file = new_file(path)
    file.write("Caf\u00e9 ")
    file.write("Paris")
    assert not path.exists()

    file.commit()
    file.discard()

    assert path.read_text("utf-8") == "Caf\u00e9 Paris"
    assert file.size == len("Caf\u00e9 Paris".encode())
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_nothing_is_left_of_a_file_that_is_given_up(tmp_path: Path) -> None:
    file = new_file(tmp_path / "new.txt")
    file.write("half")

    file.discard()

    assert list(tmp_path.iterdir()) == []


def test_a_file_that_was_never_opened_is_given_up(tmp_path: Path) -> None:
    NewFile(partial(Path, tmp_path / "new.txt")).discard()

    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_there_stays(tmp_path: Path) -> None:
    path = tmp_path / "old.txt"
    path.write_text("old")

    with pytest.raises(InvalidInputError) as raised:
        new_file(path)

    assert raised.value.code == "file_exists"
    assert raised.value.placeholders == {"path": str(path)}
    assert path.read_text() == "old"


@pytest.mark.parametrize("links", [True, False])
def test_a_file_that_came_meanwhile_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool) -> None:
    path = tmp_path / "new.txt"
    file = new_file(path)
    file.write("new")
    path.write_text("came first")
    if not links:
        monkeypatch.setattr(Path, "hardlink_to", no_links)

    with pytest.raises(InvalidInputError, match="file_exists"):
        file.commit()
    file.discard()

    assert path.read_text() == "came first"
    assert list(tmp_path.iterdir()) == [path]


def no_links(path: Path, target: Path) -> None:
    """Refuse links, as FAT does."""
    raise PermissionError(errno.EPERM, "Operation not permitted")


def test_a_file_system_without_links_will_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "hardlink_to", no_links)
    file = new_file(tmp_path / "new.txt")
    file.write("new")

    file.commit()

    assert [path.read_text() for path in tmp_path.iterdir()] == ["new"]


def test_a_file_is_overwritten_if_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "old.txt"
    path.write_text("old")
    path.chmod(0o644)
    file = new_file(path, overwrite=True)
    file.write("new")
    assert path.read_text() == "old"

    file.commit()

    assert path.read_text() == "new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_link_is_replaced_not_followed(tmp_path: Path) -> None:
    target = tmp_path / "target.txt"
    target.write_text("of somebody else")
    link = tmp_path / "link.txt"
    link.symlink_to(target)
    with pytest.raises(InvalidInputError, match="file_exists"):
        new_file(link)
    file = new_file(link, overwrite=True)
    file.write("new")

    file.commit()

    assert target.read_text() == "of somebody else"
    assert not link.is_symlink()


@pytest.mark.parametrize("overwrite", [True, False])
def test_a_folder_is_no_file(tmp_path: Path, overwrite: bool) -> None:
    with pytest.raises(InvalidInputError, match="file_exists"):
        new_file(tmp_path, overwrite=overwrite)


@pytest.mark.parametrize("parent", ["missing", "file.txt"])
def test_the_folder_has_to_be_there(tmp_path: Path, parent: str) -> None:
    (tmp_path / "file.txt").write_text("a file")

    with pytest.raises(InvalidInputError) as raised:
        new_file(tmp_path / parent / "new.txt")

    assert raised.value.code == "folder_missing"
    assert raised.value.placeholders == {"path": str(tmp_path / parent)}


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (errno.ENOSPC, "the disk is full"),
        (errno.EROFS, "the disk is read-only"),
        (errno.EACCES, "access is denied"),
        (errno.EBUSY, "Device or resource busy"),
    ],
)
@pytest.mark.parametrize("step", ["open", "write", "sync", "move"])
def test_what_the_disk_refuses_is_said_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, reason: str, step: str
) -> None:
    def refuse(*_: object, **__: object) -> Any:
        raise OSError(number, os.strerror(number))

    path = tmp_path / "new.txt"
    file = NewFile(partial(Path, path), overwrite=True)
    open_stream = tempfile.NamedTemporaryFile

    def open_refusing(*args: Any, **kwargs: Any) -> Any:
        stream = open_stream(*args, **kwargs)
        monkeypatch.setattr(stream, "write", refuse)
        return stream

    if step == "open":
        monkeypatch.setattr(tempfile, "NamedTemporaryFile", refuse)
    elif step == "write":
        monkeypatch.setattr(tempfile, "NamedTemporaryFile", open_refusing)
    elif step == "sync":
        monkeypatch.setattr(os, "fsync", refuse)
    else:
        monkeypatch.setattr(Path, "replace", refuse)

    with pytest.raises(FileUnavailableError) as raised:
        write_all(file)
    file.discard()

    assert raised.value.placeholders == {"path": str(path), "reason": reason}
    assert list(tmp_path.iterdir()) == []


def write_all(file: NewFile) -> None:
    """Write a whole file."""
    file.open()
    file.write("new")
    file.commit()


def test_a_name_that_no_file_can_have_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileUnavailableError):
        new_file(tmp_path / "nul\0.txt")
    with pytest.raises(FileUnavailableError) as raised:
        new_file(tmp_path / ("x" * 300 + "/new.txt"))
    assert raised.value.placeholders["reason"] == "the name is too long"


def test_a_closed_file_cannot_be_written_to(tmp_path: Path) -> None:
    with pytest.raises(FileUnavailableError):
        NewFile(partial(Path, tmp_path / "new.txt")).write("x")
