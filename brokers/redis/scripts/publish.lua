-- Store an entry once and publish it on the room's channel.
--
-- KEYS  room hash, room stream, idempotency key
-- ARGV  1 payload, 2 epoch for a new room, 3 max entries, 4 max bytes, 5 max age, 6 key window (both in ms),
--       7 channel, 8 '1': write a duplicate again so that replicas receive it, 9 PUBLISH or SPUBLISH,
--       10 identity (replication ID) of the server that this was sent to
-- Returns {epoch, offset, 1 if it is a duplicate else 0}.
-- The loader defines SKIPPED_OFFSETS. Needs milliseconds.lua and trim.lua.

local room = redis.call('HMGET', KEYS[1], 'e', 'o', 'b', 'r', 'f', 't')
local epoch, prev = room[1] or ARGV[2], tonumber(room[2] or 0)
-- After a failover this server may lack entries that clients have seen: never assign their offsets again.
local jumped = prev > 0 and room[4] and room[4] ~= ARGV[10]
local offset = prev + 1 + (jumped and SKIPPED_OFFSETS or 0)
local id = string.format('%.0f', offset)

local mark = id .. ' ' .. epoch
if not redis.call('SET', KEYS[3], mark, 'PX', ARGV[6], 'NX') then
  local seen = redis.call('GET', KEYS[3])
  local where, whose = string.match(seen, '^(%d+) (.*)$')
  -- A key of an earlier epoch is from before the room was evicted: it does not count.
  if room[1] and whose == epoch then
    if ARGV[8] == '1' then redis.call('SET', KEYS[3], seen, 'KEEPTTL') end
    return {epoch, tonumber(where), 1}
  end
  redis.call('SET', KEYS[3], mark, 'PX', ARGV[6])
end
-- Entries without a hash remain from an evicted hash: their ids would block the new offsets.
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
-- The oldest entry can only be newer than the noted one: if that one is within the limits, skip the trim.
local from, since = tonumber(room[5]), tonumber(room[6])
if prev > 0 and from and total - from <= size and (age == 0 or since > now - age) and not jumped then
  redis.call('HSET', KEYS[1], 'o', id, 'b', sum)
else
  local first = trim(KEYS[2], total, now, size, age)
  redis.call('HSET', KEYS[1], 'e', epoch, 'o', id, 'b', sum, 'r', ARGV[10],
    'f', first and first[2][6] or before, 't', first and first[2][4] or time)
end
if age > 0 then redis.call('PEXPIRE', KEYS[2], ARGV[5]) end
local place = 'e' .. id .. ' ' .. string.format('%.0f', prev) .. ' ' .. epoch .. '\n'
redis.call(ARGV[9], ARGV[7], place .. payload)
return {epoch, offset, 0}
