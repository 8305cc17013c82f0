# Sourced by the scripts beside it: packages, the cache, kernels, and how a guest is started.
# shellcheck shell=bash
set -euo pipefail
vm=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${CGROVE_VM_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/cgrove/vm}
mkdir -p "$cache"

# 125, because any smaller status may be that of the program in the guest.
die() { printf '%s: %s\n' "$(basename "$0")" "$*" >&2; exit 125; }

# need COMMAND:PACKAGE...: installs the packages of the commands that are missing.
need() {
    local pair missing=()
    for pair in "$@"; do
        command -v "${pair%%:*}" >/dev/null || missing+=("${pair#*:}")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    command -v apt-get >/dev/null || die "missing, and there is no apt-get to install it: ${missing[*]}"
    [ "$(id -u)" = 0 ] || die "missing: apt-get install --no-install-recommends ${missing[*]}"
    printf 'installing %s\n' "${missing[*]}" >&2
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"; } >&2
}

# A busybox that runs in an otherwise empty guest.
need_busybox() {
    need busybox:busybox-static
    busybox=$(readlink -f "$(command -v busybox)")
    if ldd "$busybox" >/dev/null 2>&1; then die "$busybox is not static: apt-get install busybox-static"; fi
}

# fetch_kernel 6.1|6.12: the newest packaged kernel of that line as $cache/vmlinux-LINE, its modules in
# $cache/modules-LINE. The package is unpacked, never installed.
fetch_kernel() {
    local line=$1 package work
    [ ! -s "$cache/vmlinux-$line" ] || return 0
    need zstd:zstd lz4:lz4 xz:xz-utils
    package=$(apt-cache pkgnames "linux-image-$line." | grep -E -- '-cloud-amd64$' | sort -V | tail -1)
    [ -n "$package" ] || die "this host's apt knows no linux-image-$line.*-cloud-amd64 (apt-get update?)"
    printf 'fetching %s\n' "$package" >&2
    work=$(mktemp -d -p "$cache")
    # The sandbox user of apt cannot write into a folder of ours: that is no more than a warning.
    (cd "$work" && apt-get download -qq "$package" 2>&1 | grep -v '^W:' || true) >&2
    dpkg -x "$work"/linux-image-*.deb "$work/x"
    rm -rf "$cache/modules-$line"
    mv "$work"/x/lib/modules/* "$cache/modules-$line" 2>/dev/null || mv "$work"/x/usr/lib/modules/* "$cache/modules-$line"
    unpack_kernel "$work"/x/boot/vmlinuz-* "$work/vmlinux"
    mv "$work/vmlinux" "$cache/vmlinux-$line"
    rm -rf "$work"
}

# unpack_kernel BZIMAGE OUT: the ELF image inside, which an emulated machine starts seconds faster.
# Documentation/arch/x86/boot.rst: setup_sects at 0x1f1, payload_offset and payload_length at 0x248 and 0x24c.
unpack_kernel() {
    local image=$1 out=$2 sectors offset length
    sectors=$(od -An -tu1 -j $((0x1f1)) -N1 "$image")
    read -r offset length < <(od -An -tu4 -j $((0x248)) -N8 "$image")
    tail -c +$(((${sectors:-4} + 1) * 512 + offset + 1)) "$image" | head -c "$length" >"$out.packed" || true
    # The last four bytes are the unpacked size, which a decompressor may complain of as trailing garbage.
    case $(od -An -tx1 -N4 "$out.packed" | tr -d ' ') in
        28b52ffd) zstd -dcq "$out.packed" >"$out" 2>/dev/null || true ;;
        02214c18) lz4 -dcq "$out.packed" >"$out" 2>/dev/null || true ;;
        fd377a58) xz -dcq "$out.packed" >"$out" 2>/dev/null || true ;;
        1f8b*) gzip -dcq "$out.packed" >"$out" 2>/dev/null || true ;;
        *) die "$image is packed in a way that is not known here" ;;
    esac
    rm "$out.packed"
    [ "$(od -An -tx1 -N4 "$out" | tr -d ' ')" = 7f454c46 ] || die "what is in $image is no ELF image"
}

# pack FOLDER OUT: a cpio archive as the kernel takes it, everything owned by root.
pack() { (cd "$1" && find . | cpio -o -H newc --quiet -R 0:0) >"$2"; }

# boot SECONDS CPUS MEMORY CPU-MODEL APPEND OPTION...: starts qemu with the kernel's console in $work/console, the
# program's terminal on stdout, and leaves the program's exit status in $status.
boot() {
    local seconds=$1 cpus=$2 memory=$3 model=$4 append=$5
    shift 5
    # What only slows an emulated machine down is off.
    append="console=ttyS0 panic=-1 quiet mitigations=off nokaslr nopti no_timer_check tsc=reliable audit=0 apparmor=0
        selinux=0 cryptomgr.notests random.trust_cpu=on $append"
    local try
    for try in 1 2 3; do
        timeout -k 5 "$seconds" qemu-system-x86_64 -accel tcg,thread=multi -M q35 -cpu "$model" -m "$memory" \
            -smp "$cpus" -nographic -nodefaults -no-reboot \
            -chardev file,id=console,path="$work/console" -serial chardev:console -serial stdio \
            -append "$(echo $append)" "$@" </dev/null || true
        # A kernel that patches its own code can fall over in emulation when this host is busy, before anything ran.
        if ! grep -q 'Kernel panic' "$work/console" || grep -q GUEST-START "$work/console"; then break; fi
        printf 'the kernel fell over while booting (%s)\n' "$try" >&2
    done
    [ -s "$work/console" ] || die "qemu wrote nothing"
    [ -z "$verbose" ] || tr -d '\r' <"$work/console" >&2
    status=$(tr -d '\r' <"$work/console" | sed -n 's/.*GUEST-EXIT status=\([0-9]*\).*/\1/p' | tail -1)
    if [ -z "$status" ]; then
        [ -n "$verbose" ] || tr -d '\r' <"$work/console" | tail -30 >&2
        die "the guest told no status (at most $seconds s)"
    fi
}
