#ifndef OPENBSD_SYSLOG_H
#define OPENBSD_SYSLOG_H

#define LOG_ERR 3
#define LOG_WARNING 4
#define LOG_NOTICE 5
#define LOG_INFO 6
#define LOG_AUTHPRIV (10 << 3)

#endif
