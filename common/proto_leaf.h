/*
 * Rows of the table of messages in proto.c that are about leaves; see
 * proto_leaf.c.
 */

#ifndef PROTO_LEAF_H
#define PROTO_LEAF_H

struct msg;

int proto_unpack_leaf_make(struct msg *);
int proto_unpack_leaf_ask(struct msg *);
int proto_unpack_leaf(struct msg *);
int proto_unpack_leaf_done(struct msg *);
int proto_unpack_leaf_state(struct msg *);
int proto_unpack_leaf_event(struct msg *);
int proto_unpack_cgroup_set(struct msg *);

#endif
