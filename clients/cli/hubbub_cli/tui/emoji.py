"""The emoji that `:name:` completes to."""

from typing import Final

EMOJI: Final = {
    "+1": "👍", "-1": "👎", "100": "💯", "angry": "😠", "beer": "🍺", "blush": "😊", "boom": "💥",
    "bug": "🐛", "bulb": "💡", "cake": "🍰", "calendar": "📅", "clap": "👏", "coffee": "☕",
    "confused": "😕", "cry": "😢", "dizzy": "💫", "eyes": "👀", "fire": "🔥", "gift": "🎁", "grin": "😁",
    "hammer": "🔨", "heart": "❤️", "hourglass": "⏳", "hug": "🤗", "joy": "😂", "key": "🔑",
    "laughing": "😆", "lock": "🔒", "memo": "📝", "moon": "🌙", "muscle": "💪", "ok": "👌",
    "package": "📦", "party": "🎉", "pray": "🙏", "question": "❓", "rain": "🌧️", "raised_hands": "🙌",
    "red_circle": "🔴", "robot": "🤖", "rocket": "🚀", "sad": "😞", "scream": "😱", "shrug": "🤷",
    "sleepy": "😴", "smile": "😄", "snowflake": "❄️", "sparkles": "✨", "star": "⭐", "sun": "☀️",
    "sunglasses": "😎", "sweat": "😅", "tada": "🎉", "thinking": "🤔", "tick": "✔️", "tool": "🔧",
    "tree": "🌳", "unlock": "🔓", "wave": "👋", "warning": "⚠️", "wink": "😉", "x": "❌", "zap": "⚡",
    "zzz": "💤",
}  # fmt: skip
