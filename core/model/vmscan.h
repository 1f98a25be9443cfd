/* SPDX-License-Identifier: GPL-2.0-only */
/* Reclaim of one page. */
#ifndef DAXRACE_CORE_MODEL_VMSCAN_H_
#define DAXRACE_CORE_MODEL_VMSCAN_H_

#include "core/model/page_alloc.h"
#include "core/model/swap.h"

namespace kernel
{

bool folio_isolate_lru(folio *folio);
void folio_putback_lru(folio *folio);
bool shrink_folio_list(folio *folio);
void try_to_unmap(folio *folio);
/* Parts of shrink_folio_list(). The page is not reclaimed: unlocks it, false. */
bool model_keep_locked(folio *folio);
/* What it does with a page that nobody maps. */
bool model_shrink_unmapped(folio *folio);
bool try_to_unmap_one(folio *folio, vm_area_struct *vma, pgoff_t address);
/* Reclaim of one page, which the caller has found and has no reference to. */
void model_shrink_folio(folio *folio);
/* Direct reclaim: pages on the LRU lists, then what shrinkers have. */
void try_to_free_pages(gfp_t gfp);
/* The write-back that shrink_folio_list() has begun ends, and reclaim comes by once more. */
void model_finish_pageout(folio *folio);

} /* namespace kernel */

#endif /* DAXRACE_CORE_MODEL_VMSCAN_H_ */
