-- Replace the payloads of entries for good. A stream can't change an entry, and keeps the bytes of a deleted one
-- until its neighbours are gone. So the stream is made anew.
--
-- DEL comes first: once a script has written, Redis refuses none of the commands that follow for lack of memory.
-- The sums of bytes (`b`) stay as they were: the room is trimmed as if it still had the erased bytes.
--
-- KEYS  room hash, room stream
-- ARGV  1 the payload instead, 2 the epoch, 3... offsets
-- Returns 1, or 0 if the room has another epoch.

local room = redis.call('HMGET', KEYS[1], 'e', 'o')
if room[1] ~= ARGV[2] then return 0 end
local erased = {}
for place = 3, #ARGV do erased[ARGV[place] .. '-0'] = ARGV[place] ~= room[2] end
local entries, found = redis.call('XRANGE', KEYS[2], '-', '+'), false
for _, entry in ipairs(entries) do
  if erased[entry[1]] then entry[2][2], found = ARGV[1], true end
end
if not found then return 1 end
redis.call('DEL', KEYS[2])
for _, entry in ipairs(entries) do redis.call('XADD', KEYS[2], entry[1], unpack(entry[2])) end
return 1
