/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/model/history/history.h"
#include "core/model/page_alloc.h"

namespace kernel
{

/* drivers/infiniband/core/umem.c: ib_umem_get(), v4.14: get_user_pages() of whatever memory it is. */
int ib_umem_get_v4_14(mm_struct *mm, pgoff_t address, model_pin *pin)
{
	model_alloc(GFP_KERNEL);
	return FORMS.pin_user_pages_fast(mm, address, FOLL_WRITE, pin);
}

} /* namespace kernel */
