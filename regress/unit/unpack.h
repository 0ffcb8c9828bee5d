/*
 * Unpacking by the struct: what the tests of proto.c are written with.
 */

#ifndef UNPACK_H
#define UNPACK_H

#include "proto.h"

/* 0, or -1 if the message is not one that pack could have made. */
int proto_unpack_run(const void *, size_t, struct run *r);
int proto_unpack_reply(const void *, size_t, struct reply *r);
int proto_unpack_launched(const void *, size_t, struct launched *l);
int proto_unpack_child(const void *, size_t, struct msg_child *c);
int proto_unpack_stream(const void *, size_t, struct msg_stream *s);
int proto_unpack_note(const void *, size_t, struct msg_note *n);
int proto_unpack_request(const void *, size_t, struct msg_request *r);
int proto_unpack_winsz(const void *, size_t, struct msg_winsz *w);
int proto_unpack_exit(const void *, size_t, struct msg_exit *e);
int proto_unpack_ack(const void *, size_t, struct msg_ack *a);
int proto_unpack_stdin(const void *, size_t, struct msg_stdin *s,
    const uint8_t **bytes, size_t *n);
int proto_unpack_pids(
    const void *, size_t, struct msg_pids *p, const uint8_t **pids);
int proto_unpack_ptyopts(
    const void *, size_t, struct msg_ptyopts *p, struct msg_mode *modes);
int proto_unpack_hello(
    const void *, size_t, struct msg_hello *h, struct strvec *users);
int proto_unpack_down(const void *, size_t, const char **user);

#endif
