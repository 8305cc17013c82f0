#!/usr/bin/env bash
# undo.sh [-l v2|v1] [-r RUNS]: the undo measure (tests/live/undo.rs) in a mini guest, with a static build of the live trials
# and of cgrove: all controllers of v2 on 6.12, or of v1 on 6.1. CGROVE_SEED and CGROVE_WHOLE are handed on. The exit status is
# that of the trials, or 1 when they left a group behind.
. "$(dirname "$0")/lib.sh"
repository=$(cd "$vm/../.." && pwd)
layout=v2 runs=1
while getopts l:r: option; do
    case $option in
        l) layout=$OPTARG ;; r) runs=$OPTARG ;; *) exit 125 ;;
    esac
done
kernel=6.12
[ "$layout" = v2 ] || kernel=6.1

target=x86_64-unknown-linux-gnu
built=$(cd "$repository" && RUSTFLAGS='-C target-feature=+crt-static' cargo test --no-run --locked --target $target \
    --test live --message-format json) || die "the static build failed"
# The trials know the program by the path at which it was built.
executable() { sed -n "s/.*\"name\":\"$1\".*\"executable\":\"\([^\"]*\)\".*/\1/p" <<<"$built" | tail -1; }
trials=$(executable live) program=$(executable cgrove)
[ -x "$trials" ] && [ -x "$program" ] || die "the build named no executables"

files=$(mktemp -d)
trap 'rm -rf "$files"' EXIT
cp "$trials" "$files/live"
cp "$program" "$files/cgrove"
{
    echo '#!/bin/sh'
    printf 'mkdir -p %q && ln -s /t/cgrove %q\n' "$(dirname "$program")" "$program"
    printf 'export CGROVE_RUNS=%q CGROVE_LIVE=require RUST_BACKTRACE=1\n' "$runs"
    for name in CGROVE_SEED CGROVE_WHOLE; do
        [ -z "${!name:-}" ] || printf 'export %s=%q\n' "$name" "${!name}"
    done
    cat <<'RUN'
/t/live --test-threads 1 undo:: 2>&1
status=$?
left=$(find /sys/fs/cgroup -mindepth 1 -type d -name 'cgrove*')
if [ -n "$left" ]; then
    echo "left behind: $left"
    exit 1
fi
exit $status
RUN
} >"$files/run"
chmod +x "$files/run"
# strip: the guest's memory holds the archive and what is unpacked.
strip "$files/live" "$files/cgrove" 2>/dev/null || true
"$vm/mini.sh" -k "$kernel" -l "$layout" -s 2 -m 1024 -t $((300 + runs * 300)) "$files"
