"""Write the renders for external audits: `python -m tests.helm.write_renders FOLDER`."""

from __future__ import annotations

import sys
from pathlib import Path

import yaml

from tests.helm.chart import CI, Object, load, render


def judged(values: Object) -> Object:
    """Return the values, with the options that an audit expects."""
    return {**values, "networkPolicy": {**values.get("networkPolicy", {}), "enabled": True, "egress": True}}


def is_for_the_test(each: Object) -> bool:
    """Return whether an object is used only by `helm test`."""
    return bool(each["metadata"]["labels"]["app.kubernetes.io/component"] == "test")


def main() -> None:
    """Write a folder for each file of values: the objects, and separately those of the test."""
    into = Path(sys.argv[1])
    for file in CI:
        values = load(file)
        if values.get("extraContainers"):
            continue  # objects of other projects are not audited
        objects = render(judged(values), namespace="default")
        folder = into / file.stem.removesuffix("-values")
        folder.mkdir(parents=True)
        for name, is_test in (("objects", False), ("test", True)):
            part = [each for each in objects if is_for_the_test(each) is is_test]
            (folder / f"{name}.yaml").write_text(yaml.safe_dump_all(part), encoding="utf-8")


if __name__ == "__main__":
    main()
