"""Interpreters and virtual machines."""

from program import Program

PYTHON_TIMES = (
    (r"^\d+:\d\d:\d\d load avg.*\n", ""),
    (r"\d+(\.\d+)? (ms|sec|min)( \d+ sec)?", "TIME"),
    (r"test_python_(worker_)?\w+", "FOLDER"),
    (r"Ran (\d+) tests? in [\d.]+s", r"Ran \1 tests"),
)

PROGRAMS = (
    Program(
        "python3", "python3",
        "parses XML, keeps orders in SQLite, archives with LZMA; every object by malloc",
        "PYTHONMALLOC=malloc python3 orders.py 20 0",
        files="orders.py", tells="python3", scrub=((r"[\d.]+ s\b", "TIME"),),
    ),
    Program(
        "python3: tests of the language", "libpython3.11-testsuite",
        "29 modules of Python's own tests: containers, text, numbers, threads, codecs, mmap, ctypes",
        """
        python3 -m test -q test_array test_asyncgen test_binascii test_bytes test_bz2 test_collections \\
            test_copy test_csv test_ctypes test_dataclasses test_deque test_dict test_enum test_functools test_generators \\
            test_hashlib test_heapq test_itertools test_list test_long test_mmap test_pickle test_queue \\
            test_re test_set test_sort test_struct test_threading_local test_zlib
        """,
        tells="python3", scrub=PYTHON_TIMES, seconds=240,
    ),
    Program(
        "python3: tests of processes", "libpython3.11-testsuite",
        "Python's own tests of subprocesses, fork, threads, terminals, exit handlers; tools and JSON",
        """
        python3 -m test -q test_subprocess test_threading test_fork1 test_posix test_wait3 test_wait4 test_select \\
            test_pty test_atexit test_base64 test_json
        """,
        tells="python3", scrub=PYTHON_TIMES, seconds=240, modes="file stacks",
        limit="with reports on stderr it is not compared: these tests read the stderr of their children",
    ),
    Program(
        "perl", "perl", "hashes, sorting, regular expressions, Unicode",
        """
        perl words.pl
        perl -MList::Util=sum -MEncode -MDigest::SHA=sha1_hex -e '
            my %h; $h{$_ % 977} .= chr(0x100 + $_ % 300) for 1 .. 50000;
            print sha1_hex(encode("UTF-8", join ",", map { "$_=$h{$_}" } sort { $a <=> $b } keys %h)), "\\n";
            my $pid = fork // die; exit 7 unless $pid; waitpid $pid, 0; print $? >> 8, "\\n"'
        """,
        files="words.pl", tells="perl",
    ),
    Program(
        "node", "nodejs", "a web server and its clients, JSON, streams, zlib; worker threads",
        """
        node app.js
        node -e '
            const { Worker } = require("worker_threads");
            const work = "const z = require(\\"zlib\\"); let s = 0; for (let i = 0; i < 200; i++)" +
                "s += z.deflateSync(Buffer.alloc(20000, String(i))).length; require(\\"worker_threads\\").parentPort.postMessage(s)";
            for (let i = 0; i < 3; i++) new Worker(work, { eval: true }).on("message", m => console.log(m));'
        """,
        files="app.js", tells="node",
    ),
    Program(
        "ruby", "ruby", "garbage collected structures, threads, fork, compaction",
        """
        ruby -rjson -rdigest -rset -e '
            data = (1..60_000).map { |i| { "n" => i, "s" => i.to_s * 3, "l" => [i] * (i % 7) } }
            text = JSON.generate(data)
            puts Digest::SHA256.hexdigest(text), JSON.parse(text).sum { |e| e["l"].size }
            GC.start; GC.compact if GC.respond_to?(:compact)
            puts 4.times.map { |t| Thread.new { (1..20_000).map { |i| (i * t).to_s }.join.size } }.map(&:value).inspect
            pid = fork { exit! 3 }; Process.wait(pid); puts $?.exitstatus'
        """,
        tells="ruby",
    ),
    Program(
        "php", "php-cli", "arrays, regular expressions, DOM, serialized data, a child process",
        """
        php -r '
            for ($i = 0; $i < 80000; $i++) $a["k" . $i % 5003][] = str_repeat(chr(65 + $i % 26), $i % 40);
            ksort($a); echo hash("sha256", serialize($a)), "\\n", count(unserialize(serialize($a))), "\\n";
            preg_match_all("/B+/", implode(",", array_merge(...array_values($a))), $m); echo count($m[0]), "\\n";
            echo json_encode(array_slice($a, 0, 2)), "\\n"; echo shell_exec("echo child");'
        """,
        tells="php",
    ),
    Program(
        "lua", "lua5.4", "tables, closures, coroutines, strings",
        """
        lua5.4 -e '
            local t = {} for i = 1, 200000 do t[i % 4001] = (t[i % 4001] or "") .. string.char(97 + i % 26) end
            local n = 0 for _, s in pairs(t) do n = n + #s:gsub("a", "bb") end print(n)
            local c = coroutine.wrap(function() for i = 1, 1e5 do coroutine.yield(i) end end)
            local s = 0 for i = 1, 1e5 do s = s + c() end print(s) collectgarbage() os.exit(5, true)'
        """,
        tells="lua5.4",
    ),
    Program(
        "tcl", "tcl8.6", "lists, dictionaries, regular expressions, the event loop, a pipe",
        """
        echo '
            for {set i 0} {$i < 40000} {incr i} { dict lappend d [expr {$i % 997}] [string repeat x [expr {$i % 30}]] }
            puts [dict size $d]; puts [string length [lsort [dict values $d]]]
            puts [llength [regexp -all -inline {x{7,9}} [dict get $d 7]]]
            set p [open "|sort -n" r+]; for {set i 500} {$i} {incr i -1} { puts $p $i }; close $p write
            puts [string length [read $p]]; close $p
            after 100 {set done 1}; vwait done; exit 3' > work.tcl
        tclsh8.6 work.tcl
        """,
        tells="tclsh8.6", only="tclsh*",
    ),
    Program(
        "R", "r-base-core", "vectors, matrices, a linear model, text",
        """
        R --vanilla --quiet --no-echo -e '
            set.seed(7); x <- matrix(rnorm(250000), 500); s <- svd(x); cat(format(sum(s$d), digits = 10), "\\n")
            d <- data.frame(a = 1:2000, b = (1:2000)^2 + rnorm(2000)); print(round(coef(lm(b ~ a, d)), 4))
            l <- lapply(1:20000, function(i) paste0("k", i %% 97, strrep("x", i %% 20))); print(head(sort(table(unlist(l))), 3))
            print(nchar(paste(toupper(unlist(l)), collapse = "")))'
        """,
        tells="R",
    ),
    Program(
        "guile", "guile-3.0", "Scheme: lists, hash tables, bignums, threads",
        """
        GUILE_AUTO_COMPILE=0 guile -c '
            (use-modules (srfi srfi-1) (ice-9 threads))
            (define h (make-hash-table))
            (for-each (lambda (i) (hash-set! h (modulo i 997) (cons i (hash-ref h (modulo i 997) (list))))) (iota 100000))
            (display (hash-fold (lambda (k v n) (+ n (length v))) 0 h)) (newline)
            (display (modulo (fold * 1 (iota 2000 1)) 1000003)) (newline)
            (display (apply + (par-map (lambda (n) (length (iota n))) (list 1000 2000 3000)))) (newline) (exit 4)'
        """,
        tells="guile", scrub=((r"^.*GUILE_.*\n", ""),),
    ),
    Program(
        "sbcl", "sbcl", "Common Lisp: compiles and runs; its heap is its own",
        """
        sbcl --noinform --disable-debugger --eval '
            (progn (defun f (n) (let ((h (make-hash-table :test (function equal))))
                     (dotimes (i n) (push i (gethash (format nil "~d" (mod i 499)) h))) (hash-table-count h)))
                   (print (compile (quote f))) (print (f 100000)) (print (mod (expt 7 9999) 1000003))
                   (sb-ext:gc :full t) (terpri) (sb-ext:exit :code 6))'
        """,
        tells="sbcl",
    ),
    Program(
        "swipl", "swi-prolog-core swi-prolog-nox", "Prolog: search, assertions, atoms, threads",
        """
        echo '
            queens(N, Q) :- numlist(1, N, L), permutation(L, Q), safe(Q), !.
            safe([]). safe([Q|Qs]) :- ok(Q, Qs, 1), safe(Qs).
            ok(_, [], _). ok(Q, [R|Rs], D) :- Q =\\= R + D, Q =\\= R - D, E is D + 1, ok(Q, Rs, E).
            main :- queens(7, Q), writeln(Q), forall(between(1, 30000, I), (atom_concat(a, I, A), assertz(f(A, I)))),
                    aggregate_all(sum(I), f(_, I), S), writeln(S), concurrent_maplist([X,Y]>>(Y is X * X), [1,2,3], Ys),
                    writeln(Ys), halt(2).' > work.pl
        swipl -g main work.pl
        """,
        tells="swipl",
    ),
    Program(
        "python3 that leaves by _exit", "python3",
        "no exit handler runs: what was told until then is what there is",
        "python3 -c 'import os, time; a = [str(i) for i in range(100000)]; time.sleep(1.5); print(len(a), flush=True); os._exit(9)'",
        periodic="python3",
    ),
    Program(
        "bash", "bash", "arrays, pipes, here-documents, process substitution, jobs, coprocesses",
        """
        cat > work.sh << 'END'
        declare -A a; for i in {1..5000}; do a[$((i % 97))]+="$i "; done; echo ${#a[@]} ${#a[5]}
        diff <(seq 50) <(seq 2 51) | head -3
        coproc tr a-z A-Z; echo hello >&"${COPROC[1]}"; eval "exec ${COPROC[1]}>&-"; cat <&"${COPROC[0]}"
        for i in 1 2 3; do (sleep 0.$i; exit $i) & all+=" $!"; done; for j in $all; do wait $j; echo $?; done
        trap 'echo bye' EXIT; echo "${BASH_REMATCH[0]-none}"; exit 5
        END
        bash work.sh
        """,
        tells="bash",
    ),
    Program(
        "zsh and dash", "zsh dash", "globs, arithmetic, modules, subshells",
        """
        zsh -f -c 'zmodload zsh/mathfunc; typeset -A h; for i in {1..3000}; do h[$i]=$((sqrt(i))); done; print ${#h} ${h[9]}
            touch a{1..20}; print -l a*(On[1,3]); print ${(j:,:)${(s: :)"x y z"}}; rm a*; exit 3'
        echo $?
        dash -c 'i=0; while [ $i -lt 2000 ]; do i=$((i + 1)); s="$s$i"; done; echo ${#s} | (read n; echo $n); sleep 1; exit 4'
        """,
        tells="zsh", periodic="dash", limit="dash leaves by _exit, so there is no exit report",
    ),
    Program(
        "gawk, sed, bc", "gawk sed bc", "large arrays, a sort, long numbers",
        """
        gawk 'BEGIN { for (i = 0; i < 200000; i++) a[i % 10007] = a[i % 10007] i; n = asorti(a, b); print n, b[7], length(a[3]) }'
        seq 20000 | sed -n 'H;${x;s/\\n/,/g;p}' | md5sum
        echo 'scale=300; 4*a(1); 2^4000 % 1000007' | BC_LINE_LENGTH=0 bc -l
        """,
        tells="gawk sed bc",
    ),
)
