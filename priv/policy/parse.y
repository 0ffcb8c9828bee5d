/*
 * The grammar of proctor.conf(5), and its words. The first error ends the
 * reading. What it says may be read by somebody who may not read the file:
 * it quotes one word at most, and nothing of args and setenv.
 */

%{
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capname.h"
#include "limitname.h"
#include "log.h"
#include "policy/environ_name.h"
#include "policy/limit.h"
#include "policy/place.h"
#include "policy/policy.h"
#include "policy/size.h"

static struct parse {
	struct policy *policy;
	const char *name;
	const char *in; /* what is to be read, up to a NUL */
	char *out; /* where words go */
	int line; /* of in */
	int begins; /* line of the last token */
	const char *word; /* the last token, for messages */
	const char *token; /* or this, if it was no word */
	const char *expected; /* instead of it */
	struct rule *rule; /* being read */
	int limit; /* of it, being read */
	int failed;
} parse;

static int yylex(void);
static void yyerror(const char *);
static int fail(const char *, ...)
    __attribute__((__format__(printf, 1, 2)));
static void expect(const char *);
static int begin(enum rule_action);
static int set_number(const char *, const char *, int, int, int *);
static int set_nice(const char *);
static int set_children(const char *);
static int set_limit(const char *, const char *);
static int set_io(void);
static int add_io(const char *);
static int end_io(void);
static int set_ceiling_name(const char *);
static int set_ceiling(const char *);
static int set_flag(int *, const char *);
static int set_list(char ***, const char *, const char *);
static int set_caps(void);
static int add_cap(const char *);
static int end_caps(void);
static int add_variable(const char *);
static int set_identity(const char *);
static int set_target(const char *);
static int add_group(const char *);
static int set_command(const char *);
static int add_word(char ***, const char *, const char *);
static int finish(void);
static int set_place(const char *);

#define A_RULE "\"permit\", \"deny\" or \"cgroup\""
#define AN_OPTION "an option or an identity"
#define THE_END "the end of the line"
#define CMD_OR_END "\"cmd\" or " THE_END
%}

%union {
	char *word;
}

%token PERMIT DENY NICE CHILDREN RLIMIT CGROUP IO CAPS KEEPENV SETENV AS GROUPS
%token CMD ARGS LOG NOLOG BROKEN
%token <word> WORD LIMIT
%type <word> limit

%%

file:	/* empty */
	| file '\n'
	| file rule '\n'		{ if (finish() == -1)
						YYABORT; }
	| file place '\n'		{ expect(A_RULE); }
	;

place:	cgroup WORD			{ if (set_place($2) == -1)
						YYABORT; }
	;

cgroup:	CGROUP				{ expect("a path"); }
	;

rule:	permit options identity as target groups command
	| deny identity as target
	;

permit:	PERMIT				{ if (begin(RULE_PERMIT) == -1)
						YYABORT; }
	;

deny:	DENY				{ if (begin(RULE_DENY) == -1)
						YYABORT; }
	;

options: /* empty */
	| options option		{ expect(AN_OPTION); }
	;

option:	nice WORD			{ if (set_nice($2) == -1)
						YYABORT; }
	| children WORD			{ if (set_children($2) == -1)
						YYABORT; }
	| CGROUP			{ if (set_flag(&parse.rule->leaf,
					    "cgroup") == -1)
						YYABORT; }
	| limit WORD			{ if (set_limit($1, $2) == -1)
						YYABORT; }
	| io devices '}'		{ if (end_io() == -1)
						YYABORT; }
	| caps capabilities '}'		{ if (end_caps() == -1)
						YYABORT; }
	| rlimit ceiling WORD		{ if (set_ceiling($3) == -1)
						YYABORT; }
	| KEEPENV			{ if (set_flag(&parse.rule->keepenv,
					    "keepenv") == -1)
						YYABORT; }
	| setenv variables '}'
	| log ARGS			{ if (set_flag(&parse.rule->log_args,
					    "log args") == -1)
						YYABORT; }
	| NOLOG				{ if (set_flag(&parse.rule->nolog,
					    "nolog") == -1)
						YYABORT; }
	;

log:	LOG				{ expect("\"args\""); }
	;

nice:	NICE				{ expect("a number"); }
	;

children: CHILDREN			{ expect("a number"); }
	;

rlimit:	RLIMIT				{ expect("a limit's name"); }
	;

