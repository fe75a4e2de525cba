"""Pack a chart as `helm package` does, but the same whenever it's packed: CHART_FOLDER INTO TIME."""

from __future__ import annotations

import gzip
import io
import re
import sys
import tarfile
from pathlib import Path


def files(chart: Path) -> list[Path]:
    """List what belongs into the package, in an order that never changes."""
    lines = (chart / ".helmignore").read_text(encoding="utf-8").split()
    ignored = [re.compile(line.rstrip("/").replace(".", r"\.").replace("*", ".*")) for line in lines]

    def stays(path: Path) -> bool:
        return not any(each.fullmatch(part) for each in ignored for part in path.relative_to(chart).parts)

    return sorted(path for path in chart.rglob("*") if path.is_file() and stays(path))


def pack(chart: Path, time: int) -> bytes:
    """Pack a chart; `time` is that of all files in it, in seconds since 1970."""
    packed = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=packed, mode="wb", mtime=time, filename="") as zipped,
        tarfile.open(fileobj=zipped, mode="w", format=tarfile.USTAR_FORMAT) as archive,
    ):
        for path in files(chart):
            entry = tarfile.TarInfo(f"hubbub/{path.relative_to(chart).as_posix()}")
            data = path.read_bytes()
            entry.size, entry.mtime, entry.mode = len(data), time, 0o644
            archive.addfile(entry, io.BytesIO(data))
    return packed.getvalue()


def main() -> None:
    """Write `hubbub-VERSION.tgz`."""
    chart, into, time = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    about = (chart / "Chart.yaml").read_text(encoding="utf-8")
    version = re.findall(r"^version: (\S+)$", about, re.MULTILINE)[0]
    (into / f"hubbub-{version}.tgz").write_bytes(pack(chart, time))


if __name__ == "__main__":
    main()
