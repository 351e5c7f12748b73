"""GPUs: only where device and runtime both are, and each in one container's hands at a time."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest

from hub.engine import container, gpus
from hub.engine.dock import Container, Docker
from hub.errors import WrongState
from tests.unit.engine.test_container import PLACES


class Runtime:
    """Docker with or without the runtime that hands GPUs in, and the containers that hold some."""

    def __init__(self, *, hands_in: bool, held: tuple[str, ...] = ()) -> None:
        self._hands_in = hands_in
        self._held = held

    def hands_gpus_in(self) -> bool:
        return self._hands_in

    def list(self, enclave: str, label: str) -> list[Container]:
        assert (enclave, label) == (PLACES.enclave, container.LABEL_GPUS)
        shown: dict[str, Any] = {"exit_code": None, "started_at": None, "out_of_memory": False}
        return [Container(id=one, state="exited", labels={label: one}, **shown) for one in self._held]


def docker(*, hands_in: bool = True, held: tuple[str, ...] = ()) -> Docker:
    return cast(Docker, Runtime(hands_in=hands_in, held=held))


@pytest.fixture
def three(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with three GPUs, and what else lies beside their devices."""
    for name in ("nvidia0", "nvidia1", "nvidia2", "nvidiactl", "nvidia-uvm", "null"):
        (tmp_path / name).touch()
    monkeypatch.setattr(gpus, "DEVICES", tmp_path)


def test_a_machine_without_devices_has_none_whatever_docker_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gpus, "DEVICES", tmp_path)
    assert gpus.here(docker()) == ()


@pytest.mark.usefixtures("three")
def test_devices_that_docker_can_not_hand_in_are_none() -> None:
    assert gpus.here(docker(hands_in=False)) == ()
    assert gpus.here(docker()) == ("0", "1", "2")


@pytest.mark.usefixtures("three")
def test_what_a_container_holds_is_lent_to_nobody_else_not_even_when_it_stopped() -> None:
    assert gpus.free(2, docker(held=("1",)), PLACES) == ["0", "2"]
    with pytest.raises(WrongState, match="needs 2 of the machine's GPUs, and 1 is free"):
        gpus.free(2, docker(held=("0,2",)), PLACES)
    with pytest.raises(WrongState, match="none is free"):
        gpus.free(1, docker(held=("0,2", "1")), PLACES)
