/*
 * fault_shim.c
 *		Lets the n-th allocation, read or write of one process fail.
 *
 * Loaded into a server with LD_PRELOAD.  A file named by VX_FAULT_FILE, mapped
 * by every process, says which process fails at which call, counting down from
 * when the harness wrote it.  Not part of the library: see failing_calls.py.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

/* Kinds of calls, bits of FaultOrder.kinds. */
#define FAULT_ALLOCATION 1
#define FAULT_READ 2
#define FAULT_WRITE 4

/* What the harness writes, all 32 bits wide; Order in failing_calls.py has the same. */
typedef struct FaultOrder
{
	volatile int32_t pid;		/* that fails; 0: nobody */
	volatile int32_t kinds;
	volatile int32_t countdown; /* calls that still succeed, and then one fails */
	volatile int32_t error;		/* errno of reads and writes */
	volatile int32_t hits;		/* calls that failed, counted here */
} FaultOrder;

static FaultOrder *order;
static int	opened;

static void
fault_open(void)
{
	const char *path = getenv("VX_FAULT_FILE");
	int			file;
	void	   *mapped;

	opened = 1;
	file = path == NULL ? -1 : open(path, O_RDWR);
	if (file < 0)
		return;
	mapped = mmap(NULL, sizeof(FaultOrder), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	if (mapped != MAP_FAILED)
		order = mapped;
	close(file);
}

/* Whether this call is the one to fail. */
static int
fault_is_due(int kind)
{
	if (!opened)
		fault_open();
	if (order == NULL || order->pid == 0 || (order->kinds & kind) == 0 || order->pid != getpid())
		return 0;
	if (order->countdown-- != 0)
		return 0;
	order->hits++;
	return 1;
}

/* Whether a file is of WAL, where the server turns any failure into a PANIC: as it should. */
static int
is_of_wal(int file)
{
	char		link[64];
	char		path[1024];
	ssize_t		length;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", file);
	length = readlink(link, path, sizeof(path) - 1);
	if (length <= 0)
		return 0;
	path[length] = '\0';
	return strstr(path, "/pg_wal/") != NULL;
}

/* Whether to fail with the errno that the harness asked for. */
static int
fault_in_file(int kind, int file)
{
	if (order == NULL && opened)
		return 0;
	if (is_of_wal(file) || !fault_is_due(kind))
		return 0;
	errno = order->error;
	return 1;
}

#define NEXT(name) ((__typeof__(&name)) dlsym(RTLD_NEXT, #name))

void *
malloc(size_t size)
{
	static __typeof__(&malloc) next;

	if (next == NULL)
		next = NEXT(malloc);
	if (fault_is_due(FAULT_ALLOCATION))
		return NULL;
	return next(size);
}

void *
realloc(void *old, size_t size)
{
	static __typeof__(&realloc) next;

	if (next == NULL)
		next = NEXT(realloc);
	if (fault_is_due(FAULT_ALLOCATION))
		return NULL;
	return next(old, size);
}

ssize_t
pread(int file, void *bytes, size_t count, off_t offset)
{
	static __typeof__(&pread) next;

	if (next == NULL)
		next = NEXT(pread);
	return fault_in_file(FAULT_READ, file) ? -1 : next(file, bytes, count, offset);
}

ssize_t
preadv(int file, const struct iovec *parts, int count, off_t offset)
{
	static __typeof__(&preadv) next;

	if (next == NULL)
		next = NEXT(preadv);
	return fault_in_file(FAULT_READ, file) ? -1 : next(file, parts, count, offset);
}

ssize_t
pwrite(int file, const void *bytes, size_t count, off_t offset)
{
	static __typeof__(&pwrite) next;

	if (next == NULL)
		next = NEXT(pwrite);
	return fault_in_file(FAULT_WRITE, file) ? -1 : next(file, bytes, count, offset);
}

ssize_t
pwritev(int file, const struct iovec *parts, int count, off_t offset)
{
	static __typeof__(&pwritev) next;

	if (next == NULL)
		next = NEXT(pwritev);
	return fault_in_file(FAULT_WRITE, file) ? -1 : next(file, parts, count, offset);
}
