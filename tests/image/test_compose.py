"""compose.yaml: two nodes behind a proxy, each kept in, with Redis or NATS."""

from __future__ import annotations

import re
from typing import Any

import yaml

from service.settings import Settings
from service.settings.table import rows
from tests.image.dockerfile import ROOT, globals_, stages

TEXT = (ROOT / "compose.yaml").read_text(encoding="utf-8")
SERVICES: dict[str, Any] = yaml.safe_load(TEXT)["services"]
NODES = {name: service for name, service in SERVICES.items() if name.startswith("node-")}


def test_there_are_two_nodes_that_differ_in_nothing() -> None:
    one, two = (
        {key: value for key, value in node.items() if key not in {"build", "pull_policy"}}
        for node in NODES.values()
    )
    assert one == two


def test_a_node_is_kept_in() -> None:
    for node in NODES.values():
        assert node["read_only"]
        assert node["cap_drop"] == ["ALL"]
        assert node["security_opt"] == ["no-new-privileges:true"]
        assert "mem_limit" in node


def test_a_node_is_given_the_time_to_drain() -> None:
    for node in NODES.values():
        assert int(node["stop_grace_period"].rstrip("s")) > Settings().stop_seconds


def test_nodes_are_told_settings_that_there_are() -> None:
    known = {row.variable for row in rows()}
    for node in NODES.values():
        assert node["environment"].keys() <= known


def test_redis_comes_by_itself_and_nats_when_asked_for() -> None:
    assert "profiles" not in SERVICES["redis"]
    assert SERVICES["nats"]["profiles"] == ["nats"]
    for node in NODES.values():
        assert node["environment"]["BROKER"] == "${BROKER:-redis}"
        assert node["depends_on"]["nats"]["required"] is False


def test_what_brokers_are_given_is_written_to_disk() -> None:
    assert "--appendonly" in SERVICES["redis"]["command"]
    assert "--store_dir" in SERVICES["nats"]["command"]
    assert all(SERVICES[broker]["volumes"] == [f"{broker}:/data"] for broker in ("redis", "nats"))


def test_it_builds_with_arguments_that_the_dockerfile_has() -> None:
    known = {arg.partition("=")[0] for stage in stages() for arg in stage.all("ARG")} | set(globals_())
    arguments = SERVICES["node-1"]["build"]["args"]
    assert {argument.partition("=")[0] for argument in arguments} <= known
    for name, image in globals_().items():
        assert f"{name}=${{{name}:-{image}}}" in arguments


def test_every_image_can_be_another_and_none_is_the_latest() -> None:
    images = {name: service["image"] for name, service in SERVICES.items() if name not in NODES}
    assert all(re.fullmatch(r"\$\{\w+_IMAGE:-[\w./-]+:\d[\w.-]*\}", image) for image in images.values())
