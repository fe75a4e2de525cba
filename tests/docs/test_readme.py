"""The README's program runs as it's written."""

from __future__ import annotations

import asyncio
import re
import sys
from pathlib import Path

from hubbub_client import Client
from service.server import running
from service.settings import load

README = Path(__file__).parents[2] / "README.md"


async def test_the_program_of_the_readme_sends_hello_and_receives_it(tmp_path: Path) -> None:
    (program,) = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    async with running(load({"HUBBUB_PORT": "0"})) as here:
        file = tmp_path / "bot.py"
        file.write_text(program.replace("localhost:8000", f"127.0.0.1:{here.port}"), encoding="utf-8")
        async with Client(f"ws://127.0.0.1:{here.port}") as chat:
            await (await chat.join("lobby")).send("before the bot started")
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-u", file, stdout=asyncio.subprocess.PIPE
        )
        assert process.stdout is not None
        try:
            async with asyncio.timeout(20):
                assert await process.stdout.readline() == b"greeter hello\n"
        finally:
            process.kill()
            await process.communicate()
