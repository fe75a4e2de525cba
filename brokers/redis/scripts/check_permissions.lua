-- Try every command that the other scripts use, on keys that no room uses. So it also shows whether Redis accepts
-- writes at all.
--
-- KEYS  three unused keys: hash, stream, string
-- ARGV  1 unused channel, 2 PUBLISH or SPUBLISH, 3 NUMSUB or SHARDNUMSUB
-- Returns the errors of the commands that were refused.
-- Needs refusal.lua.

local refused = {}
local function try(...)
  local failed = refusal(redis.pcall(...))
  -- A stream that XADD could not make is missing; the refusal of XADD is reported.
  if failed and not string.find(failed, 'no such key', 1, true) then
    table.insert(refused, select(1, ...) .. ': ' .. failed)
  end
end
-- The first is one that needs memory: once a script has written, Redis lets it use more than the limit.
try('SET', KEYS[3], '', 'PX', '1000')
try('GET', KEYS[3])
try('HSET', KEYS[1], 'e', '')
try('HMGET', KEYS[1], 'e')
try('HGET', KEYS[1], 'e')
-- By a clock of its own, so that an entry that could not be deleted is no obstacle.
try('XADD', KEYS[2], 'MAXLEN', '=', '1', '*', 'p', '')
try('XRANGE', KEYS[2], '-', '+')
try('XREVRANGE', KEYS[2], '+', '-')
try('XINFO', 'STREAM', KEYS[2])
try('XTRIM', KEYS[2], 'MAXLEN', '0')
try('PERSIST', KEYS[2])
try('TIME')
try(ARGV[2], ARGV[1], '')
try('PUBSUB', ARGV[3], ARGV[1])
try('DEL', KEYS[1], KEYS[2], KEYS[3])
return refused
