# SPDX-License-Identifier: GPL-2.0-only
# Reads the sources of core/model; prints, tab separated:
#   row  FILE LINE KERNEL-FILE FUNCTION VERSION LEFT-OUT POINTS   a function that a header comment names; POINTS: its
#                                                          own scheduling points, not those of what it calls
#   bad  FILE LINE TEXT                                    a header comment, or a function, that is not as it should be
#
# A header comment is   /* PATH: NAME(), VERSION. Left out: TEXT. */   Several NAME() may share one, with commas; other
# sentences may stand before "Left out:". Every other function is named testfs_ or model_: any other name can then be
# looked up in Linux.

FNR == 1 { finish_file(); file = FILENAME; in_comment = 0 }

!in_comment && /^[ \t]*\/\* *[A-Za-z0-9_.\/-]+\.[chS]:/ { in_comment = 1; text = ""; start = FNR }
# The kernel's form of a longer comment: its first line is empty.
!in_comment && opened && /^ \* [A-Za-z0-9_.\/-]+\.[chS]:/ { in_comment = 1; text = ""; start = FNR }
{ opened = /^\/\*$/ }

in_comment {
	line = $0
	closed = line ~ /\*\//
	sub(/\*\/.*/, "", line)
	sub(/^[ \t]*\/?\*+/, "", line)
	text = text " " line
	if (closed) { in_comment = 0; header(text) }
	next
}

# Kernel style: the brace of a function stands alone at the beginning of a line, its name ends at the first bracket.
/^[A-Za-z_].*\(/ && !/^(namespace|template|using|typedef|static_assert|extern "C)/ {
	candidate = $0
	candidate_line = FNR
}
/^(namespace|class |(struct|enum|union) [A-Za-z_0-9]+$|[A-Za-z_].*;)/ { candidate = "" }
/^\{/ && candidate != "" { definition(candidate, candidate_line); candidate = ""; in_body = 1; points = 0 }
in_body { points += points_in($0) }
/^\}/ && in_body { in_body = 0; print_pending(points) }

END { finish_file() }

function header(text,    path, names, version, left, at) {
	gsub(/[ \t]+/, " ", text); sub(/^ /, "", text); sub(/ $/, "", text)
	path = text; sub(/:.*/, "", path)
	text = substr(text, length(path) + 2); sub(/^ /, "", text)
	# Prose about a kernel file claims nothing.
	if (text !~ /^[A-Za-z_][A-Za-z0-9_]*\(/) return
	if (text !~ /^[A-Za-z_][A-Za-z0-9_]*\(\)(, [A-Za-z_][A-Za-z0-9_]*\(\))*, .*v[0-9]/) {
		bad(start, "not a header comment: write /* " path ": NAME(), v6.15. Left out: ... */")
		return
	}
	match(text, /^[A-Za-z_0-9]+\(\)(, [A-Za-z_0-9]+\(\))*, /)
	names = substr(text, 1, RLENGTH - 2)
	version = substr(text, RLENGTH + 1)
	left = ""
	at = index(version, "Left out: ")
	# Up to the end of the sentence.
	if (at) { left = substr(version, at + 10); sub(/\.( .*)?$/, "", left) }
	sub(/ .*/, "", version)
	sub(/[.,]$/, "", version)
	count = split(names, list, ", ")
	for (i = 1; i <= count; i++) {
		name = list[i]; sub(/\(\)/, "", name)
		documented[name] = start
		# In a body it is about a few lines of it.
		pending[++pendings] = "row\t" file "\t" start "\t" path "\t" list[i] "\t" version "\t" left
		if (in_body) { pendings--; print pending[pendings + 1] "\t" }
	}
}

function print_pending(points,    i) {
	for (i = 1; i <= pendings; i++) print pending[i] "\t" points
	pendings = 0
}

# The words of core/model/vocabulary.h, and members of the engine's types, that begin with a scheduling point.
function points_in(line,    n) {
	sub(/\/\*.*/, "", line)
	n = gsub(/(^|[^A-Za-z0-9_])(READ_ONCE|WRITE_ONCE|spin_lock|spin_lock_nested|xas_lock_irq|down_read|down_write|down_write_nested|down_read_trylock|raw_read_seqcount|read_seqcount_retry|raw_write_seqcount_begin|raw_write_seqcount_end|prepare_to_wait_exclusive|finish_wait|schedule_on|waitqueue_active|__wake_up)\(/, "&", line)
	return n + gsub(/(\.|->)(fetch_add|fetch_sub|compare_exchange|compare_exchange_strong|exchange|load|store|prepare_to_wait|prepare_to_wait_event|schedule|wake_up_var|wait|complete|lock|try_lock)\(/, "&", line)
}

function definition(text, at,    name) {
	name = text
	sub(/\(.*/, "", name)
	if (name ~ /::|operator|[<>=]/) return
	sub(/.*[ \t*&]/, "", name)
	if (name !~ /^[a-z_][a-z0-9_]*$/ || name ~ /^_*(testfs|model)_/) return
	defined[name] = at
}

# A header counts wherever it stands in the file; an older form has the name of the kernel function with a suffix.
function finish_file(    name, stem) {
	if (file ~ /\.cc$/ && file !~ /_(test|bench|relacy)\.cc$/)
		for (name in defined) {
			stem = name
			while (stem != "" && !(stem in documented))
				if (!sub(/_+[^_]*$/, "", stem)) stem = ""
			if (stem == "")
				bad(defined[name], name "() has no header comment: /* fs/dax.c: " name "(), v6.15 */, or name it model_ or testfs_")
		}
	print_pending("")
	split("", documented); split("", defined); candidate = ""; in_body = 0
}

function bad(at, text) { print "bad\t" file "\t" at "\t" text }
