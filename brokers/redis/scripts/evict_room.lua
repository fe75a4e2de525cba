-- Delete a room, unless it has an entry, a node is subscribed to it, or an entry was stored since the decision.
--
-- KEYS  room hash, room stream
-- ARGV  1 channel, 2 NUMSUB or SHARDNUMSUB, 3 head offset at the time of the decision
-- Returns 1 if the room was deleted, 0 if it is in use.

if (redis.call('HGET', KEYS[1], 'o') or '0') ~= ARGV[3] then return 0 end
if #redis.call('XRANGE', KEYS[2], '-', '+', 'COUNT', '1') > 0 then return 0 end
if redis.call('PUBSUB', ARGV[2], ARGV[1])[2] > 0 then return 0 end
redis.call('DEL', KEYS[1], KEYS[2])
return 1
