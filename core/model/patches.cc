/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/model/patches.h"

#include <algorithm>
#include <charconv>

#include "core/model/dma.h"
#include "core/model/falloc.h"
#include "core/model/file.h"
#include "core/model/fork.h"
#include "core/model/gup.h"
#include "core/model/inode.h"
#include "core/model/history/history.h"
#include "core/model/mutants/mutants.h"
#include "core/model/pgmap.h"
#include "core/model/proposals/proposals.h"
#include "core/model/umem.h"
#include "core/model/vmscan.h"
#include "core/model/xfs.h"

namespace kernel
{

namespace
{

constexpr patch_info patches[] = {
#define PATCH(kind, id, version, subject, source, needs, excludes) \
	{ patch_kind::kind, id, version, subject, source, needs, excludes },
#define FORM(id, function, form)
#include "core/model/patches.def"
#undef PATCH
#undef FORM
};

struct form_info {
	std::string_view id;
	std::string_view function;
	void (*set)(model_forms *forms);
};

constexpr form_info forms_table[] = {
#define PATCH(kind, id, version, subject, source, needs, excludes)
#define FORM(id, function, form)              \
	{ id, #function, [](model_forms *f) { \
		 f->function = form;          \
	 } },
#include "core/model/patches.def"
#undef PATCH
#undef FORM
};

constexpr model_forms newest_forms = {
	.dax_iomap_fault = dax_iomap_fault,
	.dax_iomap_pte_fault = dax_iomap_pte_fault,
	.dax_iomap_pmd_fault = dax_iomap_pmd_fault,
	.grab_mapping_entry = grab_mapping_entry,
	.dax_insert_entry = dax_insert_entry,
	.dax_associate_entry = dax_associate_entry,
	.dax_disassociate_entry = dax_disassociate_entry,
	.clear_shadow_entries = clear_shadow_entries,
	.dax_fault_iter = dax_fault_iter,
	.vmf_insert_page_mkwrite = vmf_insert_page_mkwrite,
	.dax_iomap_rw = dax_iomap_rw,
	.dax_writeback_one = dax_writeback_one,
	.__dax_invalidate_entry = __dax_invalidate_entry,
	.dax_break_layout = dax_break_layout,
	.ext4_break_layouts = ext4_break_layouts,
	.xfs_break_dax_layouts = xfs_break_dax_layouts,
	.xfs_file_dax_write = xfs_file_dax_write,
	.xfs_file_fsync = xfs_file_fsync,
	.xfs_file_fallocate = xfs_file_fallocate,
	.xfs_iomap_write_direct = xfs_iomap_write_direct,
	.ext4_fallocate = ext4_fallocate,
	.ext4_collapse_range = ext4_collapse_range,
	.testfs_map_blocks_create = testfs_map_blocks_create,
	.testfs_create_extent = testfs_create_extent,
	.dax_layout_busy_page_range = dax_layout_busy_page_range,
	.dax_page_is_busy = dax_page_is_busy,
	.wait_page_idle = wait_page_idle,
	.__init_zone_device_page = __init_zone_device_page,
	.__get_user_pages = __get_user_pages,
	.pin_user_pages_fast = pin_user_pages_fast,
	.noop_dirty_folio = noop_dirty_folio,
	.ib_umem_get = ib_umem_get,
	.folio_is_longterm_pinnable = folio_is_longterm_pinnable,
	.gup_fast_folio_allowed = gup_fast_folio_allowed,
	.shrink_folio_list = shrink_folio_list,
	.folio_put_refs = folio_put_refs,
	.vm_normal_page = vm_normal_page,
	.pte_devmap = pte_devmap,
	.memremap_pages = memremap_pages,
	.memunmap_pages = memunmap_pages,
	.gup_fast = gup_fast,
	.gup_fast_pte_range = gup_fast_pte_range,
	.invalidate_inode_pages2_range = invalidate_inode_pages2_range,
	.generic_drop_inode = generic_drop_inode,
	.model_inode_freeing = model_inode_freeing,
	.iput_final = iput_final,
	.lookup_open = lookup_open,
	.sys_munmap = sys_munmap,
	.mapping_shrinkable = mapping_shrinkable,
	.mapping_empty = mapping_empty,
	.inode_pin_lru_isolating = inode_pin_lru_isolating,
	.inode_unpin_lru_isolating = inode_unpin_lru_isolating,
	.evict_inodes = evict_inodes,
	.model_pin_inode = model_pin_inode,
	.model_unpin_inode = model_unpin_inode,
	.testfs_evict_inode = testfs_evict_inode,
	.model_vma_get_file = model_vma_get_file,
	.dax_finish_sync_fault = dax_finish_sync_fault,
	.dax_insert_pfn_mkwrite = dax_insert_pfn_mkwrite,
	.dax_iomap_iter = dax_iomap_iter,
	.unmap_single_vma = unmap_single_vma,
	.do_user_addr_fault = do_user_addr_fault,
	.model_zero_block = model_zero_block,
	.testfs_truncate_blocks = testfs_truncate_blocks,
	.testfs_dax_write_iter = testfs_dax_write_iter,
	.generic_write_checks = generic_write_checks,
	.rw_verify_area = rw_verify_area,
	.do_ftruncate = do_ftruncate,
	.do_mmap = do_mmap,
	.sys_msync = sys_msync,
	.bio_iov_iter_get_pages = bio_iov_iter_get_pages,
	.try_to_unmap_one = try_to_unmap_one,
	.do_swap_page = do_swap_page,
	.model_do_wp_private = model_do_wp_private,
	.PageAnonExclusive = PageAnonExclusive,
	.SetPageAnonExclusive = SetPageAnonExclusive,
	.folio_try_dup_anon_rmap_pte = folio_try_dup_anon_rmap_pte,
	.sanity_check_pinned_pages = sanity_check_pinned_pages,
	.gup_must_unshare = gup_must_unshare,
	.copy_nonpresent_pte = copy_nonpresent_pte,
	.unuse_pte = unuse_pte,
};

/* "v6.15" as 6015; -1: not a version. */
int version_number(std::string_view version)
{
	int major = 0;
	int minor = 0;
	const char *end = version.data() + version.size();

	if (version.size() < 4 || version[0] != 'v')
		return -1;
	auto [dot, error] = std::from_chars(version.data() + 1, end, major);
	if (error != std::errc() || dot == end || *dot != '.')
		return -1;
	auto [last, error2] = std::from_chars(dot + 1, end, minor);
	if (error2 != std::errc() || last != end || major > 99 || minor > 999)
		return -1;
	return major * 1000 + minor;
}

bool contains(std::span<const std::string> list, std::string_view id)
{
	return std::find(list.begin(), list.end(), id) != list.end();
}

bool has_word(std::string_view words, std::string_view word)
{
	for (size_t at = words.find(word); at != words.npos; at = words.find(word, at + 1)) {
		bool starts = at == 0 || words[at - 1] == ' ';
		bool ends = at + word.size() == words.size() || words[at + word.size()] == ' ';

		if (starts && ends)
			return true;
	}
	return false;
}

bool check_names(const patch_choice &choice, std::string *error)
{
	for (const std::string &id : choice.without) {
		const patch_info *patch = find_patch(id);

		if (!patch)
			*error = "no patch is called '" + id +
				 "'; `daxrace list patches` names them";
		else if (patch->kind != patch_kind::commit)
			*error = "'" + id + "' is a " + std::string(name_of(patch->kind)) +
				 ", which is absent anyway: only a commit can be taken out";
		else if (contains(choice.with, id))
			*error = "'" + id + "' cannot be both taken out and put in";
		if (!error->empty())
			return false;
	}
	for (const std::string &id : choice.with) {
		if (!find_patch(id)) {
			*error = "no patch is called '" + id +
				 "'; `daxrace list patches` names them";
			return false;
		}
	}
	return true;
}

/* Whether the row's own form, not the newest, is to be used. */
bool chosen(const patch_info &patch, const patch_choice &choice, int version)
{
	if (patch.kind != patch_kind::commit)
		return contains(choice.with, patch.id);
	if (contains(choice.with, patch.id))
		return false; /* a back-port */
	return contains(choice.without, patch.id) || version_number(patch.version) > version;
}

/* Of two commits that changed one function, the form of before the older one is that of before both. */
bool is_older(const form_info &form, const form_info &than)
{
	const patch_info *a = find_patch(form.id);
	const patch_info *b = find_patch(than.id);

	return a->kind == patch_kind::commit && b->kind == patch_kind::commit &&
	       version_number(a->version) < version_number(b->version);
}

bool check_company(const patch_info &patch, const patch_choice &choice, int version,
		   std::string *error)
{
	for (const patch_info &other : patches) {
		bool present = other.kind == patch_kind::commit ? !chosen(other, choice, version)
								: chosen(other, choice, version);

		if (has_word(patch.needs, other.id) && !present)
			*error = "'" + std::string(patch.id) + "' makes sense only with '" +
				 std::string(other.id) + "'";
		if (has_word(patch.excludes, other.id) && present)
			*error = "'" + std::string(patch.id) + "' cannot go with '" +
				 std::string(other.id) + "'";
	}
	return error->empty();
}

} /* namespace */

