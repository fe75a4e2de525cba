-- Find the oldest entry within the limits of bytes and age (age 0: keep for ever), and trim those before it.
-- `read` is `redis.call` or `redis.pcall`: whether a refused read raises. A refused trim doesn't.
-- Returns that entry or nothing, and the last reply, which may be an error.
local function trim(read, stream, total, now, size, age)
  local from, count, last, first = '-', 1, nil, nil
  while true do
    local some = read('XRANGE', stream, from, '+', 'COUNT', count)
    if some.err then return nil, some end
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
  if not last then return first end
  local offset = tonumber(string.match(last, '^%d+'))
  return first, redis.pcall('XTRIM', stream, 'MINID', '=', string.format('%.0f', offset + 1))
end
