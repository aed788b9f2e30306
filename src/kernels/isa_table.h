/*-------------------------------------------------------------------------
 *
 * isa_table.h
 *	  The table of kernels of one instruction set, vxk_kernels_<name>.
 *
 * Included last by each isa_<name>.c; holds no code.  A kernel that an ISA does
 * not define fails to compile here.  See README.md.
 *
 *-------------------------------------------------------------------------
 */
const VxKernels VXK(kernels) = {
	.name = VX_STRING(VX_ISA_NAME),
	.lanes = 4 * V_WIDTH,
#define VX_KERNEL(result, kernel, arguments) .kernel = VXK(kernel),
#include "kernel_list.h"
#undef VX_KERNEL
};
