/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/model/describe.h"

#include "core/model/anon.h"
#include "core/model/protocol/entry_backend.h"

namespace kernel
{

namespace
{

using engine::EventKind;

std::string describe_table_entry(uint64_t value)
{
	std::string text;

	if (value == 0)
		return "none";
	if (value & _PAGE_TABLE)
		return "table";
	uint64_t pfn = pte_pfn(value);
	if (value & _PAGE_SWP)
		return "swap slot " + std::to_string(pfn) +
		       (value & _PAGE_SWP_EXCLUSIVE ? " exclusive" : "");
	text = pfn >= ANON_PFN	      ? "anon " + std::to_string(pfn - ANON_PFN)
	       : pfn >= HUGE_ZERO_PFN ? "huge zero page"
	       : pfn >= ZERO_PFN      ? "zero page"
				      : "pfn " + std::to_string(pfn);
	text += value & _PAGE_RW ? " rw" : " ro";
	if (value & _PAGE_DIRTY)
		text += " dirty";
	if (!(value & _PAGE_PRESENT))
		text += " (not present)";
	return text;
}

std::string describe_dax_entry(uint64_t entry)
{
	std::string text;

	if (entry == 0)
		return "none";
	if (!xa_is_value(entry))
		return "";
	text = dax_is_pmd_entry(entry) ? "PMD " : "";
	if (dax_is_empty_entry(entry))
		text += "empty";
	else if (dax_is_zero_entry(entry))
		text += "zero";
	else
		text += "pfn " + std::to_string(dax_to_pfn(entry));
	return text + (dax_is_locked(entry) ? " LOCKED" : "");
}

std::string describe_marks(uint64_t marks)
{
	if (marks == 0)
		return "clean";
	std::string text = marks & PAGECACHE_TAG_DIRTY ? "DIRTY" : "";
	return text +
	       (marks & PAGECACHE_TAG_TOWRITE ? (text.empty() ? "TOWRITE" : "+TOWRITE") : "");
}

struct role_words {
	std::string_view role;
	const char *words;
	bool show_reads;
	bool show_writes;
	std::string (*describe)(uint64_t value);
};

constexpr role_words words[] = {
	{ "pte", "PTE", false, true, describe_table_entry },
	{ "pmd", "PMD", false, true, describe_table_entry },
	{ "i_pages", "entry", false, true, describe_dax_entry },
	{ "i_pages.marks", "marks", false, true, describe_marks },
	{ "cell", "block", true, true, nullptr },
	{ "page_cell", "anon", true, true, nullptr },
	{ "extent", "extent", true, true,
	  [](uint64_t v) {
		  auto entry = static_cast<uint32_t>(v);
		  if (entry == 0)
			  return std::string("hole");
		  return (i_block_written(entry) ? "block " : "unwritten block ") +
			 std::to_string(i_block_nr(entry) - 1);
	  } },
	{ "i_size", "i_size", false, true,
	  [](uint64_t v) {
		  return std::to_string(v) + (v == 1 ? " page" : " pages");
	  } },
	{ "vma.linked", "vma", false, true,
	  [](uint64_t v) {
		  return std::string(v ? "mapped" : "unmapped");
	  } },
};

} /* namespace */

std::string model_describe(const engine::Event &event, unsigned int cells,
			   const std::function<std::string(uint64_t value)> &whose)
{
	engine::Access access = engine::access_of(event.kind);

	if (event.kind != EventKind::k_load && event.kind != EventKind::k_store &&
	    event.kind != EventKind::k_plain_read && event.kind != EventKind::k_plain_write)
		return "";
	for (const role_words &w : words) {
		if (w.role != event.role->name())
			continue;
		bool read = access == engine::Access::kRead;
		/* What a user access translates through is what it is about. */
		bool translation = read &&
				   std::string_view(event.site->function) == "model_translate" &&
				   !(event.value & _PAGE_TABLE);
		if (!(read ? w.show_reads || translation : w.show_writes))
			return "";
		std::string what = w.describe ? w.describe(event.value) : whose(event.value);
		std::string number = std::to_string(event.object);

		if (what.empty())
			return "";
		if (!w.describe) {
			number = std::to_string(event.object / cells) + "." +
				 std::to_string(event.object % cells);
		}
		return std::string(w.words) + " " + number + (read ? " is " : " = ") + what;
	}
	return "";
}

} /* namespace kernel */
