/*
 * Tests of the terminal modes. The table here was written from RFC 4254,
 * section 8 (and RFC 8160 for iutf8), and says of each mode what it is to do
 * to a struct termios. Everything else of that struct must stay as it was,
 * whatever it was before.
 */

#include <sys/types.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include <cmocka.h>

#include "compat/ptymodes.h"

#define nitems(a) (sizeof(a) / sizeof((a)[0]))

enum what { CHARACTER, INPUT, LOCAL, OUTPUT, CONTROL, SIZE, SPEED };

/* Not every system has it: nothing may happen, or something of its own. */
#define UNSURE (-1)

static const struct {
	const char *name;
	uint32_t opcode;
	enum what what;
	long long place; /* index of c_cc, or the bits */
} table[] = {
	{ "vintr", 1, CHARACTER, VINTR },
	{ "vquit", 2, CHARACTER, VQUIT },
	{ "verase", 3, CHARACTER, VERASE },
	{ "vkill", 4, CHARACTER, VKILL },
	{ "veof", 5, CHARACTER, VEOF },
	{ "veol", 6, CHARACTER, VEOL },
	{ "veol2", 7, CHARACTER, VEOL2 },
	{ "vstart", 8, CHARACTER, VSTART },
	{ "vstop", 9, CHARACTER, VSTOP },
	{ "vsusp", 10, CHARACTER, VSUSP },
	{ "vdsusp", 11, CHARACTER, UNSURE },
	{ "vreprint", 12, CHARACTER, VREPRINT },
	{ "vwerase", 13, CHARACTER, VWERASE },
	{ "vlnext", 14, CHARACTER, VLNEXT },
	{ "vflush", 15, CHARACTER, UNSURE },
	{ "vswtch", 16, CHARACTER, UNSURE },
	{ "vstatus", 17, CHARACTER, UNSURE },
	{ "vdiscard", 18, CHARACTER, VDISCARD },
	{ "ignpar", 30, INPUT, IGNPAR },
	{ "parmrk", 31, INPUT, PARMRK },
	{ "inpck", 32, INPUT, INPCK },
	{ "istrip", 33, INPUT, ISTRIP },
	{ "inlcr", 34, INPUT, INLCR },
	{ "igncr", 35, INPUT, IGNCR },
	{ "icrnl", 36, INPUT, ICRNL },
	{ "iuclc", 37, INPUT, UNSURE },
	{ "ixon", 38, INPUT, IXON },
	{ "ixany", 39, INPUT, IXANY },
	{ "ixoff", 40, INPUT, IXOFF },
	{ "imaxbel", 41, INPUT, IMAXBEL },
	{ "iutf8", 42, INPUT, UNSURE },
	{ "isig", 50, LOCAL, ISIG },
	{ "icanon", 51, LOCAL, ICANON },
	{ "xcase", 52, LOCAL, UNSURE },
	{ "echo", 53, LOCAL, ECHO },
	{ "echoe", 54, LOCAL, ECHOE },
	{ "echok", 55, LOCAL, ECHOK },
	{ "echonl", 56, LOCAL, ECHONL },
	{ "noflsh", 57, LOCAL, NOFLSH },
	{ "tostop", 58, LOCAL, TOSTOP },
	{ "iexten", 59, LOCAL, IEXTEN },
	{ "echoctl", 60, LOCAL, ECHOCTL },
	{ "echoke", 61, LOCAL, ECHOKE },
	{ "pendin", 62, LOCAL, PENDIN },
	{ "opost", 70, OUTPUT, OPOST },
	{ "olcuc", 71, OUTPUT, UNSURE },
	{ "onlcr", 72, OUTPUT, ONLCR },
	{ "ocrnl", 73, OUTPUT, OCRNL },
	{ "onocr", 74, OUTPUT, ONOCR },
	{ "onlret", 75, OUTPUT, ONLRET },
	{ "cs7", 90, SIZE, CS7 },
	{ "cs8", 91, SIZE, CS8 },
	{ "parenb", 92, CONTROL, PARENB },
	{ "parodd", 93, CONTROL, PARODD },
	{ "tty_op_ispeed", 128, SPEED, 0 },
	{ "tty_op_ospeed", 129, SPEED, 0 },
};

