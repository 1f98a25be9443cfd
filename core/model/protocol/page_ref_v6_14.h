/* SPDX-License-Identifier: GPL-2.0-only */
/* References to a page of the device as they were until v6.14, when a page that nobody has counted 1. See page_ref.h. */

/* fs/dax.c: dax_page_is_busy_v6_14(), which is dax_busy_page() for one page, v6.14. Mappings do not count. */
bool dax_page_is_busy_v6_14(page *page)
{
	return READ_ONCE(page->_refcount) > 1;
}

/* fs/ext4/inode.c: wait_page_idle_v6_14(), which is the ___wait_var_event() of ext4_break_layouts(), v6.14 */
int wait_page_idle_v6_14(page *page, inode *inode, bool interruptible)
{
	return model_wait_page(page, page->_refcount, 1, inode, interruptible);
}

/* mm/memremap.c: folio_put_refs_v6_14(), which is __put_devmap_managed_folio_refs(), v6.14 */
void folio_put_refs_v6_14(page *page, uint32_t refs)
{
	uint32_t left = atomic_sub_return(refs, &page->_refcount);

	model_note_page(page);
	if (left == 1)
		wake_up_var(page->_refcount);
}
