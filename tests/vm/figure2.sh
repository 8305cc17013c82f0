#!/usr/bin/env bash
# figure2.sh [EXPERIMENT [OPTION…]]: verifies an experiment (default: the second figure of the lecture) on cgroup v2, in a
# mini guest, with a static build of cgrove. Prints the JSON of `cgrove verify`; the exit status is that of verify, or 1
# when it left a group behind.
. "$(dirname "$0")/lib.sh"
repository=$(cd "$vm/../.." && pwd)
experiment=${1:-$repository/assets/experiments/figure2.toml}
[ $# = 0 ] || shift
[ -r "$experiment" ] || die "no experiment $experiment"

target=x86_64-unknown-linux-gnu
(cd "$repository" && RUSTFLAGS='-C target-feature=+crt-static' cargo build --release --locked --target $target) >&2 ||
    die "the static build failed"

files=$(mktemp -d)
trap 'rm -rf "$files"' EXIT
cp "${CARGO_TARGET_DIR:-$repository/target}/$target/release/cgrove" "$files/cgrove"
cp "$experiment" "$files/experiment.toml"
{
    echo '#!/bin/sh'
    printf '/t/cgrove verify /t/experiment.toml --json'
    [ $# = 0 ] || printf ' %q' "$@"
    cat <<'RUN'
 2>/tmp/progress
status=$?
[ $status = 0 ] || cat /tmp/progress
left=$(find /sys/fs/cgroup -mindepth 1 -type d)
if [ -n "$left" ]; then
    echo "left behind: $left"
    exit 1
fi
exit $status
RUN
} >"$files/run"
chmod +x "$files/run"
"$vm/mini.sh" -l v2 -t 180 "$files"
