/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/model/history/history.h"

namespace kernel
{

/* block/bio.c: bio_iov_iter_get_pages(), v6.4: iov_iter_get_pages2() takes references, which nobody can tell from others. */
int bio_iov_iter_get_pages_v6_4(mm_struct *mm, pgoff_t address, bool to_memory, model_pin *pin)
{
	return get_user_pages_fast(mm, address, FOLL_GET | (to_memory ? unsigned(FOLL_WRITE) : 0u),
				   pin);
}

} /* namespace kernel */