std::span<const patch_info> patch_table()
{
	return patches;
}

const patch_info *find_patch(std::string_view id)
{
	for (const patch_info &patch : patches) {
		if (patch.id == id)
			return &patch;
	}
	return nullptr;
}

std::string_view name_of(patch_kind kind)
{
	constexpr std::string_view names[] = { "commit", "proposal", "mutant" };

	return names[size_t(kind)];
}

bool select_forms(const patch_choice &choice, model_forms *forms, std::string *error)
{
	int version = version_number(choice.version.empty() ? MODEL_NEWEST : choice.version);
	const form_info *used[std::size(forms_table)] = {};
	size_t n = 0;

	error->clear();
	if (version < 0) {
		*error = "'" + std::string(choice.version) +
			 "' is not a kernel version; expected one like v5.18";
		return false;
	}
	if (version < version_number(MODEL_OLDEST) || version > version_number(MODEL_NEWEST)) {
		*error = "kernel " + std::string(choice.version) + " is not modelled; expected " +
			 std::string(MODEL_OLDEST) + " to " + std::string(MODEL_NEWEST);
		return false;
	}
	if (!check_names(choice, error))
		return false;

	*forms = newest_forms;
	for (const patch_info &patch : patches) {
		if (!chosen(patch, choice, version))
			continue;
		if (!check_company(patch, choice, version, error))
			return false;
		for (const form_info &form : forms_table) {
			if (form.id != patch.id)
				continue;
			const form_info **same =
				std::find_if(used, used + n, [&form](const form_info *other) {
					return other->function == form.function;
				});
			if (same == used + n) {
				used[n++] = &form;
				form.set(forms);
			} else if (is_older(form, **same)) {
				*same = &form;
				form.set(forms);
			} else if (!is_older(**same, form)) {
				*error = "'" + std::string((*same)->id) + "' and '" +
					 std::string(form.id) + "' both change " +
					 std::string(form.function) +
					 "(), and no form of it has both";
				return false;
			}
		}
	}
	return true;
}

std::string describe(const patch_choice &choice)
{
	std::string text(choice.version.empty() ? MODEL_NEWEST : choice.version);

	for (const std::string &id : choice.without)
		text += " without " + id;
	for (const std::string &id : choice.with)
		text += " with " + id;
	return text;
}

} /* namespace kernel */
