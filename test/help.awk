# What `make help` prints: every target with a line of its own after ##, the parts of the check apart. `parts` is their list.
function line(target) { return sprintf("    %-24s %s\n", "make " target, text[target]) }

match($0, /^[a-z-]+:.*## /) {
    target = $0
    sub(/:.*/, "", target)
    text[target] = substr($0, RLENGTH + 1)
    if (index(parts, " " target " ")) part = part line(target)
    else other = other line(target)
}

END {
    printf "%s\nThe parts of the check, each by itself:\n\n%s", other, part
    print "\nOf a part's suites, some: make preload ONLY=\"blocks start\". One suite, test/*/test_NAME.c: make test-NAME."
}
