# lib.sh: what the scripts share: finding the server, private server trees, private servers, clean-up.
#
# Source it from bash. It never touches an installed server or a running cluster: the extension is installed
# into a copy of the server's installation tree, which works because the server finds its own folders relative
# to its program, and the cluster made with it listens on a socket in a private folder only.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
CACHE=$ROOT/.cache

say() { printf '%s\n' "$*"; }
die() { printf '%s: %s\n' "$(basename "$0")" "$*" >&2; exit 1; }

# Path of the pg_config to build with: $PG_CONFIG, else the one that make would take, else that of the newest
# server; the programs and the build files have to be installed. Prints nothing when there is none.
find_pg_config()
{
	local candidate

	if [ -n "${PG_CONFIG:-}" ]; then
		command -v "$PG_CONFIG"
		return
	fi
	for candidate in "$(command -v pg_config)" $(ls -d /usr/lib/postgresql/*/bin/pg_config 2>/dev/null | sort -rV); do
		if [ -n "$candidate" ] && [ -x "$("$candidate" --bindir)/postgres" ] && [ -e "$("$candidate" --pgxs)" ] &&
			[ -e "$("$candidate" --includedir-server)/postgres.h" ]; then
			say "$candidate"
			return
		fi
	done
}

# Major version of the server that $1, a pg_config, belongs to.
major_of()
{
	"$1" --version | sed 's/^PostgreSQL \([0-9]*\).*/\1/'
}

# Makes the private folder $RUN, which the server's user can reach and which goes away on exit, and sets
# $SERVER_USER: the user that runs servers and their tests, since a server refuses to be run by root.
make_run_folder()
{
	RUN=$(mktemp -d "/tmp/vectorx-$1.XXXXXX")
	trap clean_up EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
	SERVER_USER=
	if [ "$(id -u)" = 0 ]; then
		SERVER_USER=nobody
		! id -u postgres >/dev/null 2>&1 || SERVER_USER=postgres
		chown "$SERVER_USER" "$RUN"
	fi
}

# Runs a command as the server's user, in $RUN, with the private programs first and without any setting that
# could lead a client to another server.
as_server()
{
	local clean=(env -u PGHOST -u PGPORT -u PGDATABASE -u PGUSER -u PGSERVICE -u PGOPTIONS -u PGDATA
		PATH="$BIN:$PATH" HOME="$RUN" LC_ALL=C.UTF-8 TMPDIR="$RUN")

	if [ -n "$SERVER_USER" ]; then
		(cd "$RUN" && setpriv --reuid="$SERVER_USER" --regid="$(id -g "$SERVER_USER")" --clear-groups "${clean[@]}" "$@")
	else
		(cd "$RUN" && "${clean[@]}" "$@")
	fi
}

# Copies the server's installation below $RUN/tree and sets $BIN. Programs are copied, since a program finds its
# folders from where it itself is; what they only read is linked. "make install DESTDIR=$RUN/tree" then adds to
# the copy alone. With $SERVER_WRAPPER, a command, the server is run by that.
make_server_tree()
{
	local config=$1 bin lib share

	bin=$("$config" --bindir) lib=$("$config" --pkglibdir) share=$("$config" --sharedir)
	# a pg_config that fails would make this a copy of everything
	[ -d "$bin" ] && [ -d "$lib" ] && [ -d "$share" ] || die "$config does not name the folders of a server"
	mkdir -p "$RUN/tree$bin" "$RUN/tree$lib" "$RUN/tree$share"
	cp -pR "$bin/." "$RUN/tree$bin"
	cp -rs "$lib/." "$RUN/tree$lib"
	rm -f "$RUN/tree$lib/vectorx.so" "$RUN/tree$share"/extension/vectorx*
	rm -rf "$RUN/tree$lib"/bitcode/vectorx*
	cp -rs "$share/." "$RUN/tree$share"
	rm -f "$RUN/tree$share"/extension/vectorx*
	BIN=$RUN/tree$bin
	if [ -n "${SERVER_WRAPPER:-}" ]; then
		mv "$BIN/postgres" "$BIN/postgres.wrapped"
		printf '#!/bin/sh\nexec %s "%s/postgres.wrapped" "$@"\n' "$SERVER_WRAPPER" "$BIN" >"$BIN/postgres"
		chmod a+rx "$BIN/postgres"
	fi
	PGXS_FOLDER=$(dirname "$("$config" --pgxs)")/../..
}

# Builds in the source tree, one build at a time, and installs into the private tree. Further arguments go to make.
build_and_install()
{
	local config=$1 log=$RUN/build.log
	shift

	mkdir -p "$CACHE"
	if ! (flock 9 && make -C "$ROOT" -s -j2 PG_CONFIG="$config" "$@" all &&
		make -C "$ROOT" -s PG_CONFIG="$config" "$@" install DESTDIR="$RUN/tree") 9>"$CACHE/build.lock" >"$log" 2>&1
	then
		cat "$log"
		return 1
	fi
}

# Makes a cluster $RUN/data and starts it on the socket folder $RUN. Further arguments are lines of its configuration.
start_server()
{
	as_server initdb -D "$RUN/data" -U postgres -A trust -E UTF8 --no-locale --no-sync >"$RUN/initdb.log" 2>&1 ||
		{ cat "$RUN/initdb.log"; return 1; }
	{
		say "listen_addresses = ''"
		say "unix_socket_directories = '$RUN'"
		say "fsync = off"
		printf '%s\n' "$@"
	} >>"$RUN/data/postgresql.conf"
	as_server pg_ctl -D "$RUN/data" -l "$RUN/server.log" -w -s start || { cat "$RUN/server.log"; return 1; }
}

stop_server()
{
	[ ! -e "$RUN/data/postmaster.pid" ] || as_server pg_ctl -D "$RUN/data" -m fast -w -s stop
}

# Ends everything that was started and removes everything that was made. Keeps the exit status.
clean_up()
{
	local status=$?

	trap '' INT TERM HUP
	set +e
	if [ -z "${KEEP_RUN:-}" ]; then
		stop_server >/dev/null 2>&1
		rm -rf "$RUN"
	fi
	exit $status
}
