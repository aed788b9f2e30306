# root.sh: a root folder made of the Debian packages of another suite, to build and run against its PostgreSQL.
#
# Source it after lib.sh, as root. open_root MAJOR SUITE makes $CACHE/roots/SUITE the first time (debootstrap, some
# minutes), installs that server and, where the suite has it, genuine pgvector, mounts what a server needs, and keeps
# other runs out; everything is unmounted on exit. in_root runs a command in it, as_tester as an ordinary user there.

# The mirror that this machine itself installs from.
own_mirror()
{
	cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources 2>/dev/null |
		awk '{ for (i = 1; i <= NF; i++) if (!found && $i ~ "^https?://.*/debian/?$" && $1 !~ "^#") found = $i }
			END { print found }'
}

mount_root()
{
	mountpoint -q "$ROOT_FOLDER/proc" || mount -t proc proc "$ROOT_FOLDER/proc"
	# a chroot has no shared memory of its own, and the server wants some
	mountpoint -q "$ROOT_FOLDER/dev/shm" ||
		{ mkdir -p "$ROOT_FOLDER/dev/shm" && mount -t tmpfs tmpfs "$ROOT_FOLDER/dev/shm"; }
}

unmount_root()
{
	umount "$ROOT_FOLDER/dev/shm" "$ROOT_FOLDER/proc" 2>/dev/null || true
}

in_root()
{
	env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
		chroot "$ROOT_FOLDER" "$@" </dev/null 8>&-
}

as_tester()
{
	in_root setpriv --reuid=tester --regid=tester --init-groups env HOME=/home/tester "$@"
}

# Makes the base system. debootstrap has no script of its own for a suite newer than itself; that of sid serves.
make_root()
{
	local suite=$1 script='' mirror=${DEBIAN_MIRROR:-}

	command -v debootstrap >/dev/null || apt-get install -y -qq --no-install-recommends debootstrap >/dev/null
	[ -e "/usr/share/debootstrap/scripts/$suite" ] || script=/usr/share/debootstrap/scripts/sid
	rm -rf "$ROOT_FOLDER"
	[ -n "${mirror:=$(own_mirror)}" ] || die "found no Debian mirror in /etc/apt: set DEBIAN_MIRROR"
	debootstrap --variant=minbase "$suite" "$ROOT_FOLDER" "$mirror" ${script:+"$script"} >"$ROOT_FOLDER.log" 2>&1 ||
		{ tail -n 20 "$ROOT_FOLDER.log"; die "debootstrap failed"; }
	# a mirror frozen on some day is as good as any here
	say 'Acquire::Check-Valid-Until "false";' >"$ROOT_FOLDER/etc/apt/apt.conf.d/90frozen"
	printf '#!/bin/sh\nexit 101\n' >"$ROOT_FOLDER/usr/sbin/policy-rc.d"
	chmod +x "$ROOT_FOLDER/usr/sbin/policy-rc.d"
	mkdir -p "$ROOT_FOLDER/etc/postgresql-common/createcluster.d"
	say 'create_main_cluster = false' >"$ROOT_FOLDER/etc/postgresql-common/createcluster.d/none.conf"
	touch "$ROOT_FOLDER/.made"
}

install_in_root()
{
	local major=$1

	[ ! -e "$ROOT_FOLDER/.packages-$major.2" ] || return 0
	{
		in_root apt-get update -qq
		in_root apt-get install -y -qq --no-install-recommends make gcc libc6-dev perl \
			"postgresql-$major" "postgresql-server-dev-$major" check pkg-config libipc-run-perl clang
		# genuine pgvector, for what needs both; not every suite has it
		in_root apt-get install -y -qq --no-install-recommends "postgresql-$major-pgvector" || true
	} >"$ROOT_FOLDER.log" 2>&1 || { tail -n 30 "$ROOT_FOLDER.log"; die "installing packages in $ROOT_FOLDER failed"; }
	touch "$ROOT_FOLDER/.packages-$major.2"
}

open_root()
{
	local major=$1 suite=$2

	ROOT_FOLDER=$CACHE/roots/$suite
	[ "$(id -u)" = 0 ] || die "needs root, for chroot"
	mkdir -p "$CACHE/roots"
	exec 8>"$ROOT_FOLDER.lock"
	flock -n 8 || die "another run is using $ROOT_FOLDER"
	[ -e "$ROOT_FOLDER/.made" ] || make_root "$suite"
	trap unmount_root EXIT
	mount_root
	install_in_root "$major"
	in_root id -u tester >/dev/null 2>&1 || in_root useradd -m tester
}

# Copies the source tree, without what was built here, to /home/tester/$1 in the root.
copy_source_to_root()
{
	local target=$ROOT_FOLDER/home/tester/$1

	rm -rf "$target"
	mkdir -p "$target"
	(cd "$ROOT" && git ls-files -co --exclude-standard -z |
		xargs -0 sh -c 'for f; do [ ! -e "$f" ] || printf "%s\0" "$f"; done' sh | tar --null -T - -cf -) | tar -C "$target" -xf -
	in_root chown -R tester: "/home/tester/$1"
}
