/*
 * Is a policy file right, and what does it say of somebody?
 */

#ifndef CHECK_CHECK_H
#define CHECK_CHECK_H

/*
 * argv is what stands behind the file: nothing, or identity, "as", user, and
 * perhaps a command. "-" is standard input, which has neither owner nor mode.
 * Returns the exit status: 0 for a file that a start would take or a permit,
 * 1 for one that it would not or a deny, EXIT_USAGE.
 */
int check_policy(const char *file, int argc, char *const *argv);

#endif
