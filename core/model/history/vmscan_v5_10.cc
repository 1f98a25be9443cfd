/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/model/history/history.h"
#include "core/model/vmscan.h"

namespace kernel
{

/* mm/vmscan.c: shrink_folio_list(), which is shrink_page_list(), v5.10. Pins are not asked about. */
bool shrink_folio_list_v5_10(folio *folio)
{
	if (!folio_trylock(folio)) {
		folio_putback_lru(folio);
		return false;
	}
	if (model_folio_test(folio, PG_writeback))
		return model_keep_locked(folio);
	if (!model_folio_test(folio, PG_swapcache)) {
		if (!add_to_swap(folio))
			return model_keep_locked(folio);
	}
	if (folio_mapped(folio)) {
		try_to_unmap(folio);
		if (folio_mapped(folio))
			return model_keep_locked(folio);
	}
	return model_shrink_unmapped(folio);
}

} /* namespace kernel */
