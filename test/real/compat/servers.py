"""Servers under load, on 127.0.0.1 or a socket, ended by their process id."""

from program import Program

PROGRAMS = (
    Program(
        "postgresql", "postgresql-15 postgresql-contrib",
        "a new cluster, pgbench with 4 clients, parallel queries, an index, a backup; one process a client",
        """
        for_nobody data; export PATH=$PATH:$(echo /usr/lib/postgresql/*/bin) PGHOST=$PWD/data PGPORT=$PORT PGUSER=nobody PGDATABASE=postgres
        "${nobody[@]}" initdb -D data -U nobody --auth=trust --no-sync -E UTF8 --locale C > /dev/null || exit
        "${nobody[@]}" postgres -D data -k $PWD/data -h '' -p $PORT -c log_min_messages=panic -c fsync=off > /dev/null & server=$!
        try 30 psql -qc 'select 1' || exit
        pgbench -q -i -s 2 2> /dev/null; pgbench -c 4 -j 2 -t 250 2> /dev/null | grep -E 'processed|failed'
        psql -qAt << 'END'
            select count(*) from pgbench_history;
            create table words as select i, md5(i::text) as word, array_fill(i, array[5]) as five from generate_series(1, 40000) i;
            create index on words using gin (five); set max_parallel_workers_per_gather = 2; set min_parallel_table_scan_size = 0;
            select count(distinct word), sum(five[2]) from words where word like '%a%';
            select string_agg(word, ',' order by word desc) from words where five @> array[77]; do $$ begin perform 1 / 0; end $$;
        END
        pg_dump -t words | grep -v restrict | md5sum; stop $server INT
        """,
        tells="postgres psql", service=True, programs="psql", ignore="data*", scrub=((r"^.*FATAL: .*\n", ""), (r"^(COPY|\\(un)?restrict).*\n", ""),),
        only="postgres:psql", seconds=180,
    ),
    Program(
        "mariadb", "mariadb-server-core mariadb-client",
        "a new data folder, transactions of 4 clients, sorting, full-text search; started as root it becomes nobody",
        """
        for_nobody data run; as_root=; [ "$(id -u)" != 0 ] || as_root=--user=nobody
        mariadb-install-db --no-defaults --datadir=$PWD/data --auth-root-authentication-method=normal $as_root > /dev/null 2>&1 || exit
        mariadbd --no-defaults --datadir=$PWD/data --socket=$PWD/run/socket --pid-file=$PWD/run/pid --skip-networking $as_root \\
            --innodb-flush-log-at-trx-commit=0 --log-warnings=0 & server=$!
        ask() { mariadb --no-defaults -S run/socket -u root "$@"; }
        try 40 ask -e 'select 1' || exit
        mariadb-slap --no-defaults -S run/socket -u root --concurrency=4 --number-of-queries=2000 --auto-generate-sql \\
            --auto-generate-sql-load-type=mixed > /dev/null; echo "load: $?"
        ask -N << 'END'
            create database work; use work; create table words (i int primary key, word text, fulltext (word));
            insert into words select seq, concat('word', seq mod 97, ' ', repeat('x ', seq mod 9)) from seq_1_to_20000;
            select count(*), sum(length(word)) from words where match (word) against ('word7');
            select group_concat(w order by w) from (select left(word, 6) w, count(*) from words group by w limit 5) t; select 1 from nowhere;
        END
        stop $server
        """,
        tells="mariadbd mariadb", ignore="data* run*", scrub=((r"^\d{4}-\d\d-\d\d .*\n", ""),), only="mariadb*", seconds=180,
    ),
    Program(
        "redis", "redis-tools", "20,000 commands of 20 clients, Lua, a saved and reloaded database, a forked save; on its jemalloc",
        "bash store.sh",
        files="store.sh", programs="redis-check-rdb redis-cli", tells="redis-server redis-cli redis-benchmark", ignore="log load pong replies dump.rdb",
    ),
    Program(
        "memcached", "memcached", "idle, then 3,000 sets and gets of a client, idle again",
        """
        "${nobody[@]}" memcached -l 127.0.0.1 -p $PORT -U 0 -t 2 & server=$!
        try 10 listens $PORT; sleep 1; exec 5<> /dev/tcp/127.0.0.1/$PORT
        for i in $(seq 3000); do printf 'set k%d 0 0 5\\r\\n%05d\\r\\nget k%d\\r\\n' $i $i $i; done >&5
        printf 'quit\\r\\n' >&5; md5sum <&5; sleep 1; stop $server
        """,
        service=True, tells="memcached",
    ),
    Program(
        "memcached -u nobody", "memcached", "started as root it becomes nobody, then idles",
        """
        memcached -u nobody -l 127.0.0.1 -p $PORT -U 0 -t 2 & server=$!
        try 10 listens $PORT; sleep 1.5; exec 5<> /dev/tcp/127.0.0.1/$PORT; printf 'set a 0 0 1\\r\\nb\\r\\nget a\\r\\nquit\\r\\n' >&5
        cat <&5; sleep 1; stop $server
        """,
        service=True, tells="memcached", root=True,
    ),
    Program(
        "nginx", "nginx-light", "a master and two workers serve 6,000 requests of 20 clients, then reload",
        """
        mkdir site; seq 5000 > site/page
        printf '%s\\n' "daemon off; worker_processes 2; error_log stderr error; pid $PWD/pid; events { worker_connections 64; }" \\
            "http { access_log off; client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3; uwsgi_temp_path t4; scgi_temp_path t5;" \\
            "server { listen 127.0.0.1:$PORT; root $PWD/site; gzip on; gzip_types *; } }" > conf
        nginx -p $PWD/ -c conf & server=$!
        try 10 listens $PORT; ab -q -n 6000 -c 20 -H 'Accept-Encoding: gzip' http://127.0.0.1:$PORT/page | grep -E '^(Complete|Failed)'
        kill -HUP $server; sleep 0.5; curl -s http://127.0.0.1:$PORT/page | md5sum; curl -s -o no -w '%{http_code}\\n' http://127.0.0.1:$PORT/no
        stop $server QUIT
        """,
        tells="nginx", service=True, programs="nginx ab curl", ignore="conf t1* t2* t3* t4* t5*", scrub=((r"^\d{4}/.*\n", ""), (r"PORT\d*", "PORT")),
    ),
    Program(
        "haproxy", "haproxy", "answers 3,000 requests itself, and passes others on to a server",
        """
        seq 3000 > page; for port in $PORT2; do python3 -m http.server --bind 127.0.0.1 $port > /dev/null 2>&1 & behind=$!; done
        printf '%s\\n' 'global' '  nbthread 2' 'defaults' '  mode http' '  timeout client 5s' '  timeout server 5s' '  timeout connect 5s' \\
            'frontend f' "  bind 127.0.0.1:$PORT" '  http-request return status 200 content-type text/plain string here if { path /here }' \\
            '  default_backend b' 'backend b' "  server one 127.0.0.1:$PORT2 maxconn 2" > conf
        haproxy -db -f conf & server=$!
        try 10 listens $PORT; try 10 listens $PORT2; ab -q -n 3000 -c 10 http://127.0.0.1:$PORT/here | grep -E '^(Complete|Failed)'
        for i in 1 2 3 4 5; do curl -s http://127.0.0.1:$PORT/page | md5sum; done; stop $server USR1; stop $behind
        """,
        tells="haproxy", service=True, programs="haproxy ab curl", scrub=((r"^\[WARNING\].*\n", ""),), ignore="conf",
    ),
    Program(
        "named", "bind9 bind9-dnsutils", "an authoritative zone of 3,000 names, 300 questions, a transfer",
        """
        (echo '$TTL 60'; echo '$ORIGIN example.'; echo '@ SOA ns a 1 60 60 60 60'; echo '@ NS ns'; echo 'ns A 127.0.0.1'
         for i in $(seq 3000); do echo "n$i A 10.0.$((i / 256)).$((i % 256))"; done) > zone
        echo "options { directory \\"$PWD\\"; listen-on port $PORT { 127.0.0.1; }; listen-on-v6 { none; }; recursion no; pid-file none;
            session-keyfile \\"$PWD/key\\"; allow-transfer { any; }; dnssec-validation no; }; controls { };
            logging { category default { null; }; }; zone example { type primary; file \\"zone\\"; };" > conf
        named -f -4 -n 2 -c conf & server=$!
        ask() { dig +tries=3 @127.0.0.1 -p $PORT +short "$@"; }
        try 20 ask n1.example
        for i in $(seq 1 10 3000); do echo n$i.example; done > names; ask -f names | md5sum; ask example axfr | wc -l
        ask missing.example; stop $server
        """,
        tells="named dig", service=True, programs="named dig", ignore="conf key managed-keys*",
    ),
    Program(
        "sshd", "openssh-server openssh-client", "keys, a login with a command, 2 MiB through it, a second one refused; its sandbox",
        """
        ssh-keygen -q -t ed25519 -N '' -f host; ssh-keygen -q -t ed25519 -N '' -f mine; chmod 600 host mine
        made=; [ -d /run/sshd ] || { mkdir -m 755 /run/sshd && made=1; }
        printf '%s\\n' "Port $PORT" 'ListenAddress 127.0.0.1' "HostKey $PWD/host" 'UsePAM no' "AuthorizedKeysFile $PWD/mine.pub" 'PidFile none' \\
            'StrictModes no' 'PermitUserEnvironment no' 'LogLevel QUIET' 'SetEnv A=b' > conf
        $(command -v sshd) -D -e -f conf & server=$!
        try 20 listens $PORT
        log_in() { ssh -F none -p $PORT -o StrictHostKeyChecking=no -o UserKnownHostsFile=$PWD/known -o LogLevel=ERROR -o BatchMode=yes "$@"; }
        log_in -i mine root@127.0.0.1 'echo $A; exit 3'; echo $?
        head -c 2000000 /dev/zero | log_in -i mine root@127.0.0.1 'cat' | md5sum
        log_in -i host root@127.0.0.1 true 2> refused; echo $?; stop $server; [ -z "$made" ] || rmdir /run/sshd
        """,
        tells="sshd ssh", service=True, programs="sshd ssh", root=True, ignore="conf known host* mine*",
    ),
    Program(
        "dbus", "dbus-daemon libglib2.0-bin", "a session bus with 40 clients, names and signals",
        """
        dbus-run-session -- bash -c '
            for i in $(seq 20); do gdbus call --session -d org.freedesktop.DBus -o / -m org.freedesktop.DBus.ListActivatableNames | wc -c; done | sort -u | wc -l
            for i in $(seq 20); do gdbus emit --session -o /a -s a.b.c "$i"; done
            gdbus call --session -d no.body -o / -m no.body.There 2>&1 | head -c 40; exit 4'
        """,
        tells="gdbus dbus-run-session", periodic="dbus-daemon", programs="dbus-daemon dbus-run-session gdbus",
        scrub=((r"^dbus-daemon\[.*\n", ""),),
    ),
    Program(
        "python3's web server", "python3 curl", "threads for 600 requests of curl in parallel",
        """
        seq 2000 > page; python3 -m http.server --bind 127.0.0.1 $PORT > /dev/null 2>&1 & server=$!
        try 10 listens $PORT; curl -Z --no-progress-meter --parallel-max 8 "http://127.0.0.1:$PORT/page?[1-600]" | md5sum
        curl -s http://127.0.0.1:$PORT/none -o none -w '%{http_code}\\n'; stop $server
        """,
        tells="curl", periodic="python3", mute="python3", programs="curl python3", limit="ended by a signal that Python does not catch, it has no exit report",
    ),
)
