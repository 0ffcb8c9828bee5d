#!/bin/sh
# Makes the Debian packages, proctor and erlang-proctor, of the tarball of
# `make dist', with dist/debian, and asks lintian. Leaves them in BUILD/deb.
# DEB_REVISION is what stands behind the version (1).

set -eu
cd "$(dirname "$0")/.."
version=$(cat VERSION)
revision=${DEB_REVISION:-1}
deb=$(pwd)/$BUILD/deb
tree=$deb/proctor-$version

for program in dpkg-buildpackage dh lintian; do
	command -v $program >/dev/null || {
		echo "deb: $program is missing: apt-get install" \
		    "dpkg-dev debhelper lintian" >&2
		exit 1
	}
done
rm -rf "$deb"
mkdir -p "$deb"
tar -xf "$BUILD/proctor-$version.tar.gz" -C "$deb"
cp -R dist/debian "$tree/debian"
cat >"$tree/debian/changelog" <<END
proctor ($version-$revision) unstable; urgency=medium

  * See CHANGELOG.md.

 -- The proctor developers <proctor@localhost>  $(LC_ALL=C date -u -R \
    -d "@${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}")
END
unset MAKEFLAGS MFLAGS MAKELEVEL BUILD
(cd "$tree" && dpkg-buildpackage -b -us -uc) >"$deb/build.log" 2>&1 || {
	tail -n 30 "$deb/build.log" >&2
	exit 1
}
rm -r "$tree"
# bogus-mail-host: the maintainer of a package that nobody has uploaded has no
# address; initial-upload-closes-no-bugs: nor is there a bug that asked for it.
lintian --fail-on warning,error --suppress-tags bogus-mail-host \
    --suppress-tags bogus-mail-host-in-debian-changelog \
    --suppress-tags initial-upload-closes-no-bugs "$deb"/*.changes 2>&1 |
    grep -v '^running with root privileges' >"$deb/lintian.log" || true
if [ -s "$deb/lintian.log" ]; then
	cat "$deb/lintian.log" >&2
	exit 1
fi
ls "$deb"/*.deb
