"""Print that a message is stored."""

from collections.abc import Sequence

from hubbub_cli.message_lines import VERSION, file_json
from hubbub_cli.output import Json, TerminalOutput, to_json
from hubbub_cli.settings import CliSettings
from hubbub_client.events import SendReceipt
from hubbub_protocol.events import File


def print_receipt(settings: CliSettings, room: str, receipt: SendReceipt, files: Sequence[File] = ()) -> None:
    """Print the position: as JSON, or with `--verbose`."""
    output = TerminalOutput.of(settings)
    if settings.json:
        output.data(to_json(_record(room, receipt, files)))
    else:
        output.detail(f"stored at {receipt.position.offset}{' (duplicate)' * receipt.duplicate}")


def _record(room: str, receipt: SendReceipt, files: Sequence[File]) -> dict[str, Json]:
    record: dict[str, Json] = {
        "v": VERSION,
        "type": "sent",
        "room": room,
        "key": receipt.key,
        "epoch": receipt.position.epoch,
        "offset": receipt.position.offset,
        "duplicate": receipt.duplicate,
    }
    return record | {"files": [file_json(file) for file in files]} if files else record
