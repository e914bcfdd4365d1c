# A Redis server (on jemalloc, in Debian) with clients, a load, an emptied and a saved database, and its end.
set -u
export LC_ALL=C
# The server is the same program as redis-check-rdb, under its other name.
ln -s "$(command -v redis-check-rdb)" redis-server
./redis-server --port 0 --unixsocket "$PWD/socket" --save '' --dir "$PWD" --logfile log --enable-debug-command local \
    > /dev/null &
server=$!
ask() { redis-cli -s socket "$@"; }
for _ in $(seq 200); do ask ping > pong 2> /dev/null && break; sleep 0.05; done
cat pong
redis-benchmark -s "$PWD/socket" -q -n 4000 -c 20 -d 300 -t set,get,lpush,lrange_300,hset -r 500 > load
echo "load: $?"
ask flushall
seq 3000 | awk '{ print "SET key" $1, "value" $1 * 7 }' | ask > replies
sort replies | uniq -c
ask get key2999
ask eval 'local n = 0 for i = 1, 2000 do n = n + #redis.call("get", "key" .. i) end return n' 0
ask save
ask debug reload
ask bgsave
for _ in $(seq 200); do ask info persistence | grep -q bgsave_in_progress:0 && break; sleep 0.05; done
ask info persistence | tr -d '\r' | grep last_bgsave_status
ask dbsize
ask flushall
ask info memory | tr -d '\r' | grep mem_allocator
ask shutdown nosave
wait $server
echo "server: $?"
