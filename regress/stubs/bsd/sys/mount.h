/*
 * What sys/mount.h of BSDs has, so that their calls of tasks can be compiled
 * where they cannot run.
 */

#ifndef STUBS_MOUNT_H
#define STUBS_MOUNT_H

int mount(const char *, const char *, int, void *);
int unmount(const char *, int);

#endif
