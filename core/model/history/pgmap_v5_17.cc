/* SPDX-License-Identifier: GPL-2.0-only */
/* The memory map of a device as long as each of its pages held it. */
#include "core/model/history/history.h"
#include "core/model/pgmap.h"

namespace kernel
{

/* mm/memremap.c: memremap_pages(), v5.17. One reference for each page, besides its own. */
uint32_t memremap_pages_v5_17()
{
	return model::current->nr_blocks + 1;
}

/* mm/memremap.c: memunmap_pages(), v5.17. Gives up the reference of each page; whoever has another delays the end. */
void memunmap_pages_v5_17(dev_pagemap *pgmap)
{
	del_gendisk(pgmap);
	percpu_ref_kill(pgmap);
	for (uint32_t i = 0; i < model::current->nr_blocks; i++)
		folio_put(&model::current->pages[i]);
	model_pageunmap_range(pgmap);
}

/* mm/memremap.c: folio_put_refs_v5_17(), which is put_devmap_managed_page(), __put_page(), v5.17 */
void folio_put_refs_v5_17(page *page, uint32_t refs)
{
	uint32_t left =
		page->_refcount.fetch_sub(refs, Order::kFull, SITE("folio_put_refs", "refcount")) -
		refs;

	model_touch(page_to_pfn(page));
	if (left == 1)
		model::current->var_table->wake_up_var(page->_refcount,
						       SITE("wake_up_var", "refcount"));
	if (left == 0)
		put_dev_pagemap();
}

} /* namespace kernel */
