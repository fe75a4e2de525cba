"""The folders are those of platformdirs, whose import a short command does not need."""

from pathlib import Path

import platformdirs
import pytest

from hubbub_cli.folders import config_folder, state_folder


@pytest.mark.parametrize(
    "environ",
    [
        {"HOME": "/home/ann"},
        {"HOME": "/home/ann", "XDG_CONFIG_HOME": "/c", "XDG_STATE_HOME": "/s"},
        {"HOME": "/home/ann", "XDG_CONFIG_HOME": "c", "XDG_STATE_HOME": ""},
        {"HOME": "relative"},
        {},
    ],
)
def test_the_folders_are_the_usual_ones(environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)
        if name in environ:
            monkeypatch.setenv(name, environ[name])
    assert config_folder(environ) == Path(platformdirs.user_config_path("hubbub", appauthor=False))
    assert state_folder(environ) == Path(platformdirs.user_state_path("hubbub", appauthor=False))