static const struct {
	uint32_t baud;
	speed_t speed;
} speeds[] = {
	{ 0, B0 },
	{ 50, B50 },
	{ 75, B75 },
	{ 110, B110 },
	{ 134, B134 },
	{ 150, B150 },
	{ 200, B200 },
	{ 300, B300 },
	{ 600, B600 },
	{ 1200, B1200 },
	{ 1800, B1800 },
	{ 2400, B2400 },
	{ 4800, B4800 },
	{ 9600, B9600 },
	{ 19200, B19200 },
	{ 38400, B38400 },
	{ 57600, B57600 },
	{ 115200, B115200 },
	{ 230400, B230400 },
};

/* What a mode may be applied to: nothing set, all set, and a mixture. */
static const uint8_t fills[] = { 0, 0xff, 0x5a, 0xa5 };

static void
fill(struct termios *t, size_t i)
{
	memset(t, fills[i], sizeof(*t));
}

static void
set(struct termios *t, uint32_t opcode, uint32_t value)
{
	assert_int_equal(ptymode_check(opcode, value), 0);
	assert_int_equal(ptymode_set(t, opcode, value), 0);
}

/* The table's index of an opcode, or nitems(table). */
static size_t
find(uint32_t opcode)
{
	size_t i;

	for (i = 0; i < nitems(table); i++)
		if (table[i].opcode == opcode)
			break;
	return (i);
}

static uint32_t
max_value(size_t i)
{
	switch (table[i].what) {
	case CHARACTER:
		return (255);
	case SPEED:
		return (UINT32_MAX);
	default:
		return (1);
	}
}

static void
test_names(void **state)
{
	static const char *const bad[] = { "", "v", "vint", "vintrx", "VINTR",
		"Echo", " echo", "echo ", "tty_op_end", "cs5", "cs6",
		"tty_op_speed", "vmin", "vtime", "iutf", "ispeed", "1" };
	size_t i;

	(void)state;
	assert_int_equal(nitems(table), 56);
	for (i = 0; i < nitems(table); i++) {
		assert_int_equal(
		    ptymode_opcode(table[i].name), table[i].opcode);
		assert_true(table[i].opcode < PTYMODE_MAX);
	}
	for (i = 0; i < nitems(bad); i++)
		assert_int_equal(ptymode_opcode(bad[i]), -1);
}

static void
test_check(void **state)
{
	static const uint32_t values[] = { 0, 1, 2, 127, 254, 255, 256, 257,
		9600, 65536, 0x7fffffff, 0x80000000U, 0xffffff00U,
		0xffffffffU };
	uint32_t opcode;
	size_t i, n;

	(void)state;
	for (opcode = 0; opcode < 1024; opcode++) {
		n = find(opcode);
		for (i = 0; i < nitems(values); i++)
			assert_int_equal(ptymode_check(opcode, values[i]),
			    n < nitems(table) && values[i] <= max_value(n)
				? 0
				: -1);
	}
	for (opcode = 8; opcode < 32; opcode++)
		assert_int_equal(ptymode_check((1U << opcode) | 1, 1), -1);
	assert_int_equal(ptymode_check(UINT32_MAX, 0), -1);
}

/* One that there is not changes nothing. */
static void
test_set_unknown(void **state)
{
	struct termios before, t;
	uint32_t opcode;

	(void)state;
	fill(&before, 2);
	t = before;
	for (opcode = 0; opcode < 1024; opcode++)
		if (find(opcode) == nitems(table))
			assert_int_equal(ptymode_set(&t, opcode, 1), -1);
	assert_int_equal(ptymode_set(&t, UINT32_MAX, 1), -1);
	assert_int_equal(ptymode_set(&t, 257, 1), -1);
	assert_memory_equal(&t, &before, sizeof(t));
}

