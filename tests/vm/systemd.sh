#!/usr/bin/env bash
# systemd.sh [-k 6.1|6.12] [-i bookworm|trixie] [-l unified|hybrid|legacy] [-u user|login|root] [-s CPUS] [-m MIB]
#            [-t SECONDS] [-o OUT] [-v] DIR [PROGRAM]
#
# Runs DIR/PROGRAM (default run) in a guest with systemd (bookworm 252, trixie 257). As
#   user   an ordinary user, in a delegated scope: systemd-run --user --scope -p Delegate=yes
#   login  the same user, in the scope of the login session: what you get by just typing the command
#   root   root, in a delegated service
# hybrid and legacy want kernel 6.1: later ones have no memory controller for v1. See README.md.
. "$(dirname "$0")/lib.sh"
kernel=6.1 suite=bookworm layout=unified user=user cpus=2 memory=768 seconds=180 out='' verbose=''
while getopts k:i:l:u:s:m:t:o:v option; do
    case $option in
        k) kernel=$OPTARG ;; i) suite=$OPTARG ;; l) layout=$OPTARG ;; u) user=$OPTARG ;; s) cpus=$OPTARG ;;
        m) memory=$OPTARG ;; t) seconds=$OPTARG ;; o) out=$OPTARG ;; v) verbose=1 ;; *) exit 125 ;;
    esac
done
shift $((OPTIND - 1))
dir=${1:?DIR is missing} program=${2:-run}
[ -x "$dir/$program" ] || die "no executable $dir/$program"
case $layout in
    unified) cgroups=systemd.unified_cgroup_hierarchy=1 ;;
    hybrid) cgroups='systemd.unified_cgroup_hierarchy=0 systemd.legacy_systemd_cgroup_controller=0' ;;
    legacy) cgroups='systemd.unified_cgroup_hierarchy=0 systemd.legacy_systemd_cgroup_controller=1' ;;
    *) die "no layout $layout" ;;
esac

need qemu-system-x86_64:qemu-system-x86 cpio:cpio
need_busybox
fetch_kernel "$kernel"
[ -s "$cache/$suite.img" ] || "$vm/image.sh" "$suite"
work=$(mktemp -d -p "$cache" run.XXXXXX)
trap 'rm -rf "$work"' EXIT

# The cloud kernels have their disk driver as modules: a first file system loads them. It also puts our own service onto
# the disk, of which qemu keeps a copy for this boot only.
mkdir -p "$work"/base/{bin,dev,modules,proc,root,service,sys}
cp "$vm"/guest/run-program* "$work/base/service"
cp "$busybox" "$work/base/bin/busybox"
install -m755 "$vm/guest/systemd-init" "$work/base/init"
for module in virtio_ring virtio virtio_pci_legacy_dev virtio_pci_modern_dev virtio_pci virtio_blk autofs4; do
    file=$(find "$cache/modules-$kernel" -name "$module.ko*" | head -1)
    case $file in
        '') continue ;;
        *.xz) xz -dc "$file" >"$work/base/modules/$module.ko" ;;
        *) cp "$file" "$work/base/modules/$module.ko" ;;
    esac
    echo "$module.ko" >>"$work/base/modules/order"
done
pack "$work/base" "$work/initrd"
tar -C "$dir" -chf "$work/files.tar" .
truncate -s 64M "$work/out.img"

boot "$seconds" "$cpus" "$memory" qemu64,+rdrand,+ssse3,+sse4.1,+sse4.2,+popcnt \
    "$cgroups systemd.show_status=0 guest.user=$user guest.program=$program" \
    -kernel "$cache/vmlinux-$kernel" -initrd "$work/initrd" \
    -drive "file=$cache/$suite.img,format=raw,if=virtio,snapshot=on,cache=unsafe" \
    -drive "file=$work/files.tar,format=raw,if=virtio,readonly=on" \
    -drive "file=$work/out.img,format=raw,if=virtio,cache=unsafe"
if [ -n "$out" ]; then
    mkdir -p "$out"
    tar -C "$out" -xf "$work/out.img" 2>/dev/null || die "the guest left no archive of /out"
fi
exit "$status"
