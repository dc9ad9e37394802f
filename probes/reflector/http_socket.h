/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REFLECTOR_HTTP_SOCKET_H
#define REFLECTOR_HTTP_SOCKET_H

#include "../core/why.h"
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

/* A listening TCP socket for both families where the machine has both; address "" is any. */
int http_socket_listen(int *out, const char *address, uint16_t port, struct why *why) MUST_CHECK;
/* The text of a PEM file, to be freed. */
int http_socket_pem(char **out, const char *file, struct why *why) MUST_CHECK;
/* The address, an IPv4-mapped one as IPv4; "" for NULL. */
void http_socket_text(const struct sockaddr_storage *from, char out[INET6_ADDRSTRLEN]);

#endif
