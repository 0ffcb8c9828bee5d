#ifndef OPENBSD_SYS_QUEUE_H
#define OPENBSD_SYS_QUEUE_H

/*
 * In these, what a macro may be given and what it is worth are as there; what
 * it does to the queue is not.
 */

#define TAILQ_HEAD(name, type)             \
	struct name {                      \
		struct type *tqh_first;    \
		struct type **tqh_last;    \
	}
#define TAILQ_HEAD_INITIALIZER(head) \
	{                            \
		0, &(head).tqh_first \
	}
#define TAILQ_ENTRY(type)               \
	struct {                        \
		struct type *tqe_next;  \
		struct type **tqe_prev; \
	}
#define TAILQ_FIRST(head) ((head)->tqh_first)
#define TAILQ_NEXT(e, field) ((e)->field.tqe_next)
#define TAILQ_EMPTY(head) (TAILQ_FIRST(head) == 0)
#define TAILQ_LAST(head, name) (*((struct name *)(head))->tqh_last)
#define TAILQ_FOREACH(e, head, field) \
	for ((e) = TAILQ_FIRST(head); (e) != 0; (e) = TAILQ_NEXT(e, field))
#define TAILQ_FOREACH_SAFE(e, head, field, next)                         \
	for ((e) = TAILQ_FIRST(head);                                    \
	     (e) != 0 && ((next) = TAILQ_NEXT(e, field), 1); (e) = (next))
#define TAILQ_INIT(head)                                  \
	do {                                              \
		(head)->tqh_first = 0;                    \
		(head)->tqh_last = &(head)->tqh_first;    \
	} while (0)
#define TAILQ_INSERT_HEAD(head, e, field)                 \
	do {                                              \
		(e)->field.tqe_next = (head)->tqh_first;  \
		(e)->field.tqe_prev = &(head)->tqh_first; \
	} while (0)
#define TAILQ_INSERT_TAIL(head, e, field)              \
	do {                                           \
		(e)->field.tqe_next = 0;               \
		(e)->field.tqe_prev = (head)->tqh_last; \
	} while (0)
#define TAILQ_REMOVE(head, e, field) \
	(*(e)->field.tqe_prev = (e)->field.tqe_next, (void)(head))
#define TAILQ_CONCAT(to, from, field)                                       \
	(*(to)->tqh_last = (from)->tqh_first,                               \
	    (from)->tqh_first->field.tqe_prev = (to)->tqh_last)

#define SLIST_HEAD(name, type)          \
	struct name {                   \
		struct type *slh_first; \
	}
#define SLIST_HEAD_INITIALIZER(head) \
	{                            \
		0                    \
	}
#define SLIST_ENTRY(type)              \
	struct {                       \
		struct type *sle_next; \
	}
#define SLIST_FIRST(head) ((head)->slh_first)
#define SLIST_NEXT(e, field) ((e)->field.sle_next)
#define SLIST_EMPTY(head) (SLIST_FIRST(head) == 0)
#define SLIST_FOREACH(e, head, field) \
	for ((e) = SLIST_FIRST(head); (e) != 0; (e) = SLIST_NEXT(e, field))
#define SLIST_INIT(head) ((head)->slh_first = 0)
#define SLIST_INSERT_HEAD(head, e, field) \
	((e)->field.sle_next = (head)->slh_first, (head)->slh_first = (e))
#define SLIST_REMOVE_HEAD(head, field) \
	((head)->slh_first = (head)->slh_first->field.sle_next)

#define STAILQ_HEAD(name, type)           \
	struct name {                     \
		struct type *stqh_first;  \
		struct type **stqh_last;  \
	}
#define STAILQ_ENTRY(type)              \
	struct {                        \
		struct type *stqe_next; \
	}
#define STAILQ_FIRST(head) ((head)->stqh_first)
#define STAILQ_NEXT(e, field) ((e)->field.stqe_next)
#define STAILQ_EMPTY(head) (STAILQ_FIRST(head) == 0)
#define STAILQ_FOREACH(e, head, field) \
	for ((e) = STAILQ_FIRST(head); (e) != 0; (e) = STAILQ_NEXT(e, field))
#define STAILQ_INIT(head)                              \
	do {                                           \
		(head)->stqh_first = 0;                \
		(head)->stqh_last = &(head)->stqh_first; \
	} while (0)
#define STAILQ_INSERT_TAIL(head, e, field)        \
	do {                                      \
		(e)->field.stqe_next = 0;         \
		*(head)->stqh_last = (e);         \
	} while (0)
#define STAILQ_REMOVE(head, e, type, field) \
	((head)->stqh_first = (struct type *)(e)->field.stqe_next)
#define STAILQ_REMOVE_HEAD(head, field) \
	((head)->stqh_first = (head)->stqh_first->field.stqe_next)

#endif
