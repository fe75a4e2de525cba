-- Two clocks in milliseconds since 1970: that of the server, and that of the node (`node`).
-- An entry gets the later one as its time, and its age is judged by the earlier one. So one wrong clock, or one
-- that is corrected by years, keeps entries too long and never expires a fresh one.
local function clock(node)
  local time = redis.call('TIME')
  local server = time[1] * 1000 + math.floor(time[2] / 1000)
  return math.max(server, node), math.min(server, node)
end
