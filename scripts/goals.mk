# The goals of the Makefile that are scripts. Each works from a bare clone: it installs the packages it needs first.

.PHONY: $(SCRIPT_GOALS)

check:                ## install what the tests need, build, run every test, print the count
	@scripts/check all

check-unit:           ## the unit tests of the pure C folders, plain and under the sanitizers
	@scripts/check unit

check-neon:           ## the unit tests of src/kernels built for aarch64, under qemu
	@scripts/check neon

check-style:          ## warnings of gcc and clang, direction of includes, exported symbols
	@scripts/check style

check-server:         ## the SQL, isolation and TAP tests on a private server
	@scripts/check server

check-fault:          ## the harnesses of test/fault, at their smallest size
	@scripts/check fault

figures:              ## the harnesses of test/fault in 20 minutes; "scripts/figures long" takes hours
	@scripts/figures medium

check-memory:         ## the server tests under valgrind and under sanitizers; builds servers for it the first time
	@scripts/check-memory valgrind
	@scripts/check-memory sanitizers

coverage:             ## what the tests reach, by folder (needs gcovr)
	@scripts/coverage

mutants:              ## change the pure C folders and see whether the unit tests notice
	@scripts/mutants

check-versions:       ## build and test against PostgreSQL 16, and 17 and 18 in roots of Debian packages (needs root)
	@scripts/check-version-16
	@scripts/check-version 17 trixie
	@scripts/check-version 18 forky

check-clients:        ## install client libraries of pgvector from package indexes and run them (Python, Node.js, Go)
	@scripts/check-clients

demo:                 ## load real data into a throw-away server and search it; STAY=1 leaves the server running
	@STAY='$(STAY)' demo/run

bench-peer:           ## compare with pgvector side by side (hours; OPTIONS='--short' minutes; see bench/peer/README.md)
	@bench/peer/run $(OPTIONS)
	@bench/peer/report

bench-peer-smoke:     ## a small run of every part of that comparison, and the tests of its arithmetic
	@bench/peer/smoke

prepare:              ## only install the packages that building and testing need
	@scripts/prepare

help:                 ## print this list
	@echo 'all                   build (make), then "make install" as the owner of the server installation'
	@sed -n 's/^\([a-z-]*\): *## \(.*\)/\1|\2/p' scripts/goals.mk | \
		while IFS='|' read -r goal text; do printf '%-21s %s\n' "$$goal" "$$text"; done
