/* SPDX-License-Identifier: GPL-2.0-only */
/* The driver goes: what fails then, and what the end of the memory map waits for. */
#include "core/model/pgmap.h"

#include "core/model/machine_for_test.h"

namespace kernel
{

struct pgmap_test : public model_test {
	pgmap_test()
	{
		config.pages = true;
		config.unbind = true;
	}
};

TEST_F(pgmap_test, dead_device_is_refused)
{
	run([&] {
		uint64_t value;

		model_creat(file(), 1);
		map(0, 0, 4, 1, 0);
		EXPECT_EQ(1, write(0, 1, 7));
		EXPECT_EQ(0, model_unbind());
		EXPECT_EQ(-ENXIO, read(0, 1));
		EXPECT_EQ(MODEL_SIGBUS, model_cpu_load(mm(0), 4, 0, &value));
		EXPECT_EQ(-ENODEV, model_unbind());
	});
}

TEST_F(pgmap_test, mapping_does_not_hold_the_memory_map)
{
	run([&] {
		model_creat(file(), 1);
		map(0, 0, 4, 1, 0);
		EXPECT_EQ(0, store(0, 4, 1));
		EXPECT_EQ(1u, model::current->pgmap->ref.peek());
		EXPECT_EQ(0, model_unbind());
		EXPECT_EQ(0u, model::current->pgmap->mapped.peek());
	});
}

TEST_F(pgmap_test, proposal_lets_mappings_hold_it)
{
	const std::string with[] = { "mapping-holds-pgmap" };
	std::string error;

	ASSERT_TRUE(select_forms({ "", {}, with }, &forms, &error)) << error;
	run([&] {
		dev_pagemap *pgmap;

		model_creat(file(), 1);
		map(0, 0, 4, 1, 0);
		EXPECT_EQ(0, store(0, 4, 1));
		pgmap = model::current->pgmap;
		EXPECT_EQ(2u, pgmap->ref.peek());
		EXPECT_EQ(0, sys_munmap(vma(0)));
		EXPECT_EQ(1u, pgmap->ref.peek());
		EXPECT_EQ(0, model_unbind());
	});
}

TEST_F(pgmap_test, other_programs_have_none)
{
	config.unbind = false;
	run([&] {
		EXPECT_EQ(nullptr, model::current->pgmap);
	});
}

/* Until v5.17 each page had a reference to the memory map, which it gave up with its last one. */
TEST_F(pgmap_test, page_in_use_held_the_memory_map)
{
	std::string error;

	ASSERT_TRUE(select_forms({ "v5.17", {}, {} }, &forms, &error)) << error;
	run([&] {
		dev_pagemap *pgmap = model::current->pgmap;
		page *page;

		model_creat(file(), 1);
		map(0, 0, 4, 1, 0);
		EXPECT_EQ(0, store(0, 4, 1));
		EXPECT_EQ(model::current->nr_blocks + 1, pgmap->ref.peek());
		page = pfn_to_page(pte_pfn(mm(0)->ptes[4].peek()));
		EXPECT_EQ(1u, page->_refcount.peek());
		EXPECT_EQ(1u, page->mapping.peek());
		EXPECT_EQ(0, model_unbind());
		EXPECT_EQ(0u, pgmap->ref.peek());
		EXPECT_EQ(0u, page->_refcount.peek());
		EXPECT_EQ(0u, pgmap->mapped.peek());
	});
}

/* What zeroes a block goes by the disk, and not once that is gone. */
TEST_F(pgmap_test, nothing_is_allocated_without_the_disk)
{
	run([&] {
		model_creat(file(), 2);
		EXPECT_EQ(1, write(0, 1, 7));
		EXPECT_EQ(0, model_unbind());
		EXPECT_EQ(-EIO, write(1, 1, 7));
		EXPECT_EQ(-ENXIO, write(0, 1, 7));
	});
}

} /* namespace kernel */
