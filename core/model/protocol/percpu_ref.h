/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The reference count of a device's memory map, and its end: a protocol over a backend. A program compiles it once, with
 * these before it: the memory operations, rcu_read_lock(), rcu_read_unlock(), synchronize_rcu() and complete();
 * dev_pagemap with ref, dying, rcu and done.
 *
 * Left out: that there is a count for each CPU until the reference dies. There is one, which all of them share.
 */

/* include/linux/percpu-refcount.h: percpu_ref_tryget_live(), percpu_ref_tryget_live_rcu(), v6.15. False: it is dying. */
static bool percpu_ref_tryget_live(dev_pagemap *pgmap)
{
	bool ret = false;

	rcu_read_lock(&pgmap->rcu);
	if (!READ_ONCE(pgmap->dying)) {
		atomic_inc(&pgmap->ref); /* this_cpu_inc() */
		ret = true;
	}
	rcu_read_unlock(&pgmap->rcu);
	return ret;
}

/* include/linux/percpu-refcount.h: percpu_ref_put(), v6.15; mm/memremap.c: dev_pagemap_percpu_release() */
static void percpu_ref_put(dev_pagemap *pgmap)
{
	if (atomic_dec_and_test(&pgmap->ref))
		complete(&pgmap->done);
}

/*
 * lib/percpu-refcount.c: percpu_ref_kill(), percpu_ref_switch_to_atomic_rcu(), v6.15. The first reference goes when
 * everybody who found the count alive has counted himself; the kernel leaves that to a callback.
 */
void percpu_ref_kill(dev_pagemap *pgmap)
{
	WRITE_ONCE(pgmap->dying, 1u);
	synchronize_rcu(&pgmap->rcu);
	percpu_ref_put(pgmap);
}
