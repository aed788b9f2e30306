# vectorx: build, install, test and demonstrate.
#
#   make, make install       build and install for the server that pg_config names (PG_CONFIG=... to choose another)
#   make check               install what the tests need, build, run every test, print the count
#   make demo                build, start a throw-away server, load real data and search it (STAY=1 leaves it running)
#   make check-versions      build and test against PostgreSQL 17 and 18 in roots of Debian packages
#   make help                every goal with one line
#
# Sources are gathered by folder, so a new file in a known folder needs no edit here.

EXTENSION = vectorx
MODULE_big = vectorx
EXTVERSION := $(shell sed -n "s/^default_version = '\(.*\)'/\1/p" vectorx.control)

# Goals that are scripts. They run before a server package need be there, so they stay clear of PGXS, whose
# own "check" only prints that it is not supported.
SCRIPT_GOALS = check check-unit check-neon check-style check-server check-versions demo prepare help

ifneq (,$(filter $(SCRIPT_GOALS),$(MAKECMDGOALS)))

include scripts/goals.mk

else

# Not part of the library: the double-precision oracle of the tests, and their memory from malloc.
TEST_ONLY = src/kernels/reference.c src/base/host_malloc.c
SOURCE_FOLDERS = src $(addprefix src/,base kernels types quantize cluster graph storage debug \
	am/common am/hnsw am/ivfflat am/diskann)
SOURCES = $(filter-out $(TEST_ONLY),$(sort $(wildcard $(addsuffix /*.c,$(SOURCE_FOLDERS)))))
OBJS = $(SOURCES:.c=.o)
DEPENDENCIES = $(SOURCES:.c=.d)

SQL_SCRIPT = sql/$(EXTENSION)--$(EXTVERSION).sql
DATA_built = $(SQL_SCRIPT)
DATA = $(filter-out $(SQL_SCRIPT),$(wildcard sql/$(EXTENSION)--*--*.sql))
EXTRA_CLEAN = $(DEPENDENCIES)

# Two vector extensions may share one backend, whose dynamic linker would bind the calls of one to the other.
# Hidden symbols and -Bsymbolic keep ours at home; compat.h exports what the server has to find.
PG_CPPFLAGS = -Isrc -DVX_VERSION='"$(EXTVERSION)"'
PG_CFLAGS = -std=gnu99 -fvisibility=hidden -ffp-contract=off
SHLIB_LINK = -Wl,-Bsymbolic

PG_CONFIG ?= pg_config
PGXS := $(shell $(PG_CONFIG) --pgxs)
ifeq (,$(and $(wildcard $(PGXS)),$(wildcard $(shell $(PG_CONFIG) --includedir-server)/postgres.h)))
$(error no PostgreSQL server headers found by "$(PG_CONFIG) --pgxs": run "make prepare", or install postgresql-server-dev-NN)
endif

# The pure C folders assert with the C library's macro: as with the server's own, only where the server does.
ifeq (,$(shell grep -ls '^\#define USE_ASSERT_CHECKING' $(shell $(PG_CONFIG) --includedir-server)/pg_config.h))
PG_CPPFLAGS += -DNDEBUG
endif

# A server built with LLVM asks for bitcode of every file, with the clang it was built with. Where that
# clang is not installed the library is complete without: bitcode only lets JIT inline SQL functions.
SERVER_CLANG := $(shell sed -n 's/^CLANG *= *//p' $(dir $(PGXS))../Makefile.global)
SERVER_LLVM := $(shell sed -n 's/^LLVM_BINPATH *= *//p' $(dir $(PGXS))../Makefile.global)
ifeq (,$(and $(wildcard $(SERVER_CLANG)),$(wildcard $(SERVER_LLVM)/llvm-lto)))
override with_llvm = no
endif

# Objects are of one server version: another PG_CONFIG makes them anew.
SERVER_STAMP = .server-version
$(shell version="$$($(PG_CONFIG) --version) $$($(PG_CONFIG) --pgxs)"; \
	[ "$$(cat $(SERVER_STAMP) 2>/dev/null)" = "$$version" ] || echo "$$version" > $(SERVER_STAMP))
EXTRA_CLEAN += $(SERVER_STAMP)

include $(PGXS)

src/%.o: src/%.c Makefile $(SERVER_STAMP)
	$(CC) $(CFLAGS) $(CPPFLAGS) -MMD -MP -MT $@ -MT $(@:.o=.bc) -c -o $@ $<

# Per-file instruction sets do not reach the bitcode compiler, and kernels are called through a table that
# JIT could not inline anyway: their bitcode holds the scalar code only.
$(SOURCES:.c=.bc): $(SERVER_STAMP)
src/kernels/%.bc: BITCODE_CFLAGS += -DVX_NO_SIMD

SQL_SURFACE = $(sort $(wildcard sql/surface/*.sql))

$(SQL_SCRIPT): $(SQL_SURFACE) vectorx.control
	(printf '%s\n' '\echo Use "CREATE EXTENSION $(EXTENSION)" to load this file. \quit'; cat $(SQL_SURFACE)) > $@

-include $(wildcard $(DEPENDENCIES))

endif
