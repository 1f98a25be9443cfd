/* SPDX-License-Identifier: GPL-2.0-only */
/* Reference counts of pages: who counts, and from what. */
#include "core/model/dma.h"
#include "core/model/machine_for_test.h"

namespace kernel
{

struct gup_test : public model_test {
	uint32_t base = 0; /* of a page that nobody has */

	gup_test()
	{
		config.pages = true;
		config.dma = true;
		config.nr_tasks = 5;
	}

	void older_counts()
	{
		const std::string without[] = { "38607c62b34b" };
		std::string error;

		EXPECT_TRUE(select_forms({ "", without, {} }, &forms, &error)) << error;
		base = 1;
	}

	/* Page 0 of the file, mapped at 4 and stored to. */
	static page *mapped_page()
	{
		model_creat(file(), 1);
		map(0, 0, 4, 1, 0);
		EXPECT_EQ(0, store(0, 4, 1));
		return pfn_to_page(file()->i_block[0].peek() - 1);
	}
};

TEST_F(gup_test, mapping_counts)
{
	run([&] {
		page *page = mapped_page();

		EXPECT_EQ(1u, page->_refcount.peek());
		EXPECT_EQ(1u, page->_mapcount.peek());
		EXPECT_FALSE(FORMS.dax_page_is_busy(page));
		EXPECT_EQ(0, sys_munmap(vma(0)));
		EXPECT_EQ(0u, page->_refcount.peek());
		EXPECT_EQ(0u, page->_mapcount.peek());
	});
}

TEST_F(gup_test, mapping_did_not_count_before_v6_15)
{
	older_counts();
	run([&] {
		page *page = mapped_page();

		EXPECT_EQ(1u, page->_refcount.peek());
		EXPECT_EQ(0u, page->_mapcount.peek());
		EXPECT_EQ(0, sys_munmap(vma(0)));
		EXPECT_EQ(1u, page->_refcount.peek());
	});
}

TEST_F(gup_test, pin_outlives_its_mapping)
{
	for (bool older : { false, true }) {
		if (older)
			older_counts();
		run([&] {
			page *page = mapped_page();
			model_pin pin{};

			EXPECT_EQ(0, get_user_pages_fast(mm(0), 4, FOLL_PIN | FOLL_WRITE, &pin));
			EXPECT_EQ(page, pin.page);
			EXPECT_TRUE(FORMS.dax_page_is_busy(page));
			EXPECT_EQ(0, sys_munmap(vma(0)));
			EXPECT_EQ(base + GUP_PIN_COUNTING_BIAS, page->_refcount.peek());
			EXPECT_EQ(page, FORMS.dax_layout_busy_page_range(&file()->i_data));
			model_unpin(&pin);
			EXPECT_EQ(base, page->_refcount.peek());
			EXPECT_EQ(nullptr, FORMS.dax_layout_busy_page_range(&file()->i_data));
		});
	}
}

TEST_F(gup_test, pin_faults_the_page_in)
{
	run([&] {
		model_pin pin{};

		model_creat(file(), 1);
		map(0, 0, 4, 1, 0);
		EXPECT_EQ(0, get_user_pages_fast(mm(0), 4, FOLL_GET | FOLL_WRITE, &pin));
		EXPECT_EQ(2u, pin.page->_refcount.peek());
		EXPECT_EQ(file(), pin.host);
		EXPECT_EQ(-EFAULT, get_user_pages_fast(mm(0), 9, FOLL_GET, &pin));
	});
}

TEST_F(gup_test, device_writes_and_lets_go)
{
	run([&] {
		page *page = mapped_page();

		EXPECT_EQ(1, sys_read_direct(mm(0), 4, 1, 77, true));
		EXPECT_EQ(77u, model_cell(page_to_pfn(page), 1)->data.peek());
		EXPECT_EQ(1u, page->_refcount.peek());
		EXPECT_EQ(std::vector<uint64_t>{ 77 },
			  recorder.values(model_event_kind::dma_write));
		EXPECT_EQ(1, sys_write_direct(mm(0), 4, 1));
		EXPECT_EQ(std::vector<uint64_t>{ 77 }, recorder.values(model_event_kind::dma_read));
	});
}

TEST_F(gup_test, pipe_keeps_pages_until_it_is_drained)
{
	run([&] {
		page *page = mapped_page();

		EXPECT_EQ(1, sys_vmsplice(mm(0), 4));
		EXPECT_EQ(0, sys_munmap(vma(0)));
		EXPECT_EQ(1u, page->_refcount.peek());
		EXPECT_EQ(1, model_drain());
		EXPECT_EQ(0u, page->_refcount.peek());
		EXPECT_EQ(0, model_drain());
	});
}

} /* namespace kernel */
