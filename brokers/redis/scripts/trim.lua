-- Trim the oldest entries until the rest is within the limits of bytes and age (age 0: keep for ever).
-- Returns the oldest entry that is kept, or nothing.
local function trim(stream, total, now, size, age)
  local from, count, last, first = '-', 1, nil, nil
  while true do
    local some = redis.call('XRANGE', stream, from, '+', 'COUNT', count)
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
  if last then
    local offset = tonumber(string.match(last, '^%d+'))
    redis.call('XTRIM', stream, 'MINID', '=', string.format('%.0f', offset + 1))
  end
  return first
end
