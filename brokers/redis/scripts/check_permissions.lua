-- Try every command that the other scripts use.
--
-- KEYS  three unused keys: hash, stream, string
-- ARGV  1 unused channel, 2 PUBLISH or SPUBLISH, 3 NUMSUB or SHARDNUMSUB
-- Returns the errors of the commands that were refused.

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
