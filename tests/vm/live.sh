#!/usr/bin/env bash
# live.sh [-k 6.1|6.12] [-l v2|v1|hybrid] [-s CPUS] [-t SECONDS] [ARGUMENT…]: the live trials (tests/live.rs) in a mini guest, as root with every
# controller, by a static build. Arguments are those of the test program: a part of a name, --exact, --list. The exit status
# is that of the trials.
. "$(dirname "$0")/lib.sh"
repository=$(cd "$vm/../.." && pwd)
layout=v2 options=() seconds=600
while getopts k:l:s:t:v option; do
    case $option in
        k | s) options+=("-$option" "$OPTARG") ;; l) layout=$OPTARG ;; t) seconds=$OPTARG ;; v) options+=(-v) ;; *) exit 125 ;;
    esac
done
shift $((OPTIND - 1))

target=x86_64-unknown-linux-gnu
built=$(cd "$repository" && RUSTFLAGS='-C target-feature=+crt-static' \
    cargo test --locked --target $target --test live --no-run --message-format=json) || die "the static build failed"
executable() {
    printf '%s\n' "$built" | sed -n 's/.*"executable":"\([^"]*\)".*/\1/p' | grep -E "/$1(-[0-9a-f]+)?$" | tail -1
}
trials=$(executable live) program=$(executable cgrove)
[ -n "$trials" ] && [ -n "$program" ] || die "cargo did not say where it put the programs"

files=$(mktemp -d)
trap 'rm -rf "$files"' EXIT
# Stripped: the guest keeps its files in memory.
strip -o "$files/live" "$trials"
strip -o "$files/cgrove" "$program"
{
    # The trials were built to start the program where it was built.
    printf '#!/bin/sh\nmkdir -p %q\nln -s /t/cgrove %q\nexport RUST_BACKTRACE=0\nexec /t/live' "$(dirname "$program")" "$program"
    [ $# = 0 ] || printf ' %q' "$@"
    printf '\n'
} >"$files/run"
chmod +x "$files/run"
"$vm/mini.sh" -l "$layout" -m 1024 -t "$seconds" "${options[@]}" "$files"
