#!/bin/sh
# What regress/priv wants of make, where there is none and no compiler:
#
#	make.sh -s NAME=VALUE ... install-suid
set -eu
for word; do
	case $word in
	*=*) export "${word?}" ;;
	esac
done
export DESTDIR='' SYSCONFDIR=/etc
mkdir -p "$LIBEXECDIR/proctor/empty"
sh dist/install-suid.sh program
install -m 755 "$BUILD"/proctor-* "$LIBEXECDIR/proctor"
sh dist/install-suid.sh "do"