static tcflag_t *
flags_of(struct termios *t, enum what what)
{
	switch (what) {
	case INPUT:
		return (&t->c_iflag);
	case LOCAL:
		return (&t->c_lflag);
	case OUTPUT:
		return (&t->c_oflag);
	default:
		return (&t->c_cflag);
	}
}

static int
is_bit(size_t i)
{
	return (table[i].what == INPUT || table[i].what == LOCAL ||
		table[i].what == OUTPUT || table[i].what == CONTROL);
}

/* The bits that a mode sets in its word, with all else as it was. */
static tcflag_t
bits_set(size_t i)
{
	struct termios t, none;

	memset(&t, 0, sizeof(t));
	none = t;
	set(&t, table[i].opcode, 1);
	*flags_of(&none, table[i].what) = *flags_of(&t, table[i].what);
	assert_memory_equal(&t, &none, sizeof(t));
	return (*flags_of(&t, table[i].what));
}

static void
assert_bit(size_t i, size_t with)
{
	struct termios before, t;
	tcflag_t bits = bits_set(i);
	uint32_t value;

	if (table[i].place != UNSURE)
		assert_int_equal(bits, table[i].place);
	for (value = 0; value < 2; value++) {
		fill(&before, with);
		t = before;
		set(&t, table[i].opcode, value);
		if (value)
			*flags_of(&before, table[i].what) |= bits;
		else
			*flags_of(&before, table[i].what) &= ~bits;
		assert_memory_equal(&t, &before, sizeof(t));
		/* Once more changes nothing. */
		set(&t, table[i].opcode, value);
		assert_memory_equal(&t, &before, sizeof(t));
	}
}

static void
test_bits(void **state)
{
	size_t i, with;

	(void)state;
	for (i = 0; i < nitems(table); i++)
		for (with = 0; with < nitems(fills) && is_bit(i); with++)
			assert_bit(i, with);
}

/* One bit each, and none that another mode has too. */
static void
test_bits_differ(void **state)
{
	tcflag_t bits, seen[SPEED + 1] = { 0 };
	size_t i;

	(void)state;
	for (i = 0; i < nitems(table); i++) {
		if (!is_bit(i))
			continue;
		bits = bits_set(i);
		assert_true((bits & (bits - 1)) == 0);
		assert_true((bits & seen[table[i].what]) == 0);
		seen[table[i].what] |= bits;
	}
	assert_true((seen[CONTROL] & CSIZE) == 0);
}

/* Where a character is: NCCS if the system has no such place. */
static size_t
place_of(size_t i)
{
	struct termios t;
	size_t place = NCCS, n;

	memset(&t, 0, sizeof(t));
	set(&t, table[i].opcode, 77);
	for (n = 0; n < NCCS; n++) {
		if (t.c_cc[n] == 0)
			continue;
		assert_int_equal(t.c_cc[n], 77);
		assert_int_equal(place, NCCS);
		place = n;
	}
	return (place);
}

static void
assert_character(size_t i, size_t with)
{
	struct termios before, t;
	size_t place = place_of(i);
	uint32_t value;

	if (table[i].place != UNSURE)
		assert_int_equal(place, table[i].place);
	for (value = 0; value < 256; value++) {
		fill(&before, with);
		t = before;
		set(&t, table[i].opcode, value);
		if (place < NCCS)
			before.c_cc[place] =
			    value == 255 ? _POSIX_VDISABLE : (cc_t)value;
		assert_memory_equal(&t, &before, sizeof(t));
	}
}

static void
test_characters(void **state)
{
	size_t i, seen[NCCS + 1] = { 0 }, with;

	(void)state;
	for (i = 0; i < nitems(table); i++) {
		if (table[i].what != CHARACTER)
			continue;
		for (with = 0; with < nitems(fills); with++)
			assert_character(i, with);
		assert_true(seen[place_of(i)]++ == 0 || place_of(i) == NCCS);
	}
}

