/* SPDX-License-Identifier: GPL-2.0-only */
#include "replay/mail_decode.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <regex>
#include <vector>

namespace daxrace::replay {

namespace {

using Lines = std::vector<std::string>;

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

Lines lines_of(const std::string& text) {
  Lines lines(1);
  for (char c : text) {
    if (c == '\n') {
      lines.emplace_back();
    } else if (c != '\r') {
      lines.back() += c;
    }
  }
  if (lines.back().empty()) lines.pop_back();
  return lines;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* `words`: the form of headers, in which `_` is a blank. */
std::string from_quoted_printable(const std::string& text, bool words) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '=' && i + 2 < text.size() && hex_digit(text[i + 1]) >= 0 && hex_digit(text[i + 2]) >= 0) {
      out += static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]));
      i += 2;
    } else if (text[i] == '=' && i + 1 < text.size() && text[i + 1] == '\n') {
      ++i;
    } else {
      out += words && text[i] == '_' ? ' ' : text[i];
    }
  }
  return out;
}

std::string from_base64(const std::string& text) {
  static const std::string kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  uint32_t bits = 0;
  int count = 0;
  for (char c : text) {
    const size_t digit = kDigits.find(c);
    if (digit == kDigits.npos) continue;
    bits = bits << 6 | static_cast<uint32_t>(digit);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    out += static_cast<char>(bits >> count & 0xff);
  }
  return out;
}

std::string to_utf8(const std::string& text, const std::string& charset) {
  const std::string name = lower(charset);
  if (name.find("8859-1") == name.npos && name != "windows-1252") return text;
  std::string out;
  for (char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      out += c;
    } else {
      out += static_cast<char>(0xc0 | byte >> 6);
      out += static_cast<char>(0x80 | (byte & 0x3f));
    }
  }
  return out;
}

/* =?utf-8?q?J=C3=A9r?= */
std::string from_words(const std::string& text) {
  static const std::regex kWord(R"(=\?([^?\s]+)\?([qQbB])\?([^?\s]*)\?=(\s+(?==\?))?)");
  std::string out;
  std::string rest = text;
  if (text.size() > 1000) return text; /* regular expressions need stack for every character */
  for (std::smatch match; std::regex_search(rest, match, kWord); rest = std::string(match.suffix())) {
    const std::string body = match[3].str();
    const bool quoted = std::tolower(match[2].str()[0]) == 'q';
    out += match.prefix().str() +
           to_utf8(quoted ? from_quoted_printable(body, true) : from_base64(body), match[1].str());
  }
  return out + rest;
}

struct Headers {
  Lines lines;
  std::map<std::string, std::string> values;
  std::string value(const std::string& name) const {
    auto it = values.find(name);
    return it == values.end() ? "" : it->second;
  }
};

bool is_header(const std::string& line) {
  static const std::regex kHeader(R"(^[A-Za-z][A-Za-z0-9-]*:(\s.*)?$)");
  return std::regex_match(line.substr(0, 200), kHeader);
}

/* Up to the empty line; `at` goes behind it. */
Headers read_headers(const Lines& lines, size_t& at) {
  Headers headers;
  for (; at < lines.size() && !lines[at].empty(); ++at) {
    const bool folded = lines[at][0] == ' ' || lines[at][0] == '\t';
    if (folded && !headers.lines.empty()) {
      size_t begin = lines[at].find_first_not_of(" \t");
      headers.lines.back() += begin == std::string::npos ? "" : " " + lines[at].substr(begin);
    } else {
      headers.lines.push_back(lines[at]);
    }
  }
  if (at < lines.size()) ++at;
  for (std::string& line : headers.lines) {
    line = from_words(line);
    const size_t colon = line.find(':');
    if (colon != line.npos) headers.values.emplace(lower(line.substr(0, colon)), line.substr(colon + 1));
  }
  return headers;
}

