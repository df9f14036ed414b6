-- Some votes on one broadcast: of each its receipt, the vote, the totals, its network's part of them
-- and the moment it speaks of, all or nothing. Returns the shown sum, the shown count and the count
-- after all of them, and for each vote sum, count, the viewer's stars and a refusal.
--
-- KEYS: 1 totals, 2 votes, 3 network of each viewer, 4 voters of each network, 5 stars of each
-- network, 6 odd networks, 7 stars by moment and viewer, 8 voters and stars by moment and network,
-- 9 receipts of each viewer, 10 votes and new voters of this minute by network
-- ARGV: 1 this minute, 2 votes that a viewer may cast in it, 0: any number, then each vote as lines:
-- viewer, stars, network, moment or "", whether the viewer has watched, or has been known, for a while, receipt

-- Below so many networks there is no crowd to protect: a class behind one address, or a proxy that
-- no setting names, is taken as it is.
local CROWD = 4
-- A network counts like so many voters at the most, or like this part of a crowd in which each
-- network has no more than that.
local LEAST, PART = 3, 100
-- New voters of one network within a minute: more than this are odd, and count like one voter; more
-- than that are refused; and from that number on they have to have been there for a while.
local ODD, MOST, FREE = 12, 600, 20
-- A network may cast as many votes in a minute as so many viewers.
local VIEWERS = 120
-- Of the receipts before a viewer's newest one so many are kept: a page has one vote under way at a
-- time.
local RECEIPTS = '^%S+ %S+ %S+ '

local minute, pace = ARGV[1], tonumber(ARGV[2])

local function number(value) return tonumber(value) or 0 end

local networks = redis.call('ZCARD', KEYS[4])
local found = redis.call('HMGET', KEYS[1], 'sum', 'count', 'light')
local sum, count, light = number(found[1]), number(found[2]), number(found[3])

local function cap() return math.max(LEAST, math.floor(light / PART)) end

-- A voter that has voted before: only its stars change.
local function change(viewer, stars, old)
  redis.call('HSET', KEYS[2], viewer, stars)
  local network = redis.call('HGET', KEYS[3], viewer) or ''
  sum = redis.call('HINCRBY', KEYS[1], 'sum', stars - old)
  redis.call('HINCRBY', KEYS[5], network, stars - old)
  return network
end

local function add(viewer, stars, network)
  redis.call('HSET', KEYS[2], viewer, stars)
  sum = redis.call('HINCRBY', KEYS[1], 'sum', stars)
  count = redis.call('HINCRBY', KEYS[1], 'count', 1)
  redis.call('HSET', KEYS[3], viewer, network)
  redis.call('HINCRBY', KEYS[5], network, stars)
  local voters = number(redis.call('ZINCRBY', KEYS[4], 1, network))
  if voters == 1 then networks = networks + 1 end
  if voters <= LEAST then light = redis.call('HINCRBY', KEYS[1], 'light', 1) end
  local recent = redis.call('HINCRBY', KEYS[10], network, 1)
  if recent > math.max(ODD, cap()) then redis.call('SADD', KEYS[6], network) end
end

local function refusal(network, proven)
  if networks < CROWD then return '' end
  if number(redis.call('HGET', KEYS[10], network)) >= MOST then return 'crowded' end
  if proven ~= '1' and number(redis.call('ZSCORE', KEYS[4], network)) >= FREE then
    return 'unproven'
  end
  return ''
end

-- Whether a vote is one too many of its viewer, that has cast `cast` in this minute, or its network.
local function is_hasty(network, cast)
  if pace == 0 then return false end
  return cast >= pace or number(redis.call('HGET', KEYS[10], network .. ':all')) >= pace * VIEWERS
end

local function place(viewer, stars, network, moment)
  local before = redis.call('HGET', KEYS[7], moment .. ':' .. viewer)
  redis.call('HSET', KEYS[7], moment .. ':' .. viewer, stars)
  local part = moment .. ':' .. network
  if not before then redis.call('HINCRBY', KEYS[8], part .. ':n', 1) end
  redis.call('HINCRBY', KEYS[8], part .. ':s', stars - number(before))
end

-- Of a viewer: how many votes it has cast in this minute, and its receipts, the newest first, each
-- with a space behind it.
local function past(viewer)
  local kept = redis.call('HGET', KEYS[9], viewer)
  if not kept then return 0, '' end
  local at, cast, receipts = string.match(kept, '^(%d+) (%d+) (.*)$')
  return at == minute and tonumber(cast) or 0, receipts
end

local function keep(viewer, network, cast, receipt, receipts)
  local newest = string.match(receipts, RECEIPTS) or receipts
  local kept = minute .. ' ' .. cast + 1 .. ' ' .. receipt .. ' ' .. newest
  redis.call('HSET', KEYS[9], viewer, kept)
  if redis.call('HINCRBY', KEYS[10], network .. ':all', 1) == 1 then
    redis.call('EXPIRE', KEYS[10], 180)
  end
end

local function vote(viewer, stars, network, moment, proven, receipt)
  local old = redis.call('HGET', KEYS[2], viewer)
  local cast, receipts = past(viewer)
  -- A receipt without this viewer's vote is from before the votes were forgotten.
  if old and string.find(' ' .. receipts, ' ' .. receipt .. ' ', 1, true) then
    return {sum, count, old, ''}
  end
  if is_hasty(network, cast) then return {sum, count, old or '', 'hasty'} end
  local refused = old and '' or refusal(network, proven)
  if refused ~= '' then return {sum, count, '', refused} end
  keep(viewer, network, cast, receipt, receipts)
  if old then network = change(viewer, stars, old) else add(viewer, stars, network) end
  if moment ~= '' then place(viewer, stars, network, moment) end
  return {sum, count, stars, ''}
end

local answers = {}
for i = 3, #ARGV do
  answers[i - 2] = vote(string.match(ARGV[i], '^(.*)\n(.*)\n(.*)\n(.*)\n(.*)\n(.*)$'))
end

-- What is shown: each network counts with its mean, but like no more voters than it may.
local shown_sum, shown_count = sum, count
local function set_aside(name, voters, weight)
  if voters > weight then
    local stars = number(redis.call('HGET', KEYS[5], name))
    shown_sum = shown_sum - stars * (1 - weight / voters)
    shown_count = shown_count - (voters - weight)
  end
end
if networks >= CROWD then
  local odd = {}
  for _, name in ipairs(redis.call('SMEMBERS', KEYS[6])) do
    odd[name] = true
    set_aside(name, number(redis.call('ZSCORE', KEYS[4], name)), 1)
  end
  -- The heaviest only: where very many are too heavy, none is.
  local heavy = redis.call(
    'ZREVRANGEBYSCORE', KEYS[4], '+inf', '(' .. cap(), 'WITHSCORES', 'LIMIT', 0, 200)
  for i = 1, #heavy, 2 do
    if not odd[heavy[i]] then set_aside(heavy[i], number(heavy[i + 1]), cap()) end
  end
end
local shown = string.format('%.6f', shown_sum)
redis.call('HSET', KEYS[1], 'shown_sum', shown, 'shown_count', shown_count)
return {shown, shown_count, count, answers}
