-- The error of a reply of `redis.pcall`, or nothing.
local function refusal(reply)
  return type(reply) == 'table' and reply.err or nil
end
