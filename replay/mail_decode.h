/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From what was saved to plain text: an mbox or a mail loses its encodings, a page of an archive its markup.
 */
#ifndef DAXRACE_REPLAY_MAIL_DECODE_H_
#define DAXRACE_REPLAY_MAIL_DECODE_H_

#include <string>

namespace daxrace::replay {

/* Headers stay on top, each on one line, and a mail follows the other. UTF-8 as far as it can be known. Any
 * bytes will do; what cannot be decoded stays as it is. */
std::string plain_mail(const std::string& text);

}  // namespace daxrace::replay

#endif  // DAXRACE_REPLAY_MAIL_DECODE_H_
