-- Store an entry once and publish it on the room's channel.
--
-- Redis does not roll scripts back. So XADD comes last of the writes that must all succeed: it is the commit.
-- What was written before a refused XADD is undone by the same commands, which have just succeeded and so can't
-- be refused. What comes after it can't fail the publish: the entry is stored, and a refusal is only reported.
--
-- KEYS  room hash, room stream, idempotency key
-- ARGV  1 payload, 2 epoch for a new room, 3 max entries, 4 max bytes, 5 max age, 6 key window (both in ms),
--       7 channel, 8 '1': write a duplicate again so that replicas receive it, 9 the node's time in ms,
--       10 '' if a new room may begin, otherwise the bound of rooms that is reached,
--       11 PUBLISH or SPUBLISH, 12 identity (replication ID) of the server that this was sent to
-- Returns {epoch, offset, 1 if it is a duplicate else 0, what was refused after the entry was stored},
-- or the error TOOMANYROOMS with the bound.
-- The loader defines SKIPPED_OFFSETS. Needs refusal.lua, clock.lua and trim.lua.

local room = redis.call('HMGET', KEYS[1], 'e', 'o', 'b', 'r', 'f', 't')
local epoch, head, counted = room[1] or ARGV[2], tonumber(room[2] or 0), tonumber(room[3] or 0)

-- Whether the stream has the entry, or has trimmed it. A hash or a stream that was restored from an older copy
-- may lack it although the key is here.
local function is_stored(offset)
  local found = redis.call('XRANGE', KEYS[2], string.format('%.0f', offset), '+', 'COUNT', '1')[1]
  if found and tonumber(string.match(found[1], '^%d+')) == offset then return true end
  if offset > head then return false end
  local oldest = redis.call('XRANGE', KEYS[2], '-', '+', 'COUNT', '1')[1]
  return not oldest or tonumber(string.match(oldest[1], '^%d+')) > offset
end

local seen = redis.call('GET', KEYS[3])
if seen then
  local where, whose = string.match(seen, '^(%d+) (.*)$')
  -- A key of an earlier epoch is from before the room was evicted: it does not count.
  if room[1] and whose == epoch and is_stored(tonumber(where)) then
    if ARGV[8] == '1' then redis.call('SET', KEYS[3], seen, 'KEEPTTL') end
    return {epoch, tonumber(where), 1, ''}
  end
end

if not room[1] and ARGV[10] ~= '' then return {err = 'TOOMANYROOMS ' .. ARGV[10]} end

local payload, size, age = ARGV[1], tonumber(ARGV[4]), tonumber(ARGV[5])
local time, now = clock(tonumber(ARGV[9]))
local stamp = string.format('%.0f', time)
-- After a failover this server may lack entries that clients have seen: never assign their offsets again.
-- Two servers may continue from the same entry, one after the other: the later one skips more, by its age in ms.
local jumped = head > 0 and room[4] and room[4] ~= ARGV[12]
local step = 1
if jumped then
  local last = redis.call('XREVRANGE', KEYS[2], '+', '-', 'COUNT', '1')[1]
  step = 1 + SKIPPED_OFFSETS + math.max(0, last and time - tonumber(last[2][4]) or 0)
end

local function undo(offset_written)
  redis.pcall('SET', KEYS[3], '', 'PX', '1')
  if offset_written then
    redis.pcall('HSET', KEYS[1], 'o', room[2] or '0', 'b', room[3] or '0', 'r', room[4] or ARGV[12])
  end
end

-- Store the entry as `offset`, after the entry `prev` and `before` bytes. Returns an error and has changed nothing,
-- or returns nothing.
local function store(offset, prev, before)
  local id, count = string.format('%.0f', offset), string.format('%.0f', before)
  local failed = refusal(redis.pcall('SET', KEYS[3], id .. ' ' .. epoch, 'PX', ARGV[6]))
  if failed then return failed end
  -- Entries without a hash remain from an evicted hash: their ids would block the new offsets.
  if not room[1] then failed = refusal(redis.pcall('DEL', KEYS[2])) end
  if failed then undo(false); return failed end
  local sum = string.format('%.0f', before + #payload)
  if head == 0 or jumped or not room[4] then
    failed = refusal(redis.pcall('HSET', KEYS[1], 'e', epoch, 'o', id, 'b', sum, 'r', ARGV[12]))
  else
    failed = refusal(redis.pcall('HSET', KEYS[1], 'o', id, 'b', sum))
  end
  if failed then undo(false); return failed end
  local entry = {'XADD', KEYS[2], 'MAXLEN', '=', ARGV[3], id .. '-0', 'p', payload, 't', stamp, 'b', count}
  if offset ~= prev + 1 then
    table.insert(entry, 'v')
    table.insert(entry, string.format('%.0f', prev))
  end
  failed = refusal(redis.pcall(unpack(entry)))
  if failed then undo(true) end
  return failed
end

local offset, prev, before = head + step, head, counted
local failed = store(offset, prev, before)
if failed and string.find(failed, 'equal or smaller', 1, true) then
  -- The stream is ahead of the hash, which was restored from an older copy: continue after the stream.
  local last = redis.call('XREVRANGE', KEYS[2], '+', '-', 'COUNT', '1')[1]
  if last and tonumber(string.match(last[1], '^%d+')) > head then
    prev, before = tonumber(string.match(last[1], '^%d+')), last[2][6] + #last[2][2]
  end
  local info = redis.call('XINFO', 'STREAM', KEYS[2])
  for place = 1, #info, 2 do
    if info[place] == 'last-generated-id' then
      offset = tonumber(string.match(info[place + 1], '^%d+')) + step
    end
  end
  failed = store(offset, prev, before)
end
if failed then return {err = failed} end

local late = ''
local function try(...)
  late = refusal(redis.pcall(...)) or late
end
local total, id = before + #payload, string.format('%.0f', offset)
-- The oldest entry can only be newer than the noted one: if that one is within the limits, skip the trim.
local from, since = tonumber(room[5]), tonumber(room[6])
local skip = head > 0 and prev == head and not jumped and from
if not (skip and total - from <= size and (age == 0 or since > now - age)) then
  local first, trimmed = trim(redis.pcall, KEYS[2], total, now, size, age)
  late = refusal(trimmed) or late
  if first then try('HSET', KEYS[1], 'f', first[2][6], 't', first[2][4]) end
end
-- Version 0.1 lets streams expire; the lifetime that it set must not end this one.
try('PERSIST', KEYS[2])
local place = 'e' .. id .. ' ' .. string.format('%.0f', prev) .. ' ' .. epoch .. '\n'
try(ARGV[11], ARGV[7], place .. payload)
return {epoch, offset, 0, late}
