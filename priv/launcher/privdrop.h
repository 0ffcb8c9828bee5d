/*
 * What a launcher keeps of root: the right to become its own user.
 */

#ifndef LAUNCHER_PRIVDROP_H
#define LAUNCHER_PRIVDROP_H

struct runas;

/*
 * In the launcher of t: leave the starter's session, become the uid that is
 * this launcher's alone, and prove that there is no way to become anybody but
 * t. Nothing where t changes nothing. Fatal on failure.
 */
void privdrop_launcher(const struct runas *t);

#endif
