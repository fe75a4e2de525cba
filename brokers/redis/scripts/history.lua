-- Read a page of entries, and trim what is beyond the limits. A refused trim does not fail the read.
--
-- KEYS  room hash, room stream
-- ARGV  1 '+' (forward) or '-' (backward), 2 start id, 3 count, 4 max bytes, 5 max age in ms,
--       6 the node's time in ms
-- Returns {epoch, head, offset before the oldest kept entry, entries in the order they were read}.
-- Needs clock.lua and trim.lua.

local room = redis.call('HMGET', KEYS[1], 'e', 'o', 'b')
if not room[1] then return {'', 0, 0, {}} end
local head = tonumber(room[2] or 0)
if head == 0 then return {room[1], 0, 0, {}} end
local _, now = clock(tonumber(ARGV[6]))
local first = trim(redis.call, KEYS[2], tonumber(room[3]), now, tonumber(ARGV[4]), tonumber(ARGV[5]))
if not first then return {room[1], head, head, {}} end
local oldest = tonumber(string.match(first[1], '^%d+'))
local before = tonumber(first[2][8] or oldest - 1)
local entries = {}
if ARGV[1] == '+' then
  local start = string.format('%.0f', math.max(tonumber(ARGV[2]) or 0, oldest))
  entries = redis.call('XRANGE', KEYS[2], start, '+', 'COUNT', ARGV[3])
else
  entries = redis.call('XREVRANGE', KEYS[2], ARGV[2], first[1], 'COUNT', ARGV[3])
end
return {room[1], head, before, entries}
