/* SPDX-License-Identifier: Apache-2.0 */
/* The half of the access state that stands on traffic: address, names, net, credit, collector. */
#ifndef AGENT_ACCESS_NET_H
#define AGENT_ACCESS_NET_H

#include "access.h"

#define ACCESS_NEVER    INT64_MIN
#define ACCESS_TARGETS  16
#define ACCESS_EVIDENCE 240

/* What became of one test. */
enum access_way {
	WAY_NONE,      /* says nothing */
	WAY_OK,        /* the target answered as itself */
	WAY_SILENT,    /* nothing came back */
	WAY_NO_ROUTE,  /* this device knows no way there */
	WAY_NO_NAME,   /* no name server helped */
	WAY_REFUSED,   /* somebody is there and it is not what was wanted: the target's own fault */
	WAY_PORTAL,    /* somebody else answered */
	WAY_NO_CREDIT, /* the same, and it was the operator's page for that */
	WAY_OTHER_CERT, /* somebody else's certificate */
};

/* What works when others do: something was reached, a name was found, a web server answered as itself. */
enum { SAW_ANY, SAW_NAME, SAW_WEB, ACCESS_SAWS };

struct access_target {             /* a test's target, told apart by kind and target */
	uint32_t key, host;        /* hashes; key 0: free */
	bool named;                /* the host is a name */
	uint8_t way;               /* enum access_way, the newest */
	unsigned misses;           /* in a row */
	unsigned own;              /* of them while others worked */
	uint64_t turn, since_turn; /* of the newest, and of the first miss of the row */
	int64_t at_ns, since_ns;
	int64_t saw_ns
		[ACCESS_SAWS]; /* when others first worked since its newest; ACCESS_NEVER: not since */
	char name[64];
};

struct verdict {
	enum access_state state;
	char cause[ACCESS_CAUSE], why[ACCESS_EVIDENCE];
};
/* Fills v and says true. */
bool verdict_is(struct verdict *v, enum access_state state, const char *cause, const char *format,
	...) PRINTF(4, 5);

/* Records bear the time at which they began, several may share one: what came after what is told by turns. */
struct access_net {
	uint64_t turn;
	uint64_t ok_turn; /* a test reached its target */
	uint32_t ok_key;  /* which */
	int64_t ok_ns;
	char ok_by[64];
	uint64_t address_turn; /* ... without a name */
	struct access_target target[ACCESS_TARGETS];
	unsigned nameless; /* lookups in a row that no name server helped */
	uint64_t nameless_turn;
	int64_t nameless_ns, nameless_last_ns; /* of the first and the last of them */
	unsigned captive;                      /* answers of somebody else in a row */
	int64_t captive_ns;                    /* the newest */
	bool captive_credit;   /* one of them was the operator's page for used up credit */
	uint64_t http_turn;    /* a web server answered as itself */
	unsigned no_address;   /* tests in a row that found no address */
	int64_t no_address_ns; /* the first of them */
	bool link_told, link_has_address;
	int64_t link_lost_ns; /* since when it has none */
	int64_t fresh_ns; /* the way out is new: what was begun before and failed says nothing of it */
	const char *credit; /* the word, static; NULL unknown */
	int64_t credit_ns;
	int64_t refused_ns; /* ACCESS_NEVER: the data connection was not refused */
	char refused[80];

	struct access_uplink uplink;
	bool uplink_told;
	int64_t alive_ns; /* the last sign of life of the broker: connected, a receipt */
	int64_t unreceipted_ns; /* since when results wait without any receipt; ACCESS_NEVER: they do not */
};

void access_net_forget(struct access_net *n); /* what tests found; the uplink and the credit stay */
void access_net_fresh(struct access_net *n, int64_t now_ns); /* registered again */
/* served: a modem is registered, or there is none; else what fails says nothing. */
void access_net_observe(struct access_net *n, const struct record *r, int64_t now_ns, bool served);
void access_net_uplink(struct access_net *n, const struct access_uplink *u, int64_t now_ns);
void access_net_link(struct access_net *n, bool has_address, int64_t now_ns);
/* served_ns: when a look that found the modem registered began last; what is lacking since may be lacking because
 * that has changed.  False: nothing is decided. */
bool access_net_decide(const struct access_net *n, const struct access_options *o, int64_t now_ns,
	int64_t served_ns, struct verdict *v);

/* access_way.c: what one record says. */
enum access_way access_way(const struct record *r);
/* The host of "http://host:port/path", "host:port", "[address]:port" or an address. */
void access_host(const char *target, char *out, size_t room);

#endif
