"""Browsers without a window."""

from program import Program

CHROMIUM = """
    chromium --headless {} --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update \\
        --disable-sync --disable-breakpad --user-data-dir=$PWD/new --dump-dom file://$PWD/page.html
"""
NOISE = ((r"^/usr/bin/chromium: .*\n", ""), (r"^\[\d+.*\n", ""), (r"^.*(dbus|DBus|ERROR:|WARNING:|Fontconfig|gpu).*\n", ""))

PROGRAMS = (
    Program(
        "chromium without its sandbox", "chromium", "runs a page with a script and a canvas, and prints its DOM",
        CHROMIUM.format("--no-sandbox"), files="page.html", tells="", programs="chromium", ignore="new*", scrub=NOISE, weight=2, seconds=40,
        untracked="chromium has a malloc of its own in its executable", env=("DBUS_SESSION_BUS_ADDRESS=disabled:",),
    ),
    Program(
        "chromium in its sandbox", "chromium", "the same as nobody, each renderer in namespaces and under seccomp",
        """
        for_nobody new home; export HOME=$PWD/home XDG_RUNTIME_DIR=$PWD/home
        """ + CHROMIUM.format("").replace("    chromium", '    "${nobody[@]}" chromium'),
        files="page.html", programs="chromium", ignore="new* home*", scrub=NOISE, weight=2, seconds=40,
        untracked="chromium has a malloc of its own in its executable", env=("DBUS_SESSION_BUS_ADDRESS=disabled:",),
    ),
    Program(
        "firefox", "firefox-esr", "a picture of a page with a script; its processes and their sandboxes",
        """
        mkdir new; MOZ_CRASHREPORTER_DISABLE=1 firefox-esr --headless --no-remote --profile $PWD/new --window-size 300,200 --screenshot $PWD/shot.png file://$PWD/page.html > said 2>&1
        echo $?; file -b shot.png
        """,
        files="page.html", programs="firefox-esr file", ignore="new* said shot.png", weight=2, seconds=60,
        untracked="firefox has a malloc of its own (mozjemalloc) in its executable", env=("DBUS_SESSION_BUS_ADDRESS=disabled:",),
    ),
)