ceiling: WORD				{ if (set_ceiling_name($1) == -1)
						YYABORT; }
	| LIMIT				{ if (set_ceiling_name($1) == -1)
						YYABORT; }
	;

limit:	LIMIT				{ expect("a limit"); }
	;

io:	IO				{ expect("\"{\""); }
	  '{'				{ if (set_io() == -1)
						YYABORT; }
	;

devices: /* empty */
	| devices WORD			{ if (add_io($2) == -1)
						YYABORT; }
	;

caps:	CAPS				{ expect("\"{\""); }
	  '{'				{ if (set_caps() == -1)
						YYABORT; }
	;

capabilities: /* empty */
	| capabilities WORD		{ if (add_cap($2) == -1)
						YYABORT; }
	;

setenv:	SETENV				{ expect("\"{\""); }
	  '{'				{ if (set_list(&parse.rule->setenv,
					    "setenv",
					    "a variable or \"}\"") == -1)
						YYABORT; }
	;

variables: /* empty */
	| variables WORD		{ if (add_variable($2) == -1)
						YYABORT; }
	;

identity: WORD				{ if (set_identity($1) == -1)
						YYABORT; }
	;

as:	AS				{ expect("a user"); }
	;

target:	WORD				{ if (set_target($1) == -1)
						YYABORT; }
	;

groups:	/* empty */
	| list names '}'		{ expect(CMD_OR_END); }
	;

list:	GROUPS				{ expect("\"{\""); }
	  '{'				{ if (set_list(&parse.rule->groups,
					    "groups",
					    "a group or \"}\"") == -1)
						YYABORT; }
	;

names:	/* empty */
	| names WORD			{ if (add_group($2) == -1)
						YYABORT; }
	;

command: /* empty */
	| cmd path
	| cmd path args words
	;

cmd:	CMD				{ expect("a path"); }
	;

path:	WORD				{ if (set_command($1) == -1)
						YYABORT; }
	;

args:	ARGS				{ if (set_list(&parse.rule->args,
					    "args", "an argument"
					    " (keywords need quotes)") == -1)
						YYABORT; }
	;

words:	/* empty */
	| words WORD			{ if (add_word(&parse.rule->args,
					    "args", $2) == -1)
						YYABORT; }
	;

%%

static const struct {
	const char *word;
	int token;
} keywords[] = {
	{ "args", ARGS },
	{ "as", AS },
	{ "caps", CAPS },
	{ "cgroup", CGROUP },
	{ "children", CHILDREN },
	{ "cmd", CMD },
	{ "deny", DENY },
	{ "groups", GROUPS },
	{ "io", IO },
	{ "keepenv", KEEPENV },
	{ "log", LOG },
	{ "nice", NICE },
	{ "nolog", NOLOG },
	{ "permit", PERMIT },
	{ "rlimit", RLIMIT },
	{ "setenv", SETENV },
};

/* Says the first error, of the line of the last token. Always -1. */
static int
fail(const char *fmt, ...)
{
	char text[256];
	va_list ap;
	int n;

	if (parse.failed)
		return (-1);
	parse.failed = 1;
	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	policy_tell(parse.policy, parse.name, parse.begins, 1, "%s",
	    n < 0 ? "error" : text);
	return (-1);
}

static int
word_shown(const char *word)
{
	size_t n = strcspn(word, "=");

	return (n > 64 ? 64 : (int)n);
}

static void
yyerror(const char *s)
{
	/* "syntax error", or no memory */
	if (strncmp(s, "syntax error", 12) != 0)
		(void)fail("%s", s);
	else if (parse.word != NULL)
		/* Behind a "=" may be what a forgotten brace lets us see. */
		(void)fail("expected %s, not \"%.*s\"", parse.expected,
		    word_shown(parse.word), parse.word);
	else
		(void)fail("expected %s, not %s", parse.expected,
		    parse.token);
}

static void
expect(const char *what)
{
	parse.expected = what;
}

static int
begin(enum rule_action action)
{
	if (parse.policy->count == POLICY_RULES_MAX)
		return (fail("more than %d rules", POLICY_RULES_MAX));
	if ((parse.rule = rule_new(action, parse.begins)) == NULL)
		return (fail("%s", strerror(errno)));
	parse.policy->count++;
	expect(action == RULE_PERMIT ? AN_OPTION :
		"an identity (a deny has no options)");
	return (0);
}

