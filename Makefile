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
SCRIPT_GOALS = check check-unit check-neon check-style check-server check-fault figures check-memory coverage mutants check-versions check-clients demo bench-peer \
	bench-peer-smoke prepare help

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
VECTOR_VERSION := $(shell sed -n "s/^default_version = '\(.*\)'/\1/p" vector.control)
EMBEDDING_VERSION := $(shell sed -n "s/^default_version = '\(.*\)'/\1/p" embedding.control)
DISKANN_VERSION := $(shell sed -n "s/^default_version = '\(.*\)'/\1/p" pg_diskann.control)
NAME_SCRIPTS = sql/pg_diskann--$(DISKANN_VERSION).sql sql/vector--$(VECTOR_VERSION).sql sql/embedding--$(EMBEDDING_VERSION).sql \
	$(patsubst %,sql/vector--0.8.%--$(VECTOR_VERSION).sql,0 1 2 3 4 5 6 7)
DATA_built = $(SQL_SCRIPT)
DATA = $(filter-out $(SQL_SCRIPT),$(wildcard sql/$(EXTENSION)--*--*.sql))
EXTRA_CLEAN = $(DEPENDENCIES) $(NAME_SCRIPTS)

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

SQL_SOURCES = sql/make-script $(wildcard sql/surface/*.sql sql/*.in sql/*.awk)

$(SQL_SCRIPT): $(SQL_SOURCES) vectorx.control
	sql/make-script vectorx > $@

sql/vector--$(VECTOR_VERSION).sql: $(SQL_SOURCES) vector.control
	sql/make-script vector > $@

sql/embedding--$(EMBEDDING_VERSION).sql: $(SQL_SOURCES) embedding.control
	sql/make-script embedding > $@

sql/pg_diskann--$(DISKANN_VERSION).sql: $(SQL_SOURCES) pg_diskann.control
	sql/make-script pg_diskann > $@

sql/vector--0.8.%--$(VECTOR_VERSION).sql: $(SQL_SOURCES) vector.control
	sql/make-script switch > $@

# The names that existing software uses. Where the files of pgvector or pg_embedding are, they stay: only
# "make install-names" puts ours in their place.
all: $(NAME_SCRIPTS)

install: install-names-if-free

NAME_FOLDER = $(DESTDIR)$(datadir)/extension

.PHONY: install-names install-names-if-free
install-names: $(NAME_SCRIPTS)
	$(MKDIR_P) '$(NAME_FOLDER)'
	$(INSTALL_DATA) vector.control embedding.control pg_diskann.control $(NAME_SCRIPTS) '$(NAME_FOLDER)/'

install-names-if-free: $(NAME_SCRIPTS)
	@if grep -sL 'vectorx' '$(NAME_FOLDER)/vector.control' '$(NAME_FOLDER)/embedding.control' '$(NAME_FOLDER)/pg_diskann.control' | grep .; then \
		echo 'vectorx: the files above are of other software, so the extensions vector, embedding and pg_diskann were not installed.'; \
		echo 'vectorx: to let vectorx take their place, run "make install-names" with the same settings.'; \
	else \
		$(MAKE) -s --no-print-directory install-names PG_CONFIG='$(PG_CONFIG)' DESTDIR='$(DESTDIR)' with_llvm='$(with_llvm)'; \
	fi

-include $(wildcard $(DEPENDENCIES))

endif
