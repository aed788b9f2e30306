/*-------------------------------------------------------------------------
 *
 * dispatch.c
 *	  Choice of the table of kernels, once at load and again on request.
 *
 * Knows neither how features are detected (cpu.c) nor what the kernels do.
 * See README.md.
 *
 *-------------------------------------------------------------------------
 */
#include "kernel_internal.h"

#include "cpu.h"

typedef struct IsaRow
{
	const VxKernels *kernels;
	uint32_t	features;		/* all of these are needed */
} IsaRow;

static const IsaRow isa_rows[] = {
#define VX_ISA(name, features) {&vxk_kernels_##name, features},
#include "isa_list.h"
#undef VX_ISA
};

#define ISA_COUNT (sizeof(isa_rows) / sizeof(isa_rows[0]))

/* Filled by vxk_available() on first use, in the order of isa_list.h. */
static const VxKernels *available[ISA_COUNT];
static size_t available_count = 0;

const VxKernels *vxk = &vxk_kernels_scalar;

/*
 * Looks at the CPU on the first call only: features do not change under a
 * running process, and CPUID traps to the hypervisor in a virtual machine.
 */
size_t
vxk_available(const VxKernels *const **tables)
{
	if (available_count == 0)
	{
		uint32_t	features = vxk_cpu_features();
		size_t		i;

		for (i = 0; i < ISA_COUNT; i++)
		{
			if ((isa_rows[i].features & ~features) == 0)
				available[available_count++] = isa_rows[i].kernels;
		}
	}
	Assert(available_count > 0 && available_count <= ISA_COUNT);
	Assert(available[0] == &vxk_kernels_scalar);
	Assert(tables != NULL);
	*tables = available;
	return available_count;
}

/*
 * The list is ordered by speed, so "auto" is its last row.  A name that is not
 * found leaves the choice as it was: the caller is a setting's hook or a
 * test, and both go on after a refusal.
 */
bool
vxk_select(const char *name)
{
	const VxKernels *const *tables;
	size_t		count = vxk_available(&tables);
	size_t		i;

	Assert(name != NULL && vxk != NULL);
	Assert(count >= 1);
	if (strcmp(name, "auto") == 0)
	{
		vxk = tables[count - 1];
		return true;
	}
	for (i = 0; i < count; i++)
	{
		if (strcmp(name, tables[i]->name) == 0)
		{
			vxk = tables[i];
			return true;
		}
	}
	return false;
}

/* At load, before any kernel is called; a later vxk_select() may override it. */
void
vxk_init(void)
{
	bool		found = vxk_select("auto");

	/* the scalar table needs nothing, so there is always a best one */
	Assert(found);
	(void) found;
}
