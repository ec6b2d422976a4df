#!/usr/bin/env bash
# make_base.sh FOLDER: Debian with Python 3.11, as the public image that containers/base.def begins from.
#
# Stands in for it where no registry of images is reachable. As root; needs mmdebstrap.
set -euo pipefail
folder=$1
mirror=$(awk '/^URIs:/ { print $2 } /^deb / { sub(/\[[^]]*\] */, ""); print $2 }' \
    $(ls /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list 2>/dev/null) | head -n 1)
mmdebstrap --quiet --mode=root --format=directory --variant=apt \
    --include=python3-venv,ca-certificates,libstdc++6,libgomp1 \
    --aptopt='Acquire::Languages "none"' --dpkgopt=force-unsafe-io --dpkgopt='path-exclude=/usr/share/doc/*' \
    --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
    --customize-hook='rm -rf "$1"/var/cache/apt/* "$1"/var/lib/apt/lists/*' \
    bookworm "$folder" "deb $mirror bookworm main"
# Apptainer mounts its own.
rm -rf "${folder:?}"/dev/*
