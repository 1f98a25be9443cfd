/* SPDX-License-Identifier: GPL-2.0-only */
/* Mutants of the protocol between a fault on a hole and write(2): the invalidation of page tables. */
#include "core/model/mutants/mutants.h"

namespace kernel
{

static void model_invalidate_entries(address_space *mapping, pgoff_t start, pgoff_t end)
{
	for (pgoff_t index = start; index <= end; index++) {
		if (!xa_empty(&mapping->i_pages))
			dax_invalidate_mapping_entry_sync(mapping, index);
	}
}

/* mm/truncate.c: invalidate_inode_pages2_range(), v6.15, mutant. The entry goes, what maps it stays. */
int invalidate_inode_pages2_range_no_unmap(address_space *mapping, pgoff_t start, pgoff_t end)
{
	model_invalidate_entries(mapping, start, end);
	return 0;
}

/*
 * mm/truncate.c: invalidate_inode_pages2_range(), v6.15, mutant. Between the two a fault can map the old entry
 * again.
 */
int invalidate_inode_pages2_range_unmap_first(address_space *mapping, pgoff_t start, pgoff_t end)
{
	unmap_mapping_pages(mapping, start, end - start + 1);
	model_invalidate_entries(mapping, start, end);
	return 0;
}

} /* namespace kernel */
