/*
 * The table of terminal modes. #ifdef stands here only to say which of them
 * the system lacks.
 */

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "ptymodes.h"

#define NONE (-1)

#ifndef VDSUSP
#define VDSUSP NONE
#endif
#ifndef VREPRINT
#define VREPRINT NONE
#endif
#ifndef VWERASE
#define VWERASE NONE
#endif
#ifndef VLNEXT
#define VLNEXT NONE
#endif
#ifndef VSWTC
#define VSWTC NONE
#endif
#ifndef VSTATUS
#define VSTATUS NONE
#endif
#ifndef VDISCARD
#define VDISCARD NONE
#endif
#ifndef VEOL2
#define VEOL2 NONE
#endif
#ifndef IUCLC
#define IUCLC 0
#endif
#ifndef IMAXBEL
#define IMAXBEL 0
#endif
#ifndef IUTF8
#define IUTF8 0
#endif
#ifndef XCASE
#define XCASE 0
#endif
#ifndef ECHOCTL
#define ECHOCTL 0
#endif
#ifndef ECHOKE
#define ECHOKE 0
#endif
#ifndef PENDIN
#define PENDIN 0
#endif
#ifndef OLCUC
#define OLCUC 0
#endif
#ifndef ONOCR
#define ONOCR 0
#endif
#ifndef ONLRET
#define ONLRET 0
#endif
/* Linux has only a bit for VFLUSH's effect, no character. */
#ifndef VFLUSH
#define VFLUSH NONE
#endif

enum kind {
	CHARACTER,
	INPUT,
	LOCAL,
	OUTPUT,
	CONTROL,
	SIZE,
	SPEED_IN,
	SPEED_OUT
};

static const struct mode {
	const char *name;
	uint8_t opcode;
	enum kind kind;
	int64_t what; /* an index of c_cc, or bits; NONE or 0 if not there */
} modes[] = {
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
	{ "vdsusp", 11, CHARACTER, VDSUSP },
	{ "vreprint", 12, CHARACTER, VREPRINT },
	{ "vwerase", 13, CHARACTER, VWERASE },
	{ "vlnext", 14, CHARACTER, VLNEXT },
	{ "vflush", 15, CHARACTER, VFLUSH },
	{ "vswtch", 16, CHARACTER, VSWTC },
	{ "vstatus", 17, CHARACTER, VSTATUS },
	{ "vdiscard", 18, CHARACTER, VDISCARD },
	{ "ignpar", 30, INPUT, IGNPAR },
	{ "parmrk", 31, INPUT, PARMRK },
	{ "inpck", 32, INPUT, INPCK },
	{ "istrip", 33, INPUT, ISTRIP },
	{ "inlcr", 34, INPUT, INLCR },
	{ "igncr", 35, INPUT, IGNCR },
	{ "icrnl", 36, INPUT, ICRNL },
	{ "iuclc", 37, INPUT, IUCLC },
	{ "ixon", 38, INPUT, IXON },
	{ "ixany", 39, INPUT, IXANY },
	{ "ixoff", 40, INPUT, IXOFF },
	{ "imaxbel", 41, INPUT, IMAXBEL },
	{ "iutf8", 42, INPUT, IUTF8 },
	{ "isig", 50, LOCAL, ISIG },
	{ "icanon", 51, LOCAL, ICANON },
	{ "xcase", 52, LOCAL, XCASE },
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
	{ "olcuc", 71, OUTPUT, OLCUC },
	{ "onlcr", 72, OUTPUT, ONLCR },
	{ "ocrnl", 73, OUTPUT, OCRNL },
	{ "onocr", 74, OUTPUT, ONOCR },
	{ "onlret", 75, OUTPUT, ONLRET },
	{ "cs7", 90, SIZE, CS7 },
	{ "cs8", 91, SIZE, CS8 },
	{ "parenb", 92, CONTROL, PARENB },
	{ "parodd", 93, CONTROL, PARODD },
	{ "tty_op_ispeed", 128, SPEED_IN, 0 },
	{ "tty_op_ospeed", 129, SPEED_OUT, 0 },
};
#define PTYMODES (sizeof(modes) / sizeof(modes[0]))

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
#ifdef B460800
	{ 460800, B460800 },
