/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/model/history/history.h"

namespace kernel
{

/* mm/gup.c: gup_fast_v5_10(), which is the part of internal_get_user_pages_fast() without a lock, v5.10 */
bool gup_fast_v5_10(mm_struct *mm, pgoff_t address, unsigned int flags, model_pin *pin)
{
	if (!FORMS.gup_fast_pte_range(mm, address, flags, pin))
		return false;
	model_note_pin(mm, address, flags, pin);
	return true;
}

} /* namespace kernel */
