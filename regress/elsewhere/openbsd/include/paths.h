#ifndef OPENBSD_PATHS_H
#define OPENBSD_PATHS_H

#define _PATH_BSHELL "/bin/sh"
#define _PATH_DEFPATH "/usr/bin:/bin:/usr/sbin:/sbin:/usr/X11R6/bin"
#define _PATH_STDPATH "/usr/bin:/bin:/usr/sbin:/sbin"
#define _PATH_DEVNULL "/dev/null"
#define _PATH_DEV "/dev/"
#define _PATH_TTY "/dev/tty"
#define _PATH_VARRUN "/var/run/"
#define _PATH_TMP "/tmp/"

#endif
