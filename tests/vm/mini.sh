#!/usr/bin/env bash
# mini.sh [-k 6.1|6.12] [-l v2|v1|hybrid] [-s CPUS] [-m MIB] [-t SECONDS] [-o OUT] [-v] DIR [PROGRAM]
#
# Runs DIR/PROGRAM (default run) as root in a guest that is a kernel and busybox. The layout: v2 with all controllers
# enabled for the root's children; v1 with one hierarchy a controller but cpu,cpuacct together; hybrid, v1 and an empty v2.
# See README.md.
. "$(dirname "$0")/lib.sh"
kernel=6.12 layout=v2 cpus=1 memory=512 seconds=120 out='' verbose=''
while getopts k:l:s:m:t:o:v option; do
    case $option in
        k) kernel=$OPTARG ;; l) layout=$OPTARG ;; s) cpus=$OPTARG ;; m) memory=$OPTARG ;;
        t) seconds=$OPTARG ;; o) out=$OPTARG ;; v) verbose=1 ;; *) exit 125 ;;
    esac
done
shift $((OPTIND - 1))
dir=${1:?DIR is missing} program=${2:-run}
[ -x "$dir/$program" ] || die "no executable $dir/$program"

need qemu-system-x86_64:qemu-system-x86 cpio:cpio
need_busybox
fetch_kernel "$kernel"
work=$(mktemp -d -p "$cache" run.XXXXXX)
trap 'rm -rf "$work"' EXIT

# The guest's file system is two archives, one after the other: its own part, and DIR as /t.
mkdir -p "$work"/base/{bin,dev,etc,out,proc,root,run,sys,tmp} "$work/files"
cp "$busybox" "$work/base/bin/busybox"
install -m755 "$vm/guest/mini-init" "$work/base/init"
echo 'root:x:0:0::/root:/bin/sh' >"$work/base/etc/passwd"
pack "$work/base" "$work/base.cpio"
cp -rL "$dir" "$work/files/t"
pack "$work/files" "$work/files.cpio"
cat "$work/base.cpio" "$work/files.cpio" >"$work/initrd"

boot "$seconds" "$cpus" "$memory" qemu64 "guest.layout=$layout guest.program=$program" \
    -kernel "$cache/vmlinux-$kernel" -initrd "$work/initrd" \
    -chardev file,id=out,path="$work/out.tar" -serial chardev:out
if [ -n "$out" ]; then
    mkdir -p "$out"
    tar -C "$out" -xf "$work/out.tar"
fi
exit "$status"
