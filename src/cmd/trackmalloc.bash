# Completion of trackmalloc(1) for bash. Commands, options and processes are asked of the command itself, so that no
# second list can grow old.

_trackmalloc_commands() { "$1" --help 2> /dev/null | sed -n 's/^  \([a-z][a-z]*\) .*/\1/p'; }

# Every `-s, --long` of a command; with a pattern behind it, those whose argument is written so.
_trackmalloc_options() {
    "$1" "$2" --help 2> /dev/null | sed -n "s/^ \{2,6\}\(\(-.\), \)\{0,1\}\(--[a-z-]*\)${3-}.*/\2 \3/p"
}

# Those that are running; with --all, whatever left a snapshot. --all alone would look beyond the only directory.
_trackmalloc_processes() {
    "$1" ps --flat ${2-} ${TRACKMALLOC_DIR:+--dir "$TRACKMALLOC_DIR"} 2> /dev/null |
        awk -v all="${2-}" '$1 ~ /^[0-9]+$/ && (all != "" || $2 == "live") { print $1 }'
}

# The words that are no options and no arguments of options, by their places: into `places`.
_trackmalloc_places() {
    local taking i
    taking=" $(_trackmalloc_options "$1" "$2" = | tr '\n' ' ') "
    places=()
    for ((i = 2; i <= COMP_CWORD; i++)); do
        case ${COMP_WORDS[i]} in
        --) places+=($((i + 1))) && return ;;
        -*) [[ $taking == *" ${COMP_WORDS[i]} "* ]] && i=$((i + 1)) ;;
        *) places+=("$i") ;;
        esac
    done
}

_trackmalloc_program() {
    if declare -F _command_offset > /dev/null; then
        _command_offset "$1"
    elif ((COMP_CWORD == $1)); then
        mapfile -t COMPREPLY < <(compgen -c -- "$2")
    else
        mapfile -t COMPREPLY < <(compgen -f -- "$2")
    fi
}

_trackmalloc_offer() { mapfile -t COMPREPLY < <(compgen -W "$*" -- "${COMP_WORDS[COMP_CWORD]}"); }

# Of a process that is named, or of the only one.
_trackmalloc_ctl() {
    local requests="report baseline pause resume set" named=0
    [[ ${COMP_WORDS[places[0]]} == *[!0-9]* || $2 == 1 ]] || named=1
    case $(($2 - named)) in
    1) _trackmalloc_offer "$requests" "$( ((named)) || _trackmalloc_processes "$1")" ;;
    2) [[ ${COMP_WORDS[COMP_CWORD - 1]} != set ]] || _trackmalloc_offer interval final top leaks keep ;;
    esac
}

_trackmalloc() {
    local places command=$1 word=${COMP_WORDS[COMP_CWORD]} subcommand=${COMP_WORDS[1]}
    COMPREPLY=()
    if ((COMP_CWORD == 1)); then
        _trackmalloc_offer "$(_trackmalloc_commands "$command")" --help --version
        return
    fi
    _trackmalloc_places "$command" "$subcommand"
    if [[ $subcommand == run && ${#places[@]} != 0 ]] && ((COMP_CWORD >= places[0])); then
        _trackmalloc_program "${places[0]}" "$word"
    elif [[ $word == -* ]]; then
        _trackmalloc_offer "$(_trackmalloc_options "$command" "$subcommand")"
    elif [[ ${COMP_WORDS[COMP_CWORD - 1]} == @(-d|--dir) ]]; then
        mapfile -t COMPREPLY < <(compgen -d -- "$word")
    elif [[ ${#places[@]} != 0 && ${places[-1]} == "$COMP_CWORD" && $subcommand == ctl ]]; then
        _trackmalloc_ctl "$command" "${#places[@]}"
    elif [[ ${#places[@]} != 0 && ${places[-1]} == "$COMP_CWORD" && $subcommand != @(ps|serve) ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$(_trackmalloc_processes "$command" --all)" -- "$word"; compgen -f -- "$word")
    elif [[ ${#places[@]} == 0 || ${places[-1]} != "$COMP_CWORD" ]]; then
        mapfile -t COMPREPLY < <(compgen -f -- "$word") # an option's argument
    fi
}

complete -F _trackmalloc trackmalloc
