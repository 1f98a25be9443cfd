/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/model/history/history.h"

namespace kernel
{

/* include/linux/mm.h: folio_is_longterm_pinnable(), v6.14. GUP-fast knew pages of DAX files by pte_devmap(). */
bool folio_is_longterm_pinnable_v6_14(const model_pin *)
{
	return true;
}

/* mm/gup.c: gup_fast_folio_allowed(), v6.4: there was none. */
bool gup_fast_folio_allowed_v6_4(const model_pin *, unsigned int)
{
	return true;
}

} /* namespace kernel */
