"""The Lua that runs inside Redis: what must happen in one step, or be read in one.

A room's hash holds `e` its epoch, `o` the last offset, `b` the payload bytes ever stored, `r` the identity of
the server that stored last, `f` and `t` the bytes before and the time of an entry that was the first once.
An entry of its stream has the offset as its id and these fields in this order: `p` payload, `t` the server's
time in milliseconds, `b` the room's bytes before it, and, only where offsets were left out, `v` the offset
before it. So the bytes from any entry to the end are one subtraction.
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


# What another server may have stored and lost again has offsets of its own: so many are left out.
LEFT_OUT: Final = 1_000_000

_TRIM: Final = """
local function milliseconds()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

-- Let go of the first entries until the rest is within its bounds of bytes and age (0: for ever).
-- Returns the first that stays, or nothing.
local function trim(stream, total, now, size, age)
  local from, count, last, first = '-', 1, nil, nil
  while true do
    local some = redis.call('XRANGE', stream, from, '+', 'COUNT', count)
    local stays = #some == 0
    for _, entry in ipairs(some) do
      local fields = entry[2]
      stays = total - fields[6] <= size and (age == 0 or tonumber(fields[4]) > now - age)
      if stays then first = entry; break end
      last = entry[1]
    end
    if stays then break end
    from, count = '(' .. last, 32
  end
  if last then
    local offset = tonumber(string.match(last, '^%d+'))
    redis.call('XTRIM', stream, 'MINID', '=', string.format('%.0f', offset + 1))
  end
  return first
end
"""

# KEYS hash, stream, key. ARGV payload, epoch of a room that is new, entries, size, age, key window, channel,
# whether a duplicate is to be written again for the replicas, PUBLISH or SPUBLISH, the server's identity.
PUBLISH: Final = Script(
    _TRIM
    + f"local LEFT_OUT = {LEFT_OUT}\n"
    + """
local room = redis.call('HMGET', KEYS[1], 'e', 'o', 'b', 'r', 'f', 't')
local epoch, prev = room[1] or ARGV[2], tonumber(room[2] or 0)
-- What this server may have lost when it took over was seen by others: its offsets are not used again.
local jumped = prev > 0 and room[4] and room[4] ~= ARGV[10]
local offset = prev + 1 + (jumped and LEFT_OUT or 0)
local id = string.format('%.0f', offset)

local mark = id .. ' ' .. epoch
if not redis.call('SET', KEYS[3], mark, 'PX', ARGV[6], 'NX') then
  local seen = redis.call('GET', KEYS[3])
  local where, whose = string.match(seen, '^(%d+) (.*)$')
  -- A room that was forgotten and came back knows nothing of the keys before.
  if room[1] and whose == epoch then
    if ARGV[8] == '1' then redis.call('SET', KEYS[3], seen, 'KEEPTTL') end
    return {epoch, tonumber(where), 1}
  end
  redis.call('SET', KEYS[3], mark, 'PX', ARGV[6])
end
-- Entries without a hash are left over from one that was evicted: their offsets would be in the way.
if prev == 0 then redis.call('DEL', KEYS[2]) end

local payload, now = ARGV[1], milliseconds()
local size, age = tonumber(ARGV[4]), tonumber(ARGV[5])
local bytes = tonumber(room[3] or 0)
local total, before = bytes + #payload, string.format('%.0f', bytes)
local time, sum = string.format('%.0f', now), string.format('%.0f', total)
if jumped then
  redis.call('XADD', KEYS[2], 'MAXLEN', '=', ARGV[3], id .. '-0', 'p', payload, 't', time, 'b', before,
    'v', string.format('%.0f', prev))
else
  redis.call('XADD', KEYS[2], 'MAXLEN', '=', ARGV[3], id .. '-0', 'p', payload, 't', time, 'b', before)
end
-- The first entry can only be a later one than was noted: within the bounds by that one, nothing is to go.
local from, since = tonumber(room[5]), tonumber(room[6])
if prev > 0 and from and total - from <= size and (age == 0 or since > now - age) and not jumped then
  redis.call('HSET', KEYS[1], 'o', id, 'b', sum)
else
  local first = trim(KEYS[2], total, now, size, age)
  redis.call('HSET', KEYS[1], 'e', epoch, 'o', id, 'b', sum, 'r', ARGV[10],
    'f', first and first[2][6] or before, 't', first and first[2][4] or time)
end
if age > 0 then redis.call('PEXPIRE', KEYS[2], ARGV[5]) end
local place = 'e' .. id .. ' ' .. string.format('%.0f', prev) .. ' ' .. epoch .. '\\n'
redis.call(ARGV[9], ARGV[7], place .. payload)
return {epoch, offset, 0}
"""
)

# KEYS hash, stream. ARGV '+' (forward) or '-', where to begin, how many, size, age.
# Returns epoch, head, the offset before the first that is kept, entries in the order in which they were read.
HISTORY: Final = Script(
    _TRIM
    + """
local room = redis.call('HMGET', KEYS[1], 'e', 'o', 'b')
if not room[1] then return {'', 0, 0, {}} end
local head = tonumber(room[2] or 0)
if head == 0 then return {room[1], 0, 0, {}} end
local first = trim(KEYS[2], tonumber(room[3]), milliseconds(), tonumber(ARGV[4]), tonumber(ARGV[5]))
if not first then return {room[1], head, head, {}} end
local before = tonumber(first[2][8] or string.match(first[1], '^%d+') - 1)
local entries
if ARGV[1] == '+' then
  entries = redis.call('XRANGE', KEYS[2], ARGV[2], '+', 'COUNT', ARGV[3])
else
  entries = redis.call('XREVRANGE', KEYS[2], ARGV[2], '-', 'COUNT', ARGV[3])
end
return {room[1], head, before, entries}
"""
)

# KEYS hash, stream. ARGV the room's channel, NUMSUB or SHARDNUMSUB, the offset of the last entry when it was
# decided that the room may go. Returns 1 if it is gone, 0 if it's in use.
FORGET: Final = Script("""
if (redis.call('HGET', KEYS[1], 'o') or '0') ~= ARGV[3] then return 0 end
if redis.call('PUBSUB', ARGV[2], ARGV[1])[2] > 0 then return 0 end
redis.call('DEL', KEYS[1], KEYS[2])
return 1
""")

# KEYS three that nobody uses. ARGV a channel, PUBLISH or SPUBLISH, NUMSUB or SHARDNUMSUB.
# Tries all that the other scripts do, and returns what was refused.
TRY: Final = Script("""
local refused = {}
local function try(...)
  local reply = redis.pcall(...)
  if type(reply) == 'table' and reply.err then
    table.insert(refused, select(1, ...) .. ': ' .. reply.err)
  end
end
try('HSET', KEYS[1], 'e', '')
try('HMGET', KEYS[1], 'e')
try('HGET', KEYS[1], 'e')
try('XADD', KEYS[2], '1-0', 'p', '')
try('XRANGE', KEYS[2], '-', '+')
try('XREVRANGE', KEYS[2], '+', '-')
try('XTRIM', KEYS[2], 'MAXLEN', '0')
try('PEXPIRE', KEYS[2], '1')
try('SET', KEYS[3], '', 'PX', '1')
try('GET', KEYS[3])
try('TIME')
try(ARGV[2], ARGV[1], '')
try('PUBSUB', ARGV[3], ARGV[1])
try('DEL', KEYS[1], KEYS[2], KEYS[3])
return refused
""")
