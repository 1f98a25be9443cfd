/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/model/history/history.h"

namespace kernel
{

/* block/bio.c: bio_iov_iter_get_pages(), v6.4: iov_iter_get_pages2() takes references, which nobody can tell from others. */
int bio_iov_iter_get_pages_v6_4(bio *bio)
{
	bio->pinned = false;
	return model_get_user_page(bio->mm, bio->address,
				   FOLL_GET | (bio->to_memory ? unsigned(FOLL_WRITE) : 0u),
				   &bio->folio);
}

} /* namespace kernel */
