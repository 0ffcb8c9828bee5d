# Makes C tables of constants.txt: of each kind the names that the headers of
# this system have. NAME=OTHER is one that they call OTHER, NAME! one that is no
# macro, and that all have.

function close_kind() {
	if (kind == "")
		return
	print "{ 0, NULL }\n};"
	kinds = kinds "{ \"" kind "\", const_" kind " }, "
}

/^#/ {
	next
}

NF == 0 {
	close_kind()
	kind = ""
	next
}

kind == "" {
	kind = $1
	for (i = 2; i <= NF; i++)
		printf "#if __has_include(<%s>)\n#include <%s>\n#endif\n", $i, $i
	printf "static const struct constant const_%s[] = {\n", kind
	next
}

{
	for (i = 1; i <= NF; i++) {
		n = split($i, word, "=")
		test = "ifdef " word[n]
		if (sub(/!$/, "", word[1])) {
			word[n] = word[1]
			test = "if 1"
		}
		printf "#%s\n{ (int64_t)%s, \"%s\" },\n#endif\n", \
		    test, word[n], word[1]
	}
}

END {
	close_kind()
	print "#define CONSTANT_KINDS " kinds
}