#endif
#ifdef B500000
	{ 500000, B500000 },
#endif
#ifdef B576000
	{ 576000, B576000 },
#endif
#ifdef B921600
	{ 921600, B921600 },
#endif
#ifdef B1000000
	{ 1000000, B1000000 },
#endif
#ifdef B1152000
	{ 1152000, B1152000 },
#endif
#ifdef B1500000
	{ 1500000, B1500000 },
#endif
#ifdef B2000000
	{ 2000000, B2000000 },
#endif
#ifdef B2500000
	{ 2500000, B2500000 },
#endif
#ifdef B3000000
	{ 3000000, B3000000 },
#endif
#ifdef B3500000
	{ 3500000, B3500000 },
#endif
#ifdef B4000000
	{ 4000000, B4000000 },
#endif
};

int
ptymode_opcode(const char *name)
{
	size_t i;

	for (i = 0; i < PTYMODES; i++)
		if (strcmp(modes[i].name, name) == 0)
			return (modes[i].opcode);
	return (-1);
}

static const struct mode *
find(uint32_t opcode)
{
	size_t i;

	for (i = 0; i < PTYMODES; i++)
		if (modes[i].opcode == opcode)
			return (&modes[i]);
	return (NULL);
}

int
ptymode_check(uint32_t opcode, uint32_t value)
{
	const struct mode *m;

	if ((m = find(opcode)) == NULL)
		return (-1);
	switch (m->kind) {
	case CHARACTER:
		return (value <= 255 ? 0 : -1);
	case SPEED_IN:
	case SPEED_OUT:
		return (0);
	default:
		return (value <= 1 ? 0 : -1);
	}
}

static void
set_bits(tcflag_t *flags, int64_t bits, uint32_t on)
{
	if (on)
		*flags |= (tcflag_t)bits;
	else
		*flags &= ~(tcflag_t)bits;
}

static int
set_speed(struct termios *t, enum kind kind, uint32_t baud)
{
	size_t i;

	for (i = 0; i < sizeof(speeds) / sizeof(speeds[0]); i++) {
		if (speeds[i].baud != baud)
			continue;
		if (kind == SPEED_IN)
			return (cfsetispeed(t, speeds[i].speed));
		return (cfsetospeed(t, speeds[i].speed));
	}
	return (-1);
}

int
ptymode_set(struct termios *t, uint32_t opcode, uint32_t value)
{
	const struct mode *m;

	if ((m = find(opcode)) == NULL)
		return (-1);
	switch (m->kind) {
	case CHARACTER:
		/* RFC 4254: 255 turns the character off. */
		if (m->what != NONE)
			t->c_cc[m->what] =
			    value == 255 ? _POSIX_VDISABLE : (cc_t)value;
		return (0);
	case INPUT:
		set_bits(&t->c_iflag, m->what, value);
		return (0);
	case LOCAL:
		set_bits(&t->c_lflag, m->what, value);
		return (0);
	case OUTPUT:
		set_bits(&t->c_oflag, m->what, value);
		return (0);
	case CONTROL:
		set_bits(&t->c_cflag, m->what, value);
		return (0);
	case SIZE:
		if (value) {
			t->c_cflag &= ~(tcflag_t)CSIZE;
			t->c_cflag |= (tcflag_t)m->what;
		}
		return (0);
	default:
		return (set_speed(t, m->kind, value));
	}
}

int
ptymode_apply(int fd, const struct termios *t)
{
	/* EINVAL: nothing of it took effect, such as the parity of a pty. */
	if (tcsetattr(fd, TCSANOW, t) == -1 && errno != EINVAL)
		return (-1);
	return (0);
}
