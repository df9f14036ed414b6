-- One vote: its receipt, the vote, the totals, its network's part of them, and the moment it speaks
-- of, all or nothing. Returns sum, count, the viewer's stars, shown sum, shown count, and a refusal.
--
-- KEYS: 1 totals, 2 votes, 3 receipt, 4 network of each viewer, 5 voters of each network,
-- 6 stars of each network, 7 odd networks, 8 new voters of this minute by network,
-- 9 stars by moment and viewer, 10 voters and stars by moment and network
-- ARGV: 1 viewer, 2 stars, 3 seconds that a receipt is kept, 4 network, 5 moment or "",
-- 6 whether the viewer has watched for a while

-- Below so many networks there is no crowd to protect: a class behind one address, or a proxy that
-- no setting names, is taken as it is.
local CROWD = 4
-- A network counts like so many voters at the most, or like this part of a crowd in which each
-- network has no more than that.
local LEAST, PART = 3, 100
-- New voters of one network within a minute: more than this are odd, and count like one voter; more
-- than that are refused; and from that number on they have to have watched.
local ODD, MOST, FREE = 12, 600, 20

local function number(value) return tonumber(value) or 0 end

local networks = redis.call('ZCARD', KEYS[5])
local crowd = networks >= CROWD
local cap = math.max(LEAST, math.floor(number(redis.call('HGET', KEYS[1], 'light')) / PART))

local function totals(refusal)
  local found = redis.call('HMGET', KEYS[1], 'sum', 'count', 'shown_sum', 'shown_count')
  local yours = redis.call('HGET', KEYS[2], ARGV[1])
  return {found[1], found[2], yours, found[3], found[4], refusal}
end

local old = redis.call('HGET', KEYS[2], ARGV[1])
-- A receipt without this viewer's vote is another's, or from before the votes were forgotten.
if old and redis.call('EXISTS', KEYS[3]) == 1 then return totals('') end
local recent = number(redis.call('HGET', KEYS[8], ARGV[4]))
if not old and crowd then
  if recent >= MOST then return totals('crowded') end
  local voters = number(redis.call('ZSCORE', KEYS[5], ARGV[4]))
  if ARGV[6] ~= '1' and voters >= FREE then return totals('unproven') end
end

redis.call('SET', KEYS[3], '1', 'EX', ARGV[3])
redis.call('HSET', KEYS[2], ARGV[1], ARGV[2])
local sum, count
local network = ARGV[4]
if old then
  network = redis.call('HGET', KEYS[4], ARGV[1]) or network
  sum = redis.call('HINCRBY', KEYS[1], 'sum', ARGV[2] - old)
  count = number(redis.call('HGET', KEYS[1], 'count'))
  redis.call('HINCRBY', KEYS[6], network, ARGV[2] - old)
else
  sum = redis.call('HINCRBY', KEYS[1], 'sum', ARGV[2])
  count = redis.call('HINCRBY', KEYS[1], 'count', 1)
  redis.call('HSET', KEYS[4], ARGV[1], network)
  redis.call('HINCRBY', KEYS[6], network, ARGV[2])
  local voters = number(redis.call('ZINCRBY', KEYS[5], 1, network))
  if voters == 1 then crowd = networks + 1 >= CROWD end
  if voters <= LEAST then redis.call('HINCRBY', KEYS[1], 'light', 1) end
  recent = redis.call('HINCRBY', KEYS[8], network, 1)
  redis.call('EXPIRE', KEYS[8], 180)
  if recent > math.max(ODD, cap) then redis.call('SADD', KEYS[7], network) end
end

if ARGV[5] ~= '' then
  local place = ARGV[5] .. ':' .. ARGV[1]
  local before = redis.call('HGET', KEYS[9], place)
  redis.call('HSET', KEYS[9], place, ARGV[2])
  local part = ARGV[5] .. ':' .. network
  if not before then redis.call('HINCRBY', KEYS[10], part .. ':n', 1) end
  redis.call('HINCRBY', KEYS[10], part .. ':s', ARGV[2] - number(before))
end

-- What is shown: each network counts with its mean, but like no more voters than it may.
local shown_sum, shown_count = sum, count
local function set_aside(name, voters, weight)
  if voters > weight then
    local stars = number(redis.call('HGET', KEYS[6], name))
    shown_sum = shown_sum - stars * (1 - weight / voters)
    shown_count = shown_count - (voters - weight)
  end
end
if crowd then
  local odd = {}
  for _, name in ipairs(redis.call('SMEMBERS', KEYS[7])) do
    odd[name] = true
    set_aside(name, number(redis.call('ZSCORE', KEYS[5], name)), 1)
  end
  -- The heaviest only: where very many are too heavy, none is.
  local heavy = redis.call('ZREVRANGEBYSCORE', KEYS[5], '+inf', '(' .. cap, 'WITHSCORES', 'LIMIT', 0, 200)
  for i = 1, #heavy, 2 do
    if not odd[heavy[i]] then set_aside(heavy[i], number(heavy[i + 1]), cap) end
  end
end
redis.call('HSET', KEYS[1], 'shown_sum', string.format('%.6f', shown_sum), 'shown_count', shown_count)
return totals('')