/*
 * A rule with cmd fixes a program. What the starter could make run something
 * else with it is not taken from there, whoever has written so.
 */
static int
check_setenv(const struct rule *r)
{
	char **v;
	size_t len;

	for (v = r->setenv; r->cmd != NULL && v != NULL && *v != NULL; v++) {
		len = strcspn(*v, "=");
		if (**v == '-' || ((*v)[len] == '=' && (*v)[len + 1] != '$'))
			continue;
		if (environ_dangerous(*v))
			return (fail("setenv: %.*s under cmd must have a value"
			    " of yours", word_shown(*v), *v));
	}
	return (0);
}

/* What is to have rights of root's is one program, with all that it is told. */
static int
check_caps(const struct rule *r)
{
	if (r->caps != 0 && (r->cmd == NULL || r->args == NULL))
		return (fail("caps: only with cmd and args"));
	if (r->caps != 0 && r->keepenv)
		return (fail("caps: not with keepenv"));
	return (0);
}

static int
finish(void)
{
	if (check_setenv(parse.rule) == -1 || check_caps(parse.rule) == -1)
		return (-1);
	/* What has a limit has a group that has it. */
	parse.rule->leaf |= parse.rule->limits.given != 0;
	TAILQ_INSERT_TAIL(&parse.policy->rules, parse.rule, entry);
	parse.rule = NULL;
	expect(A_RULE);
	return (0);
}

static int
set_number(const char *what, const char *word, int min, int max, int *n)
{
	const char *why;

	*n = (int)strtonum(word, min, max, &why);
	if (why != NULL)
		return (fail("%s \"%.64s\": %s (%d to %d)", what, word, why,
		    min, max));
	return (0);
}

static int
set_nice(const char *word)
{
	int n;

	if (parse.rule->nice != NICE_UNSET)
		return (fail("nice a second time"));
	if (set_number("nice", word, -20, 19, &n) == -1)
		return (-1);
	parse.rule->nice = n;
	return (0);
}

static int
set_children(const char *word)
{
	int n;

	if (parse.rule->children != 0)
		return (fail("children a second time"));
	if (set_number("children", word, 1, POLICY_CHILDREN_MAX, &n) == -1)
		return (-1);
	parse.rule->children = (uint32_t)n;
	return (0);
}

/* Where the groups of all instances are made. */
static int
set_place(const char *word)
{
	const char *fault;

	expect(THE_END);
	if (parse.policy->place != NULL)
		return (fail("cgroup a second time"));
	if ((fault = place_fault(word)) != NULL)
		return (fail("cgroup \"%.64s\": %s", word, fault));
	if ((parse.policy->place = strdup(word)) == NULL)
		return (fail("%s", strerror(errno)));
	return (0);
}

static int
set_flag(int *flag, const char *what)
{
	if (*flag)
		return (fail("%s a second time", what));
	*flag = 1;
	return (0);
}

static int
set_limit(const char *limit, const char *word)
{
	char why[LIMIT_WHY_MAX];

	if (limit_read(&parse.rule->limits, limit_find(limit), word, why) == -1)
		return (fail("%s", why));
	return (0);
}

static int
set_io(void)
{
	expect("a device, a rate or \"}\"");
	if (parse.rule->limits.ios != 0)
		return (fail("io a second time"));
	return (0);
}

static int
add_io(const char *word)
{
	char why[LIMIT_WHY_MAX];

	if (limit_read_io(&parse.rule->limits, word, why) == -1)
		return (fail("%s", why));
	return (0);
}

static int
end_io(void)
{
	char why[LIMIT_WHY_MAX];

	if (limit_end_io(&parse.rule->limits, why) == -1)
		return (fail("%s", why));
	return (0);
}

static int
set_ceiling_name(const char *word)
{
	expect("a number");
	if ((parse.limit = limitname_number(word)) == -1)
		return (fail("rlimit \"%.64s\": there is no such limit", word));
	if (parse.rule->ceilings & 1U << parse.limit)
		return (fail("rlimit %s a second time",
		    limitname[parse.limit]));
	return (0);
}

static int
set_ceiling(const char *word)
{
	struct rule *r = parse.rule;
	const char *why;

	why = size_read(word, 0, LIMIT_MAX, &r->ceiling[parse.limit]);
	if (why != NULL)
		return (fail("rlimit %s \"%.64s\": %s", limitname[parse.limit],
		    word, why));
	r->ceilings |= 1U << parse.limit;
	return (0);
}

