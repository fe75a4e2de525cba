"""The Lua that runs inside Redis: what must happen in one step, or be read in one.

A room's hash holds `e` its epoch, `o` the last offset and `b` the payload bytes ever stored. An entry of its
stream has the offset as its id and three fields in this order: `p` payload, `t` the server's time in
milliseconds, `b` the room's bytes before it. So the bytes from any entry to the end are one subtraction.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha1
from typing import Final


@dataclass(frozen=True, slots=True)
class Script:
    """A script, and the digest that Redis knows it by once it was loaded."""

    text: str
    digest: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "digest", sha1(self.text.encode(), usedforsecurity=False).hexdigest())


_TRIM: Final = """
local function milliseconds()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

-- Let go of the first entries until the rest is within its bounds of bytes and age (0: for ever).
local function trim(stream, total, now, size, age)
  local from, count, last = '-', 1, nil
  while true do
    local some = redis.call('XRANGE', stream, from, '+', 'COUNT', count)
    local stays = #some == 0
    for _, entry in ipairs(some) do
      local fields = entry[2]
      stays = total - fields[6] <= size and (age == 0 or tonumber(fields[4]) > now - age)
      if stays then break end
      last = entry[1]
    end
    if stays then break end
    from, count = '(' .. last, 32
  end
  if last then
    local offset = tonumber(string.match(last, '^%d+'))
    redis.call('XTRIM', stream, 'MINID', '=', string.format('%.0f', offset + 1))
  end
end
"""

# KEYS hash, stream, key. ARGV payload, epoch of a room that is new, entries, size, age, key window, channel.
PUBLISH: Final = Script(
    _TRIM
    + """
local room = redis.call('HMGET', KEYS[1], 'e', 'o')
local epoch, prev = room[1], tonumber(room[2] or 0)
local seen = redis.call('GET', KEYS[3])
if seen then
  local offset, whose = string.match(seen, '^(%d+) (.*)$')
  -- A room that was forgotten and came back knows nothing of the keys before.
  if whose == epoch then return {epoch, tonumber(offset), 1} end
end
if not epoch then
  epoch = ARGV[2]
  redis.call('HSET', KEYS[1], 'e', epoch)
end
-- Entries without a hash are left over from one that was evicted: their offsets would be in the way.
if prev == 0 then redis.call('DEL', KEYS[2]) end

local payload, now = ARGV[1], milliseconds()
local age = tonumber(ARGV[5])
local offset = redis.call('HINCRBY', KEYS[1], 'o', 1)
local total = redis.call('HINCRBY', KEYS[1], 'b', #payload)
local id, before = string.format('%.0f', offset), string.format('%.0f', total - #payload)
redis.call('XADD', KEYS[2], 'MAXLEN', '=', ARGV[3], id .. '-0', 'p', payload,
  't', string.format('%.0f', now), 'b', before)
trim(KEYS[2], total, now, tonumber(ARGV[4]), age)
if age > 0 then redis.call('PEXPIRE', KEYS[2], ARGV[5]) end
redis.call('SET', KEYS[3], id .. ' ' .. epoch, 'PX', ARGV[6])
local place = 'e' .. id .. ' ' .. string.format('%.0f', prev) .. ' ' .. epoch .. '\\n'
redis.call('PUBLISH', ARGV[7], place .. payload)
return {epoch, offset, 0}
"""
)

# KEYS hash, stream. ARGV '+' (forward) or '-', where to begin, how many, size, age.
# Returns epoch, head, the first offset that is kept (0: none), entries in the order in which they were read.
HISTORY: Final = Script(
    _TRIM
    + """
local room = redis.call('HMGET', KEYS[1], 'e', 'o', 'b')
if not room[1] then return {'', 0, 0, {}} end
local head = tonumber(room[2] or 0)
if head == 0 then return {room[1], 0, 0, {}} end
trim(KEYS[2], tonumber(room[3]), milliseconds(), tonumber(ARGV[4]), tonumber(ARGV[5]))
local first = redis.call('XRANGE', KEYS[2], '-', '+', 'COUNT', 1)[1]
if not first then return {room[1], head, 0, {}} end
local entries
if ARGV[1] == '+' then
  entries = redis.call('XRANGE', KEYS[2], ARGV[2], '+', 'COUNT', ARGV[3])
else
  entries = redis.call('XREVRANGE', KEYS[2], ARGV[2], '-', 'COUNT', ARGV[3])
end
return {room[1], head, tonumber(string.match(first[1], '^%d+')), entries}
"""
)

# KEYS hash, stream. ARGV the offset of the last entry when it was decided that the room may go.
FORGET: Final = Script("""
if (redis.call('HGET', KEYS[1], 'o') or '0') ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[1], KEYS[2])
return 1
""")
