# Turns doc/options.md and doc/report.md into parts of a manual page. It knows what is used there: headings of three
# depths, of which the third is an option's name; paragraphs with `code` and *words*; lists; fenced blocks; tables, of
# whose rows each becomes an item. A column `test` is for who has the sources: it is left out.

# What man would take for something of its own: who copies from the page must get what was written.
function plain(text) {
    gsub(/\\/, "\\e", text)
    gsub(/-/, "\\-", text)
    gsub(/\^/, "\\(ha", text)
    gsub(/~/, "\\(ti", text)
    return text
}
function code(text) {
    text = plain(text)
    gsub(/'/, "\\(aq", text)
    gsub(/`/, "\\(ga", text)
    return text
}
function words(text,    inner) {
    text = plain(text)
    while (match(text, /\*[^*]+\*/)) {
        inner = substr(text, RSTART + 1, RLENGTH - 2)
        text = substr(text, 1, RSTART - 1) "\\fI" inner "\\fR" substr(text, RSTART + RLENGTH)
    }
    return text
}
function line(text,    part, count, i) {
    count = split(text, part, "`")
    text = ""
    for (i = 1; i <= count; i++)
        text = text (i % 2 ? words(part[i]) : "\\fB" code(part[i]) "\\fR")
    print guarded(text)
}
function guarded(text) { return (text ~ /^[.']/ ? "\\&" : "") text } # a request stands at a line's begin
function trimmed(text) { gsub(/^ +| +$/, "", text); return text }

# ---- fenced blocks: examples, and the list that help=on prints, whose lines are too wide for a terminal ----

/^```/ {
    in_block = !in_block
    if (in_block)
        print ".RS 4\n.EX"
    else
        print in_help ? ".PD\n.RE" : ".EE\n.RE"
    in_help = 0
    next
}
in_block && /^TRACKMALLOC_OPTIONS="name=value/ {
    in_help = 1
    print code($0) "\n.EE\n.PD 0"
    next
}
in_help {
    text = code(substr($0, 3))
    name = text
    sub(/ .*/, "", name)
    sub(/^[^ ]+ +/, "", text)
    gsub(/  +/, "\n.br\n", text) # what is allowed, on a line of its own
    print ".TP 12\n.B " name "\n" text
    next
}
in_block {
    text = code($0)
    if (match(text, / +# /)) { # a comment comes first, for both do not fit into a line
        print substr(text, RSTART + RLENGTH - 2)
        text = substr(text, 1, RSTART - 1)
    }
    print guarded(text)
    next
}

# ---- the rest ----

function heading(macro, text) { print macro " " text; first = 1 }

/^### / { in_item = 1; print ".TP"; gsub(/`/, ""); heading(".B", code(substr($0, 5))); next }
/^## /  { in_item = 0; heading(".SS", plain(substr($0, 4))); next }
/^# /   { in_item = 0; sub(/The /, ""); heading(".SH", toupper(plain(substr($0, 3)))); next }
/^\|/ {
    columns = split($0, cell, "|") - 1
    if (!in_table++) {
        split($0, heading_of, "|")
        print ".RS"
    } else if ($0 !~ /^\|---/) {
        print ".TP"
        line(trimmed(cell[2]))
        text = trimmed(cell[3])
        for (i = 4; i <= columns; i++)
            if (trimmed(heading_of[i]) != "test")
                text = text "; " trimmed(cell[i])
        line(text)
    }
    first = 0
    next
}
/^- /   { print ".IP \\(bu 2"; line(substr($0, 3)); blank = first = 0; next }
/^$/    { blank = 1; if (in_table) print ".RE"; in_table = 0; next }
{
    if (blank && !first)
        print in_item ? ".IP" : ".PP"
    blank = first = 0
    sub(/^ +/, "")
    line($0)
}
END { if (in_table) print ".RE" }