static void
test_sizes(void **state)
{
	static const tcflag_t sizes[] = { CS5, CS6, CS7, CS8 };
	struct termios before, t;
	size_t i, with;

	(void)state;
	for (with = 0; with < nitems(fills); with++) {
		for (i = 0; i < nitems(sizes); i++) {
			fill(&before, with);
			before.c_cflag &= ~(tcflag_t)CSIZE;
			before.c_cflag |= sizes[i];
			t = before;
			set(&t, 90, 0);
			set(&t, 91, 0);
			assert_memory_equal(&t, &before, sizeof(t));
			before.c_cflag &= ~(tcflag_t)CSIZE;
			before.c_cflag |= CS7;
			set(&t, 90, 1);
			assert_memory_equal(&t, &before, sizeof(t));
			set(&t, 91, 0);
			assert_memory_equal(&t, &before, sizeof(t));
			before.c_cflag |= CS8;
			set(&t, 91, 1);
			assert_memory_equal(&t, &before, sizeof(t));
		}
	}
}

/* All that is no speed, wherever a system keeps its speeds. */
static void
assert_rest(const struct termios *t, const struct termios *before)
{
	const tcflag_t control =
	    CSIZE | CSTOPB | CREAD | PARENB | PARODD | HUPCL | CLOCAL;
	const tcflag_t input = BRKINT | ICRNL | IGNBRK | IGNCR | IGNPAR |
			       INLCR | INPCK | ISTRIP | IXANY | IXOFF | IXON |
			       PARMRK;

	assert_int_equal(t->c_iflag & input, before->c_iflag & input);
	assert_int_equal(t->c_oflag, before->c_oflag);
	assert_int_equal(t->c_lflag, before->c_lflag);
	assert_int_equal(t->c_cflag & control, before->c_cflag & control);
	assert_memory_equal(t->c_cc, before->c_cc, sizeof(t->c_cc));
}

/* None is as the output's, and a libc may say so. */
static speed_t
input_speed(const struct termios *t, size_t i)
{
	if (speeds[i].speed == B0 && cfgetispeed(t) != B0)
		return (cfgetospeed(t));
	return (speeds[i].speed);
}

static void
test_speeds(void **state)
{
	struct termios before, t;
	size_t i, with;

	(void)state;
	for (with = 0; with < nitems(fills); with++) {
		for (i = 0; i < nitems(speeds); i++) {
			fill(&before, with);
			t = before;
			set(&t, 129, speeds[i].baud);
			assert_int_equal(cfgetospeed(&t), speeds[i].speed);
			assert_rest(&t, &before);
			t = before;
			set(&t, 128, speeds[i].baud);
			assert_int_equal(cfgetispeed(&t), input_speed(&t, i));
			assert_rest(&t, &before);
		}
	}
}

static void
test_speeds_unknown(void **state)
{
	static const uint32_t bad[] = { 1, 2, 13, 15, 49, 51, 111, 9599, 9601,
		38401, 65536, 4097, 0x7fffffff, 0x80000000U, 0xffffffffU };
	struct termios before, t;
	size_t i;

	(void)state;
	for (i = 0; i < nitems(bad); i++) {
		fill(&before, 2);
		t = before;
		assert_int_equal(ptymode_check(128, bad[i]), 0);
		assert_int_equal(ptymode_set(&t, 128, bad[i]), -1);
		assert_int_equal(ptymode_check(129, bad[i]), 0);
		assert_int_equal(ptymode_set(&t, 129, bad[i]), -1);
		assert_memory_equal(&t, &before, sizeof(t));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_check),
		cmocka_unit_test(test_set_unknown),
		cmocka_unit_test(test_bits),
		cmocka_unit_test(test_bits_differ),
		cmocka_unit_test(test_characters),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_speeds),
		cmocka_unit_test(test_speeds_unknown),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
