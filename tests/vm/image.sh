#!/usr/bin/env bash
# image.sh bookworm|trixie: builds the disk of systemd.sh, $cache/SUITE.img, which is never written to afterwards.
#
# The packages come from the mirrors that this host's apt is configured for. Called by systemd.sh when there is none.
. "$(dirname "$0")/lib.sh"
suite=${1:?bookworm or trixie}
[ "$(id -u)" = 0 ] || die "building an image needs root"
need mmdebstrap:mmdebstrap mke2fs:e2fsprogs

# mirror LABEL: where apt gets Debian's main archive (Debian) or its security updates (Debian-Security) from.
mirror() {
    apt-get indextargets --format '$(LABEL) $(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' |
        sed -n "s/^$1 //p" | head -1
}
main=$(mirror Debian) security=$(mirror Debian-Security)
[ -n "$main" ] || die "this host's apt knows no mirror of Debian (apt-get update?)"
sources=("deb $main $suite main")
[ -z "$security" ] || sources+=("deb $security $suite-security main")

work=$(mktemp -d -p "$cache")
trap 'rm -rf "$work"' EXIT
root=$work/root
printf 'building %s.img\n' "$suite" >&2
mmdebstrap --quiet --variant=minbase --mode=root --skip=check/chroot \
    --include=attr,dbus,dbus-user-session,kmod,libpam-systemd,login,passwd,procps,systemd,systemd-sysv,tmux,udev,util-linux \
    --aptopt='Acquire::Languages "none"' --aptopt='Apt::Install-Recommends "false"' \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/share/info/*' \
    "$suite" "$root" "${sources[@]}" >&2
rm -rf "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/*.bin "$root"/var/cache/debconf/*-old

chroot "$root" useradd -m -s /bin/bash -u 1000 ada
chroot "$root" passwd -qd ada
chroot "$root" passwd -qd root
echo lab >"$root/etc/hostname"
echo '127.0.0.1 localhost lab' >"$root/etc/hosts"
: >"$root/etc/fstab"
# Fixed, so that no boot is a first boot.
echo 00000000000000000000000000000001 >"$root/etc/machine-id"
mkdir -p "$root"/etc/systemd/{journald,system}.conf.d
printf '[Journal]\nStorage=volatile\n' >"$root/etc/systemd/journald.conf.d/guest.conf"
printf '[Manager]\nShowStatus=no\nDefaultTimeoutStopSec=5s\n' >"$root/etc/systemd/system.conf.d/guest.conf"
ln -sf /lib/systemd/system/multi-user.target "$root/etc/systemd/system/default.target"
# What would only take time.
for unit in apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service \
    fstrim.timer getty@tty1.service console-getty.service serial-getty@ttyS0.service dev-hugepages.mount \
    man-db.timer sys-kernel-debug.mount sys-kernel-tracing.mount systemd-binfmt.service systemd-pstore.service \
    systemd-journal-catalog-update.service systemd-random-seed.service systemd-rfkill.service \
    systemd-timesyncd.service systemd-udev-settle.service systemd-update-utmp.service; do
    ln -sf /dev/null "$root/etc/systemd/system/$unit"
done

truncate -s $(($(du -sm "$root" | cut -f1) + 160))M "$work/img"
mke2fs -q -t ext4 -O '^has_journal,^metadata_csum' -m 0 -d "$root" "$work/img"
mv "$work/img" "$cache/$suite.img"
