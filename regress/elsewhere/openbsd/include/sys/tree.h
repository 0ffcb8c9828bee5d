#ifndef OPENBSD_SYS_TREE_H
#define OPENBSD_SYS_TREE_H

/* As in queue.h: names, what they take and what they are worth. */

#define RB_HEAD(name, type)             \
	struct name {                   \
		struct type *rbh_root;  \
	}
#define RB_ENTRY(type)                              \
	struct {                                    \
		struct type *rbe_left, *rbe_right, *rbe_parent; \
		int rbe_color;                      \
	}
#define RB_INITIALIZER(root) \
	{                    \
		0            \
	}
#define RB_ROOT(head) ((head)->rbh_root)
#define RB_EMPTY(head) (RB_ROOT(head) == 0)

#define RB_PROTOTYPE(name, type, field, cmp) \
	RB_PROTOTYPE_INTERNAL(name, type, field, cmp, )
#define RB_PROTOTYPE_INTERNAL(name, type, field, cmp, attr)                \
	attr struct type *name##_RB_INSERT(struct name *, struct type *);  \
	attr struct type *name##_RB_REMOVE(struct name *, struct type *);  \
	attr struct type *name##_RB_FIND(struct name *, struct type *);    \
	attr struct type *name##_RB_NFIND(struct name *, struct type *);   \
	attr struct type *name##_RB_NEXT(struct type *);                   \
	attr struct type *name##_RB_MINMAX(struct name *, int);

#define RB_GENERATE(name, type, field, cmp) \
	RB_GENERATE_INTERNAL(name, type, field, cmp, )
#define RB_GENERATE_INTERNAL(name, type, field, cmp, attr)                 \
	attr struct type *name##_RB_INSERT(struct name *h, struct type *e) \
	{                                                                  \
		return (h->rbh_root == 0 || cmp(h->rbh_root, e) ? 0 : e);  \
	}                                                                  \
	attr struct type *name##_RB_REMOVE(struct name *h, struct type *e) \
	{                                                                  \
		return (h->rbh_root == e ? 0 : e);                         \
	}                                                                  \
	attr struct type *name##_RB_FIND(struct name *h, struct type *e)   \
	{                                                                  \
		return (cmp(h->rbh_root, e) ? 0 : h->rbh_root);            \
	}                                                                  \
	attr struct type *name##_RB_NFIND(struct name *h, struct type *e)  \
	{                                                                  \
		return (cmp(h->rbh_root, e) < 0 ? 0 : h->rbh_root);        \
	}                                                                  \
	attr struct type *name##_RB_NEXT(struct type *e)                   \
	{                                                                  \
		return (e->field.rbe_right);                               \
	}                                                                  \
	attr struct type *name##_RB_MINMAX(struct name *h, int which)      \
	{                                                                  \
		return (which ? h->rbh_root : 0);                          \
	}

#define RB_INSERT(name, head, e) name##_RB_INSERT(head, e)
#define RB_REMOVE(name, head, e) name##_RB_REMOVE(head, e)
#define RB_FIND(name, head, e) name##_RB_FIND(head, e)
#define RB_NFIND(name, head, e) name##_RB_NFIND(head, e)
#define RB_NEXT(name, head, e) name##_RB_NEXT(e)
#define RB_MIN(name, head) name##_RB_MINMAX(head, -1)
#define RB_FOREACH(e, name, head)                       \
	for ((e) = RB_MIN(name, head); (e) != 0;        \
	     (e) = name##_RB_NEXT(e))

#endif
