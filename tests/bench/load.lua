-- What wrk sends. BENCH_KIND says what, BENCH_TOKENS names a file of one token (or address) a line.
--   cookie, bearer  GET the URL with the tokens in turn; counted by wrk itself
--   login, refresh  POST; counted here, the first BENCH_WARM seconds left out
-- The last line is JSON: answers, seconds they took, answers that were not as they should be.

local ffi = require("ffi")
ffi.cdef [[
typedef struct { long seconds; long micros; } bench_time;
int gettimeofday(bench_time *, void *);
]]

local kind = os.getenv("BENCH_KIND")
local warm = tonumber(os.getenv("BENCH_WARM") or "0")
local lasts = tonumber(os.getenv("BENCH_SECONDS") or "0")
local tokens, requests, place = {}, {}, 0
local head, tail = 1, 0 -- of tokens, used as a queue by "refresh"
counted, wrong = 0, 0   -- global: "done" asks for them

local time = ffi.new("bench_time")
local function now()
	ffi.C.gettimeofday(time, nil)
	return tonumber(time.seconds) + tonumber(time.micros) / 1e6
end

local function post(body)
	return wrk.format("POST", nil, { ["Content-Type"] = "application/json" }, body)
end

local make = {
	cookie = function(token) return wrk.format("GET", nil, { ["Cookie"] = "yett=" .. token }) end,
	bearer = function(token) return wrk.format("GET", nil, { ["Authorization"] = "Bearer " .. token }) end,
	login = function(address)
		return post('{"identifier":"' .. address .. '","password":"the bench has one password"}')
	end,
}

function init(args)
	for line in io.lines(os.getenv("BENCH_TOKENS")) do
		tail = tail + 1
		tokens[tail] = line
		if kind ~= "refresh" then requests[tail] = make[kind](line) end
	end
	starts = now() + warm
	ends = starts + lasts
end

if kind == "refresh" then
	-- Each token is good once: an answer's successor goes to the end of the queue.
	function request()
		local token = tokens[head]
		tokens[head] = nil
		head = head + 1
		return post('{"refresh_token":"' .. token .. '"}')
	end
else
	function request()
		place = place % #requests + 1
		return requests[place]
	end
end

if kind == "refresh" or kind == "login" then
	function response(status, headers, body)
		local successor = string.match(body, '"refresh_token":"([^"]+)"')
		local at = now()
		if status ~= 201 or not successor then
			wrong = wrong + 1
			return
		end
		if at >= starts and at < ends then counted = counted + 1 end
		if kind == "refresh" then
			tail = tail + 1
			tokens[tail] = successor
		end
	end
end

local threads = {}
function setup(thread) table.insert(threads, thread) end

function done(summary, latency, requests)
	local errors = summary.errors
	local failed = errors.connect + errors.read + errors.write + errors.timeout + errors.status
	local answers, seconds = summary.requests, summary.duration / 1e6
	if lasts > 0 then
		answers, seconds = 0, lasts
		for _, thread in ipairs(threads) do
			answers = answers + thread:get("counted")
			failed = failed + thread:get("wrong")
		end
	end
	print(string.format('{"answers":%d,"seconds":%.4f,"failed":%d,"p50":%.3f,"p99":%.3f}', answers,
		seconds, failed, latency:percentile(50) / 1000, latency:percentile(99) / 1000))
end
