# Makes a manual of a page of Markdown, as much of that as ours have: headings,
# paragraphs, lists, tables, blocks of code, and in lines `code` and **strong**.
# A table becomes a list, with the first column as its tags and names of the
# others, where there is more than one, before what is in them.
#
#	awk -f markdown.awk -v name=... -v section=... -v about=... -v date=... PAGE

# A line of text, with its `code` and **strong**. Words and parts of words may be
# either, which macros cannot do, so the fonts are roff's.
function inline(text,    out, at, piece) {
	out = ""
	while ((at = match(text, /`[^`]*`|\*\*[^*]*\*\*/)) > 0) {
		piece = substr(text, RSTART, RLENGTH)
		out = out raw(substr(text, 1, at - 1))
		if (piece ~ /^`/)
			out = out "\\fB" raw(substr(piece, 2, RLENGTH - 2)) "\\fR"
		else
			out = out "\\fI" raw(substr(piece, 3, RLENGTH - 4)) "\\fR"
		text = substr(text, at + length(piece))
	}
	return out raw(text)
}

function raw(text) {
	gsub(/\\/, "\\e", text)
	gsub(/\001/, "|", text)
	gsub(/-/, "\\-", text)
	return text
}

function say(text) {
	if (text ~ /^[.']/)
		text = "\\&" text
	print text
}

# The same of a sentence, in lines of no more than 78 characters.
function fold(text,    n, word, i, line) {
	n = split(text, word, / /)
	line = word[1]
	for (i = 2; i <= n; i++)
		if (length(line) + length(word[i]) > 77) {
			say(line)
			line = word[i]
		} else
			line = line " " word[i]
	say(line)
}

# Paragraphs are collected, as `code` goes over the ends of lines. mdoc wants
# each sentence on a line of its own.
function flush(    text) {
	if (paragraph == "")
		return
	text = inline(paragraph)
	paragraph = ""
	gsub(/[ \t]+/, " ", text)
	while (match(text, /[^.][A-Za-z0-9)"}][.?!] [A-Z0-9\\]/)) {
		fold(substr(text, 1, RSTART + RLENGTH - 3))
		text = substr(text, RSTART + RLENGTH - 1)
	}
	fold(text)
}

function begin(what) {
	flush()
	if (what == open)
		return
	if (open != "")
		print (open == "code" ? ".Ed" : ".El")
	open = what
	if (what == "code")
		print ".Bd -literal -offset indent"
	else if (what == "list")
		print ".Bl -bullet"
	else if (what == "table")
		print ".Bl -tag -width Ds"
	fresh = 0
}

function pp() {
	if (!fresh)
		print ".Pp"
	fresh = 0
}

BEGIN {
	print ".Dd " date
	print ".Dt " toupper(name) " " section
	print ".Os"
	print ".Sh NAME"
	print ".Nm " name
	print ".Nd " about
	print ".Sh DESCRIPTION"
	fresh = 1
}

# The title is the manual's.
/^# / { next }

/^##+ / {
	begin("")
	text = $0
	sub(/^#+ /, "", text)
	print ($1 == "##" ? ".Sh " toupper(text) : ".Ss " text)
	fresh = 1
	next
}

/^\| *---/ { next }

/^\|/ {
	line = $0
	gsub(/\\\|/, "\001", line)
	n = split(line, cell, / *\| */)
	if (open != "table" || !rows++) {
		begin("table")
		rows = 1
		for (i = 2; i < n; i++)
			head[i] = cell[i]
		next
	}
	text = inline(cell[2])
	print ".It Xo"
	say(text)
	print ".Xc"
	for (i = 3; i < n; i++)
		if (cell[i] != "") {
			if (i < n - 1)
				paragraph = paragraph "(" head[i] ": " cell[i] ") "
			else
				paragraph = paragraph cell[i]
		}
	flush()
	next
}

/^\* / {
	begin("list")
	print ".It"
	paragraph = substr($0, 3)
	next
}

/^  [^ ]/ && open == "list" {
	paragraph = paragraph " " substr($0, 3)
	next
}

/^    / {
	begin("code")
	say(raw(substr($0, 5)))
	next
}

/^$/ {
	flush()
	rows = 0
	next
}

{
	if (open != "")
		begin("")
	if (paragraph == "")
		pp()
	paragraph = paragraph (paragraph == "" ? "" : " ") $0
}

END { begin("") }