static int
set_caps(void)
{
	expect("a capability or \"}\"");
	if (parse.rule->caps != 0)
		return (fail("caps a second time"));
	return (0);
}

static int
add_cap(const char *word)
{
	int cap = capname_number(word);

	if (cap == -1)
		return (fail("caps: \"%.64s\" is no capability", word));
	if (parse.rule->caps & 1ULL << cap)
		return (fail("caps: \"%.64s\" a second time", word));
	parse.rule->caps |= 1ULL << cap;
	return (0);
}

static int
end_caps(void)
{
	return (parse.rule->caps == 0 ? fail("caps: none is named") : 0);
}

/* What is listed, once; and what a word of it may be. */
static int
set_list(char ***list, const char *what, const char *word)
{
	expect(word);
	if (*list != NULL)
		return (fail("%s a second time", what));
	if ((*list = calloc(1, sizeof(**list))) == NULL)
		return (fail("%s", strerror(errno)));
	return (0);
}

/* The value may be a secret, and what is no variable a value. */
static int
add_variable(const char *word)
{
	const char *name = *word == '-' ? word + 1 : word;

	if (*name == '\0' || *name == '=')
		return (fail("setenv: a variable without a name"));
	if (*word == '-' && strchr(name, '=') != NULL)
		return (fail("setenv: \"-\" and a value"));
	if (strcmp(name + strcspn(name, "="), "=$") == 0)
		return (fail("setenv: \"$\" without a name"));
	return (add_word(&parse.rule->setenv, "setenv", word));
}

static int
add_word(char ***list, const char *what, const char *word)
{
	if (rule_append(list, word) == 0)
		return (0);
	if (errno == E2BIG)
		return (fail("%s: more than %d words", what, POLICY_LIST_MAX));
	return (fail("%s", strerror(errno)));
}

static int
set_identity(const char *word)
{
	const char *name = *word == ':' ? word + 1 : word;
	const char *why;

	expect("\"as\"");
	if (*name == '\0' || strchr(name, ':') != NULL)
		return (fail("\"%.64s\" is no user and no :group", word));
	if (policy_isnumber(name)) {
		(void)strtonum(name, 0, ID_MAX_VALUE, &why);
		if (why != NULL)
			return (fail("identity \"%.64s\": %s", word, why));
	}
	if ((parse.rule->ident = strdup(word)) == NULL)
		return (fail("%s", strerror(errno)));
	return (0);
}

/* A user, or user:group under permit. Numbers would have no home, no shell. */
static int
set_target(const char *word)
{
	struct rule *r = parse.rule;
	size_t len = strcspn(word, ":");
	const char *group = word + len;

	expect(r->action == RULE_DENY ? THE_END : "\"groups\", " CMD_OR_END);
	if (len == 0 || (*group == ':' &&
	    (group[1] == '\0' || strchr(group + 1, ':') != NULL)))
		return (fail("\"%.64s\" is no user and no user:group", word));
	if (*group == ':' && r->action == RULE_DENY)
		return (fail("\"%.64s\": a deny has no group", word));
	if ((r->user = strndup(word, len)) == NULL)
		return (fail("%s", strerror(errno)));
	if (policy_isnumber(r->user))
		return (fail("\"%.64s\": a user's name is needed", r->user));
	if (*group == ':' && policy_isnumber(group + 1))
		return (fail("\"%.64s\": a group's name is needed", word));
	if (*group == ':' && (r->group = strdup(group + 1)) == NULL)
		return (fail("%s", strerror(errno)));
	return (0);
}

static int
add_group(const char *word)
{
	const char *why;

	if (*word == '\0' || strchr(word, ':') != NULL)
		return (fail("groups: \"%.64s\" is no group", word));
	if (policy_isnumber(word)) {
		(void)strtonum(word, 0, ID_MAX_VALUE, &why);
		if (why != NULL)
			return (fail("groups: \"%.64s\": %s", word, why));
	}
	return (add_word(&parse.rule->groups, "groups", word));
}

static int
set_command(const char *word)
{
	expect("\"args\" or " THE_END);
	if (*word != '/')
		return (fail("cmd \"%.64s\": not an absolute path", word));
	if ((parse.rule->cmd = strdup(word)) == NULL)
		return (fail("%s", strerror(errno)));
	return (0);
}

