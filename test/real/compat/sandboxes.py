"""Programs that give up rights, change who they are, or close a sandbox around themselves."""

from program import Program

PROGRAMS = (
    Program(
        "bwrap", "bubblewrap", "namespaces of its own, a small root, a program in there",
        """
        bwrap --unshare-all --ro-bind / / --bind $REPORTS $REPORTS --tmpfs /var/tmp --proc /proc --dev /dev --die-with-parent bash -c 'id -u; ls /proc | grep -c "^[0-9]"; sleep 0.6; exit 3'; echo $?
        bwrap --unshare-user --uid 1000 --gid 1000 --ro-bind / / --bind $REPORTS $REPORTS --cap-drop ALL bash -c 'id -u; grep CapEff /proc/self/status'
        """,
        tells="bash", programs="bwrap bash",
    ),
    Program(
        "unshare", "util-linux", "a user namespace, a PID namespace, a mount namespace; and all at once",
        """
        unshare --user --map-root-user bash -c 'id -u; sleep 0.5; exit 3'; echo $?
        unshare --user --map-root-user --pid --fork --mount-proc bash -c 'echo $$; ls -d /proc/1; exit 4'; echo $?
        unshare --user --map-root-user --mount --net --ipc --uts bash -c 'hostname box; hostname; mount -t tmpfs none /mnt; cat /proc/net/dev | grep -c :'
        """,
        tells="bash", programs="unshare bash",
    ),
    Program(
        "setpriv", "util-linux", "becomes nobody without capabilities and without new privileges, then runs a program",
        """
        setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all --bounding-set=-all --no-new-privs bash -c 'id -u; grep -E "CapBnd|NoNewPrivs" /proc/self/status; sleep 0.6; exit 5'; echo $?
        """,
        tells="bash", programs="setpriv bash", root=True,
    ),
    Program(
        "runuser and su", "util-linux", "become nobody and run a shell, which lives on for a second",
        """
        runuser -u nobody -- bash -c 'id -un; sleep 1; exit 6'; echo $?
        su -s /bin/bash nobody -c 'id -un; exit 7'; echo $?
        """,
        tells="bash runuser", programs="runuser su bash", root=True,
    ),
    Program(
        "chroot", "coreutils", "python3, and a shell that becomes nobody, after a chroot",
        """
        chroot / /usr/bin/python3 -c 'import time; a = [str(i) for i in range(50000)]; time.sleep(1); print(len(a))'; chroot --userspec=65534:65534 / bash -c 'id -u; sleep 1; exit 3'; echo $?
        """,
        tells="python3 bash", programs="chroot", root=True,
    ),
    Program(
        "prlimit and ulimit", "util-linux", "small address space, few descriptors, few processes",
        """
        prlimit --as=300000000 python3 -c 'a = [bytes(1000) for i in range(50000)]; print(len(a))'; echo $?
        (ulimit -n 5; ls -d /) ; (ulimit -u 1; python3 -c 'import time; time.sleep(0.6); print(1)');
        """,
        tells="python3 ls", programs="prlimit python3", says="no thread to be had",
        limit="where no further thread may be created there are no periodic reports, and a line says so", scrub=((r"line \d+: +\d+ ", "line "),),
    ),
    Program(
        "a program under seccomp", "python3", "its filter refuses sockets; it works on",
        """
        python3 -c '
        import ctypes, struct, socket, time
        code = [(0x20, 0, 0, 0), (0x15, 0, 1, 41), (0x06, 0, 0, 0x00050000 | 13), (0x06, 0, 0, 0x7fff0000)]
        text = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *line) for line in code))
        libc = ctypes.CDLL(None, use_errno=True)
        time.sleep(0.6)
        print(libc.prctl(38, 1, 0, 0, 0), libc.prctl(22, 2, ctypes.byref((ctypes.c_ulong * 2)(len(code), ctypes.addressof(text))), 0, 0))
        try: socket.socket()
        except OSError as error: print(error)
        time.sleep(1)'
        """,
        periodic="python3", limit="once it has called seccomp a program makes no more reports",
    ),
)
