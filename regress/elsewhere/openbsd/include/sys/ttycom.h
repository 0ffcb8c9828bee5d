#ifndef OPENBSD_SYS_TTYCOM_H
#define OPENBSD_SYS_TTYCOM_H

struct winsize {
	unsigned short ws_row, ws_col, ws_xpixel, ws_ypixel;
};

#define TIOCEXCL 0x2000740d
#define TIOCNXCL 0x2000740e
#define TIOCGPGRP 0x40047477
#define TIOCSPGRP 0x80047476
#define TIOCOUTQ 0x40047473
#define TIOCNOTTY 0x20007471
#define TIOCSCTTY 0x20007461
#define TIOCGWINSZ 0x40087468
#define TIOCSWINSZ 0x80087467
#define TIOCGSID 0x40047463

#endif
