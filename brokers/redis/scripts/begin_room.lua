-- Let a room without entries continue after a position: its first entry gets the next offset of that epoch.
--
-- KEYS  room hash
-- ARGV  1 epoch, 2 offset
-- Returns {epoch, offset} of the room: others than the given ones if it has entries.

local room = redis.call('HMGET', KEYS[1], 'e', 'o')
if tonumber(room[2] or 0) > 0 then return room end
redis.call('HSET', KEYS[1], 'e', ARGV[1], 'o', ARGV[2])
return {ARGV[1], ARGV[2]}
