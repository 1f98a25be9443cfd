/* SPDX-License-Identifier: GPL-2.0-only */
/* What a program came to, as one line; and all lines that a search has seen. Nothing is allocated. */
#ifndef DAXRACE_CORE_MODEL_PROTOCOL_OUTCOME_H_
#define DAXRACE_CORE_MODEL_PROTOCOL_OUTCOME_H_

#include <cstdio>
#include <cstring>

struct model_outcome {
	char text[160] = "";

	/* "NAME=VALUE", or the value alone if it has no name. */
	void add(const char *name, long value)
	{
		size_t length = std::strlen(text);

		std::snprintf(text + length, sizeof(text) - length, "%s%s%s%ld", length ? " " : "",
			      name, *name ? "=" : "", value);
	}
};

struct model_outcomes {
	static constexpr unsigned int MAX = 64;

	char text[MAX][160];
	unsigned int nr = 0;

	/* In alphabetical order. */
	void add(const char *outcome)
	{
		unsigned int at = 0;

		while (at < nr && std::strcmp(text[at], outcome) < 0)
			at++;
		if (nr == MAX || (at < nr && !std::strcmp(text[at], outcome)))
			return;
		std::memmove(text[at + 1], text[at], (nr - at) * sizeof(text[0]));
		std::snprintf(text[at], sizeof(text[at]), "%s", outcome);
		nr++;
	}
};

#endif /* DAXRACE_CORE_MODEL_PROTOCOL_OUTCOME_H_ */
