/*
 * A person asks about the policy, with -C, or with -n alone.
 */

#ifndef START_CONFIGTEST_H
#define START_CONFIGTEST_H

/*
 * Does not return then: becomes proctor-check, or says what to run and exits.
 * To be called before anything of the starter's is changed.
 */
void configtest(int argc, char *const *argv);

#endif
