#!/usr/bin/env bash
# install_apptainer.sh PREFIX: Apptainer for a Debian machine that has none, as root and in PREFIX alone.
#
# Debian keeps it in its suite sid. It comes from there, on the mirror that the machine uses, with the C library that it
# was built with beside it. What the system's own suite has to offer (see `tools`) must be installed before.
set -euo pipefail
prefix=$(readlink -m "$1")
mirror=$(awk '/^URIs:/ { print $2 } /^deb / { sub(/\[[^]]*\] */, ""); print $2 }' \
    $(ls /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list 2>/dev/null) | head -n 1)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# An apt of its own: the system's lists and packages stay as they are. A mirror may stand still at some date.
mkdir -p "$work"/etc/{sources.list.d,preferences.d,apt.conf.d,trusted.gpg.d} "$work"/{lists,cache/archives}/partial \
    "$work"/{debs,library}
: >"$work/status"
cat >"$work/etc/sources.list.d/sid.sources" <<END
Types: deb
URIs: $mirror
Suites: sid
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
END
cat >"$work/apt.conf" <<END
Dir::Etc "$work/etc"; Dir::State "$work"; Dir::State::lists "$work/lists"; Dir::State::status "$work/status";
Dir::Cache "$work/cache"; Acquire::Languages "none";
Acquire::Check-Valid-Until "false"; APT::Sandbox::User "root";
END
export APT_CONFIG=$work/apt.conf
apt-get update -qq
(cd "$work/debs" && apt-get download -qq apptainer libc6 libseccomp2 libsqlite3-0)

mkdir -p "$prefix/runtime" "$prefix/var/lib/apptainer/mnt/session"
dpkg -x "$work"/debs/apptainer_*.deb "$prefix"
for package in libc6 libseccomp2 libsqlite3-0; do dpkg -x "$work/debs/$package"_*.deb "$work/library"; done
for name in ld-linux-x86-64 libc libm libresolv libpthread libdl libnss_files libnss_dns libseccomp libsqlite3; do
    cp -L "$work/library/usr/lib/x86_64-linux-gnu/$name".so.* "$prefix/runtime/"
done
for binary in usr/bin/apptainer usr/lib/x86_64-linux-gnu/apptainer/bin/starter; do
    patchelf --set-interpreter "$prefix/runtime/ld-linux-x86-64.so.2" --force-rpath --set-rpath "$prefix/runtime" \
        "$prefix/$binary"
done

# Both programs find the rest from where they are themselves, which Debian's folders lead to two places.
ln -sfn ../etc "$prefix/usr/etc"
ln -sfn ../var "$prefix/usr/var"
ln -sfn ../../etc "$prefix/usr/lib/etc"
ln -sfn ../../var "$prefix/usr/lib/var"
ln -sfn ../lib "$prefix/usr/lib/lib"

# Apptainer asks for all capabilities of root; in virtual machines root may lack one.
if ! capsh --has-p=cap_sys_resource 2>/dev/null; then
    sed -i 's/^root default capabilities.*/root default capabilities = file/' "$prefix/etc/apptainer/apptainer.conf"
    others=$("$prefix/usr/bin/apptainer" capability avail | grep -oE '^CAP_[A-Z_]+' | grep -v CAP_SYS_RESOURCE | paste -sd,)
    "$prefix/usr/bin/apptainer" capability add --user root "$others" 2>/dev/null
fi
"$prefix/usr/bin/apptainer" --version
