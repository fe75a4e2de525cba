"""`make audit`: what its own checks find, and that the repository passes those that need no registry."""

from __future__ import annotations

import json
from importlib.metadata import PackageMetadata
from pathlib import Path
from typing import Any, cast

import pytest

from scripts import advisories, packages, secrets_in_tree, supply_chain
from scripts.advisories import Advisories
from scripts.packages import Package


def test_all_packages_that_are_delivered_have_a_licence_that_is_allowed() -> None:
    delivered = [*packages.python_packages(), *packages.npm_packages()]
    assert {"sanic", "react"} <= {package.name for package in delivered}
    assert list(packages.refused_licences(delivered)) == []


@pytest.mark.parametrize(
    ("expression", "allowed"),
    [
        ("MIT", True),
        ("GPL-3.0-only OR MIT", True),
        ("Apache-2.0 AND BSD-2-Clause", True),
        ("MIT AND GPL-3.0-only", False),
        ("AGPL-3.0-only", False),
        ("unknown", False),
    ],
)
def test_a_licence_is_allowed_by_its_expression(expression: str, *, allowed: bool) -> None:
    package = Package("pypi", "x", "1", expression)
    assert bool(list(packages.refused_licences([package]))) is not allowed


@pytest.mark.parametrize(
    ("fields", "licence"),
    [
        ({"license_expression": "MIT OR Apache-2.0"}, "MIT OR Apache-2.0"),
        ({"license": "Apache 2 License"}, "Apache-2.0"),
        ({"classifier": ["Topic :: Chat", "License :: OSI Approved :: MIT License"]}, "MIT"),
        (
            {
                "license": "The full text\nof a licence",
                "classifier": ["License :: OSI Approved :: MIT License"],
            },
            "MIT",
        ),
        ({"license": "ours"}, "ours"),
        ({}, "unknown"),
    ],
)
def test_the_licence_of_a_python_package_is_read_from_its_metadata(
    fields: dict[str, Any], licence: str
) -> None:
    class Stated:
        json = fields

    assert packages.stated_licence(cast("PackageMetadata", Stated())) == licence


def test_the_repository_contains_no_secret() -> None:
    assert list(secrets_in_tree.secrets_in(secrets_in_tree.tracked_files())) == []


def test_a_secret_is_found_and_not_printed(tmp_path: Path) -> None:
    # In parts, so that this file has none.
    secrets = [
        "-----BEGIN " + "PRIVATE KEY-----\n" + "A" * 64,
        "AKIA" + "A" * 16,
        "ghp_" + "a" * 36,
        "xoxb-" + "1" * 12 + "-" + "a" * 12,
        "redis://user:" + "x" * 24 + "@host",
    ]
    file = tmp_path / "settings.txt"
    file.write_text("\n".join(["nothing", *secrets]), encoding="utf-8")
    found = list(secrets_in_tree.secrets_in([file]))
    assert len(found) == len(secrets)
    assert f"{file}:2: a private key" in found
    assert not any(secret in place for secret in secrets for place in found)


def test_the_bill_of_materials_lists_what_is_pinned_and_is_the_same_twice() -> None:
    bill = packages.bill_of_materials("1.2.3")
    assert bill == packages.bill_of_materials("1.2.3")
    assert (bill["bomFormat"], bill["metadata"]["component"]["version"]) == ("CycloneDX", "1.2.3")
    purls = [component["purl"] for component in bill["components"]]
    assert len(purls) == len(set(purls))
    assert bill["dependencies"][0]["dependsOn"] == purls
    assert any(purl.startswith("pkg:pypi/sanic@") for purl in purls)
    assert any(purl.startswith("pkg:npm/react@") for purl in purls)
    assert not any("pytest" in purl or "vite" in purl for purl in purls), "only what runs"


def test_advisories_are_read_and_what_was_not_checked_is_reported() -> None:
    report = {
        "dependencies": [
            {"name": "a", "version": "1", "vulns": [{"id": "PYSEC-1", "fix_versions": ["2"]}]},
            {"name": "b", "version": "1", "vulns": []},
            {"name": "c", "skip_reason": "not found"},
        ]
    }
    found, skipped = advisories.read_pip_audit(json.dumps(report))
    assert (found, skipped) == (["a 1: PYSEC-1, fixed in 2"], {"c"})


@pytest.mark.parametrize(
    ("report", "expected"),
    [
        ({"vulnerabilities": {}}, Advisories()),
        (
            {"vulnerabilities": {"a": {"name": "a", "range": "<2", "severity": "high"}}},
            Advisories(("a <2: high",)),
        ),
        ({"message": "405"}, Advisories(unchecked="the registry answers no advisories: 405")),
    ],
)
def test_a_report_of_npm_is_read(report: dict[str, Any], expected: Advisories) -> None:
    assert advisories.read_npm_audit(json.dumps(report)) == expected


def test_no_answer_is_no_error(capsys: pytest.CaptureFixture[str]) -> None:
    unchecked = advisories.read_npm_audit("")
    assert unchecked == Advisories(unchecked="npm has no answer")
    assert supply_chain.main(["nonsense"]) == 2
    assert "usage" in capsys.readouterr().err
