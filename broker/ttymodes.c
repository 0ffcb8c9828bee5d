/*
 * Terminal modes: [{Name, Value}], as an option of run and as a request.
 */

#include <errno.h>
#include <string.h>

#include "broker.h"
#include "compat/ptymodes.h"

/* An integer, or a boolean. */
static int
ttymode_get_value(struct etf *e, uint32_t *value)
{
	char atom[ETF_ATOM_MAX];
	int64_t n;

	if (etf_get_int(e, &n) == 0) {
		*value = (uint32_t)n;
		return (n >= 0 && n <= UINT32_MAX ? 0 : -1);
	}
	if (etf_get_atom(e, atom, sizeof(atom)) == -1)
		return (-1);
	*value = strcmp(atom, "true") == 0;
	return (*value || strcmp(atom, "false") == 0 ? 0 : -1);
}

static int
ttymode_get(struct etf *e, struct msg_mode *m)
{
	char name[ETF_ATOM_MAX];
	uint32_t arity;
	int opcode;

	if (etf_get_tuple(e, &arity) == -1 || arity != 2 ||
	    etf_get_atom(e, name, sizeof(name)) == -1 ||
	    (opcode = ptymode_opcode(name)) == -1 ||
	    ttymode_get_value(e, &m->value) == -1)
		return (-1);
	m->opcode = (uint32_t)opcode;
	return (ptymode_check(m->opcode, m->value));
}

int
ttymodes_get(struct etf *e, struct msg_mode *modes, uint32_t *count)
{
	uint32_t i, n;

	errno = EINVAL;
	if (etf_get_list(e, &n) == -1 || n > TTYMODES_MAX)
		return (-1);
	for (i = 0; i < n; i++)
		if (ttymode_get(e, &modes[i]) == -1)
			return (-1);
	*count = n;
	return (n == 0 ? 0 : etf_get_nil(e));
}
