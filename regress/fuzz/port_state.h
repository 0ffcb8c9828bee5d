#ifndef PORT_STATE_H
#define PORT_STATE_H

/* As if port_init() had never been called, but for what is queued nowhere. */
void port_forget(void);

#endif