/* Passes over blanks, comments, and newlines behind a backslash. */
static void
lex_blanks(void)
{
	for (;;) {
		if (*parse.in == ' ' || *parse.in == '\t')
			parse.in++;
		else if (*parse.in == '#')
			parse.in += strcspn(parse.in, "\n");
		else if (strncmp(parse.in, "\\\n", 2) == 0) {
			parse.in += 2;
			parse.line++;
		} else
			return;
	}
}

/*
 * One byte of a word, from where a backslash or none stands: 1 if it was
 * taken, 0 at the word's end, -1 for an error. A text ends with a newline,
 * so that something stands behind every backslash.
 */
static int
lex_byte(int *quoted, int *literal)
{
	char c = *parse.in;

	if (c == '\\' && parse.in[1] == '\n') {
		parse.in += 2;
		parse.line++;
		return (1);
	}
	if (c == '"') {
		*quoted = !*quoted;
		*literal = 1;
		parse.in++;
		return (1);
	}
	if (c == '\\') {
		*literal = 1;
		c = *++parse.in;
	} else if (*quoted && (c == '\n' || c == '\0'))
		return (fail("a quote without an end"));
	else if (!*quoted && c == '#')
		return (fail("\"#\" inside a word"));
	else if (!*quoted && strchr(" \t\n{}", c) != NULL)
		return (0);
	*parse.out++ = c;
	parse.in++;
	return (1);
}

static int
lex_word(void)
{
	char *word = parse.out;
	int more, quoted = 0, literal = 0;
	size_t i;

	do {
		more = lex_byte(&quoted, &literal);
		if (parse.out - word >= POLICY_WORD_MAX)
			more = fail("a word of more than %d bytes",
			    POLICY_WORD_MAX - 1);
	} while (more == 1);
	if (more == -1)
		return (BROKEN);
	*parse.out++ = '\0';
	yylval.word = word;
	parse.word = word;
	for (i = 0; !literal && i < sizeof(keywords) / sizeof(keywords[0]); i++)
		if (strcmp(word, keywords[i].word) == 0)
			return (keywords[i].token);
	return (literal || limit_find(word) == -1 ? WORD : LIMIT);
}

/* Words never need more room than they took in the text. */
static int
yylex(void)
{
	lex_blanks();
	parse.begins = parse.line;
	parse.word = NULL;
	switch (*parse.in) {
	case '\0':
		parse.token = "the end of the file";
		return (0);
	case '\n':
		parse.token = THE_END;
		parse.in++;
		parse.line++;
		return ('\n');
	case '{':
	case '}':
		parse.token = *parse.in == '{' ? "\"{\"" : "\"}\"";
		return (*parse.in++);
	default:
		return (lex_word());
	}
}

/*
 * Nothing but lines of printable bytes, blanks and tabs. A file whose last
 * line has no end may have lost what made that line less of a permit.
 */
static int
check_text(const char *text, size_t len)
{
	size_t i, start = 0;

	for (i = 0; i < len; i++) {
		if (text[i] == '\n') {
			start = i + 1;
			parse.begins++;
		} else if (i - start == POLICY_LINE_MAX)
			return (fail("a line of more than %d bytes",
			    POLICY_LINE_MAX));
		else if (((unsigned char)text[i] < ' ' && text[i] != '\t') ||
		    text[i] == 0x7f)
			return (fail("a control character"));
	}
	if (start != len)
		return (fail("the last line does not end with a newline"));
	return (0);
}

int
policy_parse(struct policy *p, const char *name, const char *text, size_t len)
{
	char *words;
	int ret;

	memset(&parse, 0, sizeof(parse));
	parse.policy = p;
	parse.name = name;
	parse.in = text;
	parse.line = parse.begins = 1;
	expect(A_RULE);
	if (check_text(text, len) == -1)
		return (-1);
	if ((words = malloc(len + 1)) == NULL)
		return (fail("%s", strerror(errno)));
	parse.out = words;
	/* What was said to be wrong is wrong, whatever became of it. */
	ret = yyparse() == 0 && !parse.failed ? 0 : -1;
	rule_free(parse.rule);
	freezero(words, len + 1);
	memset(&parse, 0, sizeof(parse));
	return (ret);
}
