#!/usr/bin/env bash
# fixtures.sh [NAME…]: captures the fixtures of tests/fixtures that come from guests, all or those named, with
# tests/fixtures/capture.sh. Every capture has other process numbers and times: do it when the format or the set of files
# changes, not for fun.
. "$(dirname "$0")/lib.sh"
fixtures=$(cd "$vm/../fixtures" && pwd)

# The second figure of the lecture below a group, without loops: `figure FOLDER WEIGHT-FILE`.
figure='figure() {
    for group in cg1:600 cg1/cg2:100 cg1/cg3:200 cg4:200; do
        [ "$2" = cpu.shares ] || echo +cpu >"$1/cgroup.subtree_control"
        case $group in cg1/*) [ "$2" = cpu.shares ] || echo +cpu >"$1/cg1/cgroup.subtree_control" ;; esac
        mkdir "$1/${group%:*}"
        echo "${group#*:}" >"$1/${group%:*}/$2"
    done
    for group in cg1/cg2 cg1/cg3 cg4; do
        sleep 60 >/dev/null 2>&1 &
        echo $! >"$1/$group/cgroup.procs"
    done
}'

# capture NAME COMMENT GUEST…: the guest runs the shell text on stdin, in which `$capture` writes the archive.
capture() {
    local name=$1 comment=$2 files
    shift 2
    if [ ${#wanted[@]} -gt 0 ] && [[ " ${wanted[*]} " != *" $name "* ]]; then return 0; fi
    files=$(mktemp -d)
    install -m755 "$fixtures/capture.sh" "$files/capture.sh"
    {
        printf '#!/bin/sh\nset -e\n%s\ncomment=%q\n' "$figure" "$comment"
        cat
        printf 'test -s /out/archive\n'
    } >"$files/run"
    chmod +x "$files/run"
    printf '%s\n' "$name" >&2
    "$vm/$1" "${@:2}" -o "$files/out" "$files" >&2
    cp "$files/out/archive" "$fixtures/$name.fixture"
    rm -r "$files"
}
wanted=("$@")

capture v1 'v1: cpu and cpuacct share a hierarchy, with links beside it; no v2.' mini.sh -k 6.1 -l v1 <<'RUN'
figure /sys/fs/cgroup/cpu,cpuacct cpu.shares
/t/capture.sh -x "$comment" >/out/archive
RUN

capture hybrid 'v1 hierarchies and a v2 without controllers, nothing manages them.' mini.sh -k 6.1 -l hybrid <<'RUN'
figure /sys/fs/cgroup/cpu,cpuacct cpu.shares
/t/capture.sh -x "$comment" >/out/archive
RUN

capture v2 'v2 with all controllers, nothing manages it.' mini.sh -k 6.12 -l v2 <<'RUN'
figure /sys/fs/cgroup cpu.weight
/t/capture.sh -x "$comment" >/out/archive
RUN

capture v2-systemd 'v2 under systemd, seen by root.' systemd.sh -l unified -u root <<'RUN'
/t/capture.sh -x "$comment" >/out/archive
RUN

capture v2-systemd-user 'v2 under systemd, seen by a user in a delegated scope.' systemd.sh -l unified -u user <<'RUN'
/t/capture.sh -x "$comment" >/out/archive
RUN

capture hybrid-systemd 'Hybrid under systemd, seen by root.' systemd.sh -l hybrid -u root <<'RUN'
/t/capture.sh -x "$comment" >/out/archive
RUN

capture v1-namespace 'Hybrid under systemd, seen from a cgroup namespace below /lab/inner of the cpu hierarchy.' \
    systemd.sh -l hybrid -u root <<'RUN'
mkdir -p /sys/fs/cgroup/cpu/lab/inner/below
echo $$ >/sys/fs/cgroup/cpu/lab/inner/cgroup.procs
unshare -C /t/capture.sh -x "$comment" >/out/archive
RUN

capture v2-container 'A container on v2: namespaces of its own, its group mounted as the whole tree, read-only.' \
    systemd.sh -l unified -u root <<'RUN'
group=/sys/fs/cgroup$(sed -n 's/^0:://p' /proc/self/cgroup)
mkdir "$group/box"
echo $$ >"$group/box/cgroup.procs"
echo '+cpu +memory +pids' >"$group/cgroup.subtree_control"
export comment
unshare -C -m -p -f --mount-proc sh -c '
    umount -l /sys/fs/cgroup
    mount -t cgroup2 -o ro cgroup2 /sys/fs/cgroup
    /t/capture.sh -x "$comment" >/out/archive'
RUN
