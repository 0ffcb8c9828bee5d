#ifndef REQUEST_STATE_H
#define REQUEST_STATE_H

/* Has the node said hello? */
void request_remember(int hello);

#endif
