/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * References to an anonymous page, pins among them, and the mark that says that it belongs to one process: a protocol
 * over a backend. A program compiles it once, with these before it: the memory operations; folio with _refcount,
 * _mapcount and flags; free_unref_page(), WARN_ON_ONCE(), model_retry_loop, GUP_PIN_COUNTING_BIAS.
 */

/* include/linux/mm.h: folio_get(), v6.15 */
void folio_get(folio *folio)
{
	int32_t old = atomic_fetch_add_relaxed(1, &folio->_refcount); /* folio_ref_inc() */

	WARN_ON_ONCE(old <= 0);
}

/* include/linux/page_ref.h: folio_try_get(), v6.15: not one that is being freed. */
bool folio_try_get(folio *folio, int32_t refs)
{
	model_retry_loop loop;
	int32_t count;

	for (;;) {
		count = READ_ONCE(folio->_refcount);
		if (count == 0)
			return false;
		if (atomic_try_cmpxchg(&folio->_refcount, &count, count + refs))
			return true;
		loop.again();
	}
}

/* include/linux/mm.h: folio_put_refs(), v6.15 */
void folio_put_refs(folio *folio, int32_t refs)
{
	int32_t old = atomic_fetch_sub(refs, &folio->_refcount);

	WARN_ON_ONCE(old < refs);
	if (old == refs)
		free_unref_page(folio);
}

/* include/linux/page_ref.h: folio_ref_count(), v6.15 */
int32_t folio_ref_count(folio *folio)
{
	return READ_ONCE(folio->_refcount);
}

/* include/linux/mm.h: folio_maybe_dma_pinned(), v6.15 */
bool folio_maybe_dma_pinned(folio *folio)
{
	return folio_ref_count(folio) >= int32_t(GUP_PIN_COUNTING_BIAS);
}

/* include/linux/page-flags.h: model_folio_test(), which is PageAnonExclusive() and its like, v6.15 */
bool model_folio_test(folio *folio, uint32_t flag)
{
	return (READ_ONCE(folio->flags) & flag) != 0;
}

/* include/linux/page-flags.h: model_folio_clear(), which is ClearPageAnonExclusive() and its like, v6.15 */
void model_folio_clear(folio *folio, uint32_t flag)
{
	atomic_andnot(flag, &folio->flags);
}

/* include/linux/rmap.h: folio_try_dup_anon_rmap_pte(), v6.15. Left out: whether the mm ever pinned anything. */
int folio_try_dup_anon_rmap_pte(folio *folio)
{
	if (model_folio_test(folio, PG_anon_exclusive)) {
		/* A page that may be pinned has to stay with the parent: the child gets a copy. */
		if (folio_maybe_dma_pinned(folio))
			return -EBUSY;
		model_folio_clear(folio, PG_anon_exclusive);
	}
	atomic_inc(&folio->_mapcount);
	return 0;
}

/*
 * include/linux/rmap.h: folio_try_share_anon_rmap_pte(), v6.15. The caller has cleared the PTE, and may write it again
 * when this is done.
 */
int folio_try_share_anon_rmap_pte(folio *folio)
{
	/* First the PTE, then the look for pins: pairs with try_grab_folio_fast(). */
	smp_mb();
	if (folio_maybe_dma_pinned(folio))
		return -EBUSY;
	model_folio_clear(folio, PG_anon_exclusive);
	/* First the mark, then the PTE, if it comes back: pairs with gup_must_unshare(). */
	smp_mb__after_atomic();
	return 0;
}
