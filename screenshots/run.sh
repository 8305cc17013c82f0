#!/usr/bin/env bash
# run.sh [SCENE…]: takes the pictures again, all or those named (scenes.toml), from a release build of this repository.
#
# Each scene runs the real cgrove in a terminal of its own. As root it does so under the host name `lab`, in a UTS namespace
# that ends with it, and groups that a scene makes are removed by cgrove itself when it leaves.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
font=/usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf
if [ ! -r "$font" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends fonts-dejavu-core
fi
[ -r "$font" ] || { echo "run.sh: $font is missing (package fonts-dejavu-core)" >&2; exit 1; }
cargo build --release --locked
cargo build --release --locked --manifest-path screenshots/make/Cargo.toml
home=$(mktemp -d)
trap 'rm -rf "$home"' EXIT
command=(env -i "HOME=$home" "PATH=$PWD/target/release:/usr/bin:/bin" LANG=C.UTF-8
    screenshots/make/target/release/cgrove-screenshots screenshots/scenes.toml screenshots "$@")
if [ "$(id -u)" = 0 ]; then
    unshare --uts sh -c 'echo lab >/proc/sys/kernel/hostname; exec "$@"' sh "${command[@]}"
else
    "${command[@]}"
fi
