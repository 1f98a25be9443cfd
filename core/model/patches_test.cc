/* SPDX-License-Identifier: GPL-2.0-only */
/* The patch table: what a choice of release and rows means, and which choices are refused. */
#include "core/model/patches.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <bitset>
#include <bit>
#include <set>

namespace kernel
{
namespace
{

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using rows = std::vector<std::string>;

/* The forms of a choice that must be possible. */
model_forms forms_of(std::string_view version, const rows &without = {}, const rows &with = {})
{
	model_forms forms{};
	std::string error;

	EXPECT_TRUE(select_forms({ version, without, with }, &forms, &error)) << error;
	EXPECT_THAT(error, IsEmpty());
	return forms;
}

/* What is said of one that must not be. */
std::string refusal(std::string_view version, const rows &without = {}, const rows &with = {})
{
	model_forms forms{};
	std::string error = "something of before";

	EXPECT_FALSE(select_forms({ version, without, with }, &forms, &error));
	EXPECT_THAT(error, Not(IsEmpty()));
	EXPECT_THAT(error, Not(HasSubstr("\n")));
	EXPECT_THAT(error, Not(HasSubstr("something of before")));
	return error;
}

/* Which functions have another form than the newest. */
using functions = std::bitset<sizeof(model_forms) / sizeof(uint64_t)>;
functions changed_by(const model_forms &forms)
{
	using pointers = std::array<uint64_t, functions{}.size()>;
	const auto now = std::bit_cast<pointers>(forms);
	const auto newest = std::bit_cast<pointers>(forms_of(""));
	functions changed;

	for (size_t i = 0; i < now.size(); i++)
		changed.set(i, now[i] != newest[i]);
	return changed;
}

int number_of(std::string_view version)
{
	size_t dot = version.find('.');

	return std::stoi(std::string(version.substr(1, dot - 1))) * 1000 +
	       std::stoi(std::string(version.substr(dot + 1)));
}

bool named_in(std::string_view words, std::string_view id)
{
	return (" " + std::string(words) + " ").find(" " + std::string(id) + " ") !=
	       std::string::npos;
}

/* Adds what cannot stay in once the list is out, or cannot stay out once it is in: `excludes`, there and back. */
rows with_company(rows list, bool back)
{
	for (size_t i = 0; i < list.size(); i++) {
		const std::string id = list[i];

		for (const patch_info &row : patch_table()) {
			const patch_info &excluding = back ? row : *find_patch(id);
			std::string_view excluded = back ? std::string_view(id) : row.id;

			if (named_in(excluding.excludes, excluded) &&
			    std::find(list.begin(), list.end(), row.id) == list.end())
				list.push_back(std::string(row.id));
		}
	}
	return list;
}

/* The row alone: a commit taken out, with what has to go with it; anything else put in. */
rows without_row(const patch_info &row)
{
	return row.kind == patch_kind::commit ? with_company({ std::string(row.id) }, false)
					      : rows{};
}
rows with_row(const patch_info &row)
{
	return row.kind == patch_kind::commit ? rows{} : rows{ std::string(row.id) };
}

rows both(rows a, const rows &b)
{
	a.insert(a.end(), b.begin(), b.end());
	return a;
}

TEST(patches_test, TableIsSound)
{
	std::set<std::string_view> ids;

	for (const patch_info &row : patch_table()) {
		EXPECT_TRUE(ids.insert(row.id).second) << row.id << " twice";
		EXPECT_EQ(&row, find_patch(row.id));
		EXPECT_THAT(row.subject, Not(IsEmpty())) << row.id;
		EXPECT_EQ(row.kind == patch_kind::commit, !row.version.empty()) << row.id;
		if (row.version.empty())
			continue;
		EXPECT_EQ(12u, row.id.size()) << row.id;
		EXPECT_LT(number_of(MODEL_OLDEST), number_of(row.version)) << row.id;
		EXPECT_LE(number_of(row.version), number_of(MODEL_NEWEST)) << row.id;
	}
	EXPECT_EQ(nullptr, find_patch("no-such-row"));
	EXPECT_EQ(nullptr, find_patch(""));
}

TEST(patches_test, EveryRowChangesSomething)
{
	for (const patch_info &row : patch_table())
		EXPECT_TRUE(changed_by(forms_of("", without_row(row), with_row(row))).any())
			<< row.id;
}

TEST(patches_test, NoChoiceIsTheNewestRelease)
{
	EXPECT_EQ(forms_of(""), forms_of(MODEL_NEWEST));
	EXPECT_TRUE(changed_by(forms_of(MODEL_NEWEST)).none());
	/* What is merged already can be put in, and nothing happens. */
	for (const patch_info &row : patch_table()) {
		if (row.kind != patch_kind::commit)
			continue;
		EXPECT_EQ(forms_of(""), forms_of("", {}, { std::string(row.id) }));
	}
}

TEST(patches_test, ReleaseIsTheNewestWithoutWhatWasMergedLater)
{
	std::set<std::string> versions = { "v4.10", "v4.20", "v5.0", "v6.9", "v6.15" };

	for (const patch_info &row : patch_table()) {
		if (row.kind != patch_kind::commit)
			continue;
		versions.insert(std::string(row.version));
		std::string before(row.version);
		int minor = number_of(row.version) % 1000;
		if (minor > 0) {
			before = before.substr(0, before.find('.') + 1) + std::to_string(minor - 1);
			versions.insert(before);
		}
	}
	size_t different = 0;
	for (const std::string &version : versions) {
		rows later;

		for (const patch_info &row : patch_table()) {
			if (row.kind == patch_kind::commit &&
			    number_of(row.version) > number_of(version))
				later.push_back(std::string(row.id));
		}
		EXPECT_EQ(forms_of("", later), forms_of(version)) << version;
		different += forms_of(version) != forms_of("");
	}
	EXPECT_LT(3u, different);
	EXPECT_LT(different, versions.size());
}

TEST(patches_test, CommitCanBePutIntoAnOlderRelease)
{
	for (const patch_info &row : patch_table()) {
		if (row.kind != patch_kind::commit)
			continue;
		const rows in = with_company({ std::string(row.id) }, true);
		rows out;

		for (const patch_info &other : patch_table()) {
			if (other.kind == patch_kind::commit &&
			    std::find(in.begin(), in.end(), other.id) == in.end())
				out.push_back(std::string(other.id));
		}
		EXPECT_EQ(forms_of("", out), forms_of(MODEL_OLDEST, {}, in)) << row.id;
		/* The revert of 17839856fd58, which goes in with it. */
		if (row.id == "a308c71bf1e6")
			EXPECT_EQ(forms_of(MODEL_OLDEST), forms_of(MODEL_OLDEST, {}, in));
		else
			EXPECT_NE(forms_of(MODEL_OLDEST), forms_of(MODEL_OLDEST, {}, in)) << row.id;
	}
}

/* Of two commits that changed one function, before the older one it had neither. */
TEST(patches_test, OlderOfTwoCommitsHasTheForm)
{
	const model_forms older = forms_of("", { "d2c997c0f145" });
	const model_forms newer = forms_of("", { "38607c62b34b" });
	const model_forms neither = forms_of("", { "38607c62b34b", "d2c997c0f145" });

	EXPECT_NE(older.dax_disassociate_entry, newer.dax_disassociate_entry);
	EXPECT_EQ(older.dax_disassociate_entry, neither.dax_disassociate_entry);
	EXPECT_EQ(older.dax_disassociate_entry, forms_of("v4.16").dax_disassociate_entry);
	EXPECT_EQ(newer.dax_disassociate_entry, forms_of("v4.17").dax_disassociate_entry);
}

TEST(patches_test, RowThatAnotherStandsOnIsRefusedAlone)
{
	EXPECT_THAT(refusal("", { "27674ef6c73f" }),
		    AllOf(HasSubstr("27674ef6c73f"), HasSubstr("38607c62b34b")));
	EXPECT_THAT(refusal("v5.17", {}, { "38607c62b34b" }),
		    AllOf(HasSubstr("27674ef6c73f"), HasSubstr("38607c62b34b")));
}

TEST(patches_test, TwoRowsOnOneFunctionAreRefusedAndOthersAreNot)
{
	size_t refused = 0;

	for (const patch_info &a : patch_table()) {
		for (const patch_info &b : patch_table()) {
			if (&a >= &b || !a.needs.empty() || !a.excludes.empty() ||
			    !b.needs.empty() || !b.excludes.empty())
				continue;
			rows without = both(without_row(a), without_row(b));
			rows with = both(with_row(a), with_row(b));
			functions by_a = changed_by(forms_of("", without_row(a), with_row(a)));
			functions by_b = changed_by(forms_of("", without_row(b), with_row(b)));

			bool commits = a.kind == patch_kind::commit && b.kind == a.kind &&
				       a.version != b.version;
			if ((by_a & by_b).none() || commits) {
				EXPECT_EQ(by_a | by_b, changed_by(forms_of("", without, with)));
				continue;
			}
			refused++;
			EXPECT_THAT(refusal("", without, with),
				    AllOf(HasSubstr(std::string(a.id)),
					  HasSubstr(std::string(b.id)), HasSubstr("()")));
		}
	}
	EXPECT_LT(5u, refused);
}

TEST(patches_test, RefusalNamesTheFunction)
{
	EXPECT_THAT(refusal("", {}, { "mkclean-head-lookup", "mkclean-head-page" }),
		    HasSubstr("dax_writeback_one()"));
	EXPECT_THAT(refusal("", { "06083a0921fd" }, { "mkclean-head-page" }),
		    HasSubstr("dax_writeback_one()"));
	EXPECT_THAT(refusal("v5.18", {}, { "mkclean-head-page" }),
		    HasSubstr("dax_writeback_one()"));
	/* Where the function has its newest form, the mutant of that can be put in. */
	forms_of("v5.19", {}, { "mkclean-head-page" });
	forms_of("v5.18", {}, { "06083a0921fd", "mkclean-head-page" });
}

TEST(patches_test, UnknownRows)
{
	EXPECT_THAT(refusal("", { "0123456789ab" }), HasSubstr("0123456789ab"));
	EXPECT_THAT(refusal("", {}, { "no-such-mutant" }), HasSubstr("no-such-mutant"));
	EXPECT_THAT(refusal("", {}, { "" }), HasSubstr("''"));
	EXPECT_THAT(refusal("", {}, { "06083a0921f" }), HasSubstr("06083a0921f"))
		<< "no prefixes: another commit may come to have it";
}

TEST(patches_test, OnlyCommitsCanBeTakenOut)
{
	for (const patch_info &row : patch_table()) {
		std::string id(row.id);

		if (row.kind == patch_kind::commit) {
			EXPECT_THAT(refusal("", { id }, { id }), HasSubstr(id)) << "both";
			continue;
		}
		EXPECT_THAT(refusal("", { id }),
			    AllOf(HasSubstr(id), HasSubstr(std::string(name_of(row.kind)))));
	}
}

TEST(patches_test, VersionsThatAreNoneOrNotModelled)
{
	for (const char *version :
	     { "5.18", "v5", "v5.", "v.18", "v5.18-rc1", "v5.18.1", "v-5.18", "newest", "v",
	       "v5.1x", " v5.18", "v99999999999999999999.1" }) {
		EXPECT_THAT(refusal(version), AllOf(HasSubstr(version), HasSubstr("version")))
			<< version;
	}
	for (const char *version : { "v4.9", "v4.0", "v2.6", "v6.16", "v7.0" }) {
		EXPECT_THAT(refusal(version),
			    AllOf(HasSubstr(version), HasSubstr(std::string(MODEL_OLDEST)),
				  HasSubstr(std::string(MODEL_NEWEST))))
			<< version;
	}
	forms_of(MODEL_OLDEST);
	/* Not as decimals: 4.9 < 4.10. */
	EXPECT_NE(forms_of("v4.11"), forms_of("v4.12"));
}

TEST(patches_test, DescriptionTellsChoicesApart)
{
	const rows none;
	const rows out = { "06083a0921fd" };
	const rows in = { "invalidate-no-wait" };

	EXPECT_EQ(MODEL_NEWEST, describe({ "", none, none }));
	EXPECT_EQ("v5.18", describe({ "v5.18", none, none }));
	std::string text = describe({ "", out, in });
	EXPECT_THAT(text, AllOf(HasSubstr(std::string(MODEL_NEWEST)), HasSubstr(out[0]),
				HasSubstr(in[0])));
}

} /* namespace */
} /* namespace kernel */
