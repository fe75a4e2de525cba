"""compose.yaml: two unprivileged nodes behind a proxy, with Redis or NATS."""

from __future__ import annotations

import re
import tomllib
from typing import Any

import yaml

from service.settings import Settings
from service.settings.table import rows
from tests.image.dockerfile import ROOT, globals_, stages

TEXT = (ROOT / "compose.yaml").read_text(encoding="utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, Any] = COMPOSE["services"]
NODES = {name: service for name, service in SERVICES.items() if name.startswith("node-")}
DEV = {name: service for name, service in SERVICES.items() if name.startswith("dev-")}


def test_the_two_nodes_are_configured_alike() -> None:
    one, two = (
        {key: value for key, value in node.items() if key not in {"build", "pull_policy"}}
        for node in NODES.values()
    )
    assert one == two


def test_a_node_has_no_privileges() -> None:
    for node in NODES.values():
        assert node["read_only"]
        assert node["cap_drop"] == ["ALL"]
        assert node["security_opt"] == ["no-new-privileges:true"]
        assert "mem_limit" in node


def test_a_node_has_time_for_a_graceful_shutdown() -> None:
    for node in NODES.values():
        assert int(node["stop_grace_period"].rstrip("s")) > Settings().stop_seconds


def test_nodes_use_only_known_settings() -> None:
    known = {row.variable for row in rows()}
    for node in NODES.values():
        assert node["environment"].keys() <= known


def test_redis_starts_by_default_and_nats_by_its_profile() -> None:
    assert "profiles" not in SERVICES["redis"]
    assert SERVICES["nats"]["profiles"] == ["nats"]
    for node in NODES.values():
        assert node["environment"]["BROKER"] == "${BROKER:-redis}"
        assert node["depends_on"]["nats"]["required"] is False


def test_brokers_write_to_disk() -> None:
    assert "--appendonly" in SERVICES["redis"]["command"]
    assert "--store_dir" in SERVICES["nats"]["command"]
    assert all(SERVICES[broker]["volumes"] == [f"{broker}:/data"] for broker in ("redis", "nats"))


def test_build_arguments_are_those_of_the_dockerfile() -> None:
    known = {arg.partition("=")[0] for stage in stages() for arg in stage.all("ARG")} | set(globals_())
    arguments = SERVICES["node-1"]["build"]["args"]
    assert {argument.partition("=")[0] for argument in arguments} <= known
    for name, image in globals_().items():
        assert f"{name}=${{{name}:-{image}}}" in arguments


def test_every_image_is_configurable_and_pinned_to_a_version() -> None:
    images = {name: service["image"] for name, service in SERVICES.items() if name not in NODES}
    assert all(re.fullmatch(r"\$\{\w+_IMAGE:-[\w./-]+:\d[\w.-]*\}", image) for image in images.values())


def test_the_development_services_start_only_when_they_are_named() -> None:
    assert DEV.keys() == {"dev-node", "dev-page"}
    assert all(service["profiles"] == ["dev"] for service in DEV.values())
    others = [service for name, service in SERVICES.items() if name not in DEV]
    assert not any(DEV.keys() & service.get("depends_on", {}).keys() for service in others)
    assert DEV["dev-page"]["depends_on"].keys() == {"dev-node"}
    assert "depends_on" not in DEV["dev-node"]


def test_the_development_services_mount_sources_read_only_and_keep_what_they_install_in_volumes() -> None:
    for service in DEV.values():
        mounts = [mount.split(":") for mount in service["volumes"]]
        sources = [mount for mount in mounts if mount[0].startswith("./")]
        installed = [mount[0] for mount in mounts if mount not in sources]
        assert all(target == f"/src/{path.removeprefix('./')}" for path, target, _ in sources)
        assert all((ROOT / path).exists() and mode == "ro" for path, _, mode in sources)
        assert len(installed) == 1
        assert set(installed) <= COMPOSE["volumes"].keys()


def test_the_development_node_has_all_packages_of_the_service() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    packages = project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    mounted = {mount.partition(":")[0] for mount in DEV["dev-node"]["volumes"]}
    assert {f"./{package}" for package in packages} <= mounted


def test_the_development_services_run_what_make_dev_runs() -> None:
    script = (ROOT / "scripts" / "dev.sh").read_text(encoding="utf-8")
    for service in DEV.values():
        file, part, *_ = service["command"]
        assert file == "scripts/dev.sh"
        assert f"\n    {part})\n" in script
    known = {row.variable for row in rows()}
    settings = {name for name in DEV["dev-node"]["environment"] if name.startswith(("HUBBUB_", "BROKER"))}
    assert settings <= known
    assert DEV["dev-page"]["environment"]["DEV_NODE_URL"] == "http://dev-node:8000"


def test_the_development_services_listen_on_this_machine_alone() -> None:
    for service in DEV.values():
        assert all(port.startswith("127.0.0.1:") for port in service["ports"])
        assert service["cap_drop"] == ["ALL"]
        assert "mem_limit" in service
