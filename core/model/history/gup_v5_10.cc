/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/model/anon.h"
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

/* mm/gup.c: gup_fast_v5_8(), the same, v5.8: only what can be written is known to have been copied if need be. */
bool gup_fast_v5_8(mm_struct *mm, pgoff_t address, unsigned int flags, model_pin *pin)
{
	if (!FORMS.gup_fast_pte_range(mm, address, flags | FOLL_WRITE, pin))
		return false;
	model_note_pin(mm, address, flags, pin);
	return true;
}

/* mm/gup.c: __get_user_pages(), should_force_cow_break(), v5.8: a reference for reading breaks copy on write, too. */
int __get_user_pages_v5_8(mm_struct *mm, pgoff_t address, unsigned int flags, model_pin *pin)
{
	vm_area_struct *vma = find_vma(mm, address);
	int ret = check_vma_flags(vma, flags);

	if (ret)
		return ret;
	if (is_cow_mapping(vma->vm_flags))
		flags |= FOLL_WRITE;
	return model_faultin_page(vma, address, flags, pin);
}

/* mm/gup.c: pin_user_pages_fast(), v5.6: a reference, which nobody can tell from others. */
int pin_user_pages_fast_v5_6(mm_struct *mm, pgoff_t address, unsigned int flags, model_pin *pin)
{
	return get_user_pages_fast(mm, address, flags | FOLL_GET, pin);
}

} /* namespace kernel */