std::string parameter(const std::string& value, const std::string& name) {
  const std::regex pattern(name + R"re(\s*=\s*("([^"]*)"|[^;\s]+))re", std::regex::icase);
  std::smatch match;
  if (value.size() > 1000 || !std::regex_search(value, match, pattern)) return "";
  return match[2].matched ? match[2].str() : match[1].str();
}

std::string without_markup(const std::string& html);

std::string body_of(const Headers& headers, const Lines& lines, size_t from, size_t to, int depth) {
  const std::string type = headers.value("content-type");
  const std::string boundary = parameter(type, "boundary");
  if (lower(type).find("multipart/") != type.npos && !boundary.empty() && depth < 8) {
    std::string plain;
    std::string other;
    for (size_t at = from; at < to;) {
      if (lines[at].rfind("--" + boundary, 0) != 0) {
        ++at;
        continue;
      }
      size_t begin = at + 1;
      at = begin;
      while (at < to && lines[at].rfind("--" + boundary, 0) != 0) ++at;
      if (begin >= at) continue;
      const Lines part(lines.begin() + static_cast<ptrdiff_t>(begin),
                       lines.begin() + static_cast<ptrdiff_t>(at));
      size_t body = 0;
      Headers inner = read_headers(part, body);
      const std::string kind = lower(inner.value("content-type"));
      const std::string text = body_of(inner, part, body, part.size(), depth + 1);
      (kind.find("text/html") == kind.npos ? plain : other) += text + "\n";
    }
    return plain.empty() ? other : plain;
  }
  if (!type.empty() && lower(type).find("text/") == type.npos && lower(type).find("message/") == type.npos)
    return ""; /* a picture says nothing to us */
  std::string body;
  for (size_t at = from; at < to; ++at) body += lines[at] + "\n";
  const std::string encoding = lower(headers.value("content-transfer-encoding"));
  if (encoding.find("quoted-printable") != encoding.npos) body = from_quoted_printable(body, false);
  if (encoding.find("base64") != encoding.npos) body = from_base64(body);
  body = to_utf8(body, parameter(type, "charset"));
  return lower(type).find("text/html") == type.npos ? body : without_markup(body);
}

bool begins_mail(const Lines& lines, size_t at) {
  return lines[at].rfind("From ", 0) == 0 && at + 1 < lines.size() && is_header(lines[at + 1]);
}

/* Nothing but headers up to the empty line, who it is from among them. */
bool is_mail(const Lines& lines, size_t at) {
  size_t headers = 0;
  bool from = false;
  for (; at < lines.size() && !lines[at].empty(); ++at) {
    const bool folded = headers > 0 && (lines[at][0] == ' ' || lines[at][0] == '\t');
    if (!folded && !is_header(lines[at])) return false;
    from = from || lower(lines[at]).rfind("from:", 0) == 0;
    ++headers;
  }
  return from && headers >= 2;
}

/* --- pages
 * ---------------------------------------------------------------------------------------------------- */

std::string entity(const std::string& name) {
  static const std::map<std::string, std::string> kNames = {{"lt", "<"},    {"gt", ">"},   {"amp", "&"},
                                                            {"quot", "\""}, {"apos", "'"}, {"nbsp", " "}};
  auto known = kNames.find(name);
  if (known != kNames.end()) return known->second;
  if (name.size() < 2 || name[0] != '#') return "&" + name + ";";
  const bool hex = name[1] == 'x' || name[1] == 'X';
  uint32_t code = 0;
  for (size_t i = hex ? 2 : 1; i < name.size(); ++i) {
    const int digit = hex_digit(name[i]);
    if (digit < 0 || code > 0x10ffff) return "&" + name + ";";
    code = code * (hex ? 16 : 10) + static_cast<uint32_t>(digit);
  }
  if (code < 0x20) return code == '\t' ? "\t" : code == '\n' ? "\n" : " ";
  if (code < 0x80) return std::string(1, static_cast<char>(code));
  if (code < 0x800) return {static_cast<char>(0xc0 | code >> 6), static_cast<char>(0x80 | (code & 0x3f))};
  return {static_cast<char>(0xe0 | (code >> 12 & 0xf)), static_cast<char>(0x80 | (code >> 6 & 0x3f)),
          static_cast<char>(0x80 | (code & 0x3f))};
}

/* Text as a browser would show it, more or less; lines end where they end in <pre>, and at blocks. */
std::string without_markup(const std::string& html) {
  static const std::vector<std::string> kBlocks = {"br", "p",  "div", "tr",    "li",    "pre",
                                                   "h1", "h2", "h3",  "title", "table", "hr"};
  std::string out;
  for (size_t i = 0; i < html.size(); ++i) {
    if (html[i] == '<') {
      if (html.compare(i, 4, "<!--") == 0) {
        const size_t end = html.find("-->", i);
        i = end == html.npos ? html.size() : end + 2;
        continue;
      }
      size_t end = html.find('>', i);
      if (end == html.npos) break;
      size_t name = i + 1 + (html[i + 1] == '/' ? 1 : 0);
      std::string tag;
      while (name < end && std::isalnum(static_cast<unsigned char>(html[name])) != 0) tag += html[name++];
      tag = lower(tag);
      if (std::find(kBlocks.begin(), kBlocks.end(), tag) != kBlocks.end() && !out.empty() &&
          out.back() != '\n')
        out += '\n';
      if ((tag == "script" || tag == "style") && html[i + 1] != '/') {
        const size_t close = lower(html.substr(end)).find("</" + tag);
        end = close == html.npos ? html.size() : html.find('>', end + close);
        if (end == html.npos) break;
      }
      i = end;
    } else if (html[i] == '&') {
      const size_t end = html.find(';', i);
      if (end == html.npos || end - i > 10) {
        out += '&';
      } else {
        out += entity(html.substr(i + 1, end - i - 1));
        i = end;
      }
    } else {
      out += html[i];
    }
  }
  return out;
}

bool is_page(const std::string& text) {
  const std::string top = lower(text.substr(0, 2000));
  return top.find("<html") != top.npos || top.find("<!doctype html") != top.npos;
}

}  // namespace

std::string plain_mail(const std::string& text) {
  if (is_page(text)) return without_markup(text);
  const Lines lines = lines_of(text);
  size_t at = 0;
  while (at < lines.size() && lines[at].empty()) ++at;
  /* Something else, an archive's page as text, say. */
  const bool mbox = at < lines.size() && begins_mail(lines, at);
  const bool mail = is_mail(lines, at);
  if (!mbox && !mail) return text;
  std::string out;
  while (at < lines.size()) {
    if (begins_mail(lines, at)) ++at;
    const Headers headers = read_headers(lines, at);
    const size_t body = at;
    while (at < lines.size() && !(mbox && begins_mail(lines, at))) ++at;
    for (const std::string& line : headers.lines) out += line + "\n";
    out += "\n" + body_of(headers, lines, body, at, 0) + "\n";
  }
  return out;
}

}  // namespace daxrace::replay
