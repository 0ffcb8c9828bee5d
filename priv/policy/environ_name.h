/*
 * Names of environment variables, and what can be done with them. A variable
 * is "K=V", or "K" alone. Neither fails.
 */

#ifndef POLICY_ENVIRON_NAME_H
#define POLICY_ENVIRON_NAME_H

/* Does it tell a program how to talk only, with a value that is no path? */
int environ_harmless(const char *var);

/* Can a program be made by it to run what somebody else likes? */
int environ_dangerous(const char *var);

#endif
