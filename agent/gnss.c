/* SPDX-License-Identifier: Apache-2.0 */
/* The way to the receiver: opened, watched for silence, opened again. */
#include "gnss.h"
#include "nmea.h"
#include "../probes/core/buf.h"
#include "../probes/core/log.h"
#include "../probes/core/mem.h"
#include "../probes/modem/at_port.h"
#include <arpa/inet.h>
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#define GPSD         "gpsd://"
#define GPSD_PORT    2947
#define LINE_MOST    16384 /* gpsd's own limit is 10240: GPS_JSON_RESPONSE_MAX */
#define CONNECT_NS   (5 * NS_PER_S)
#define SILENCE_NS   (20 * NS_PER_S) /* receivers speak each second, also without a fix */
#define PAUSE_NS     NS_PER_S
#define PAUSE_MOST   (60 * NS_PER_S)
#define DEVICE_MAX   128
#define BAUD_DEFAULT 9600

struct source { /* what the setting says */
	bool gpsd;
	struct sockaddr_storage at;
	socklen_t at_len;
	char device[DEVICE_MAX]; /* the tty, or the one that gpsd is asked for */
	speed_t speed;
};

struct gnss {
	struct loop *loop;
	struct source source;
	struct loop_fd fd;       /* -1: closed */
	struct loop_timer timer; /* closed: the next try; open: the time for a word is over */
	int64_t pause_ns;
	bool connecting;
	struct nmea nmea;
	struct buf line; /* of gpsd, not yet whole */
	bool too_long;   /* passed over up to its end */
	struct gnss_sky sky;
	char problem[160];
	struct complaint complaint;
	void (*told)(void *arg, const struct gnss_fix *f);
	void *arg;
};

/* --- the setting ---------------------------------------------------------------------------------------------------- */
static bool speed_of(const char *text, speed_t *out)
{
	static const struct {
		const char *text;
		speed_t speed;
	} speeds[] = { { "4800", B4800 }, { "9600", B9600 }, { "19200", B19200 },
		{ "38400", B38400 }, { "57600", B57600 }, { "115200", B115200 },
		{ "230400", B230400 }, { "460800", B460800 }, { "921600", B921600 } };

	for (size_t i = 0; i < COUNT(speeds); i++)
		if (!strcmp(text, speeds[i].text)) {
			*out = speeds[i].speed;
			return true;
		}
	return false;
}

static bool address_of(struct source *s, const char *host, uint16_t port)
{
	struct sockaddr_in *four = (struct sockaddr_in *)&s->at;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)&s->at;

	if (!strcmp(host, "localhost"))
		host = "127.0.0.1";
	if (inet_pton(AF_INET, host, &four->sin_addr) == 1) {
		four->sin_family = AF_INET;
		four->sin_port = htons(port);
		s->at_len = sizeof(*four);
	} else if (inet_pton(AF_INET6, host, &six->sin6_addr) == 1) {
		six->sin6_family = AF_INET6;
		six->sin6_port = htons(port);
		s->at_len = sizeof(*six);
	} else {
		return false;
	}
	return true;
}

/* HOST, HOST:PORT, [ADDRESS]:PORT, and /DEVICE behind any */
static bool gpsd_of(struct source *s, const char *text)
{
	char host[64], *colon, *end;
	size_t n = strcspn(text, "/");
	unsigned long port = GPSD_PORT;

	if (n >= sizeof(host) || strlen(text + n) >= sizeof(s->device) || strpbrk(text + n, "\"\\"))
		return false;
	memcpy(host, text, n);
	host[n] = 0;
	memcpy(s->device, text + n, strlen(text + n) + 1);
	end = host[0] == '[' ? strchr(host, ']') : NULL;
	colon = strrchr(end ? end : host, ':');
	if (colon) {
		if (colon[1] < '0' || colon[1] > '9')
			return false;
		*colon = 0;
		port = strtoul(colon + 1, &colon, 10);
		if (*colon || port < 1 || port > 65535)
			return false;
	}
	if (end)
		*end = 0;
	s->gpsd = true;
	return address_of(s, host + (end != NULL), (uint16_t)port);
}

static bool tty_of(struct source *s, const char *text)
{
	const char *at = strrchr(text, '@');
	size_t n = at ? (size_t)(at - text) : strlen(text);

	s->speed = B9600;
	if (at && !speed_of(at + 1, &s->speed))
		return false;
	if (n >= sizeof(s->device))
		return false;
	memcpy(s->device, text, n);
	s->device[n] = 0;
	return true;
}

static int source_of(struct source *s, const char *text, struct why *why)
{
	memset(s, 0, sizeof(*s));
	if (!strncmp(text, GPSD, strlen(GPSD)) && gpsd_of(s, text + strlen(GPSD)))
		return 0;
	if (*text == '/' && tty_of(s, text))
		return 0;
	return why_say(why, -EINVAL,
		"\"%s\" is neither gpsd://ADDRESS:PORT nor a tty such as /dev/ttyUSB1 or "
		"/dev/ttyS0@38400",
		text);
}

int gnss_source_check(const char *source, struct why *why)
{
	struct source s;

	return source_of(&s, source, why);
}

/* --- reading ---------------------------------------------------------------------------------------------------------- */
static void shut(struct gnss *g)
{
	if (g->fd.fd < 0)
		return;
	loop_fd_del(g->loop, &g->fd);
	if (g->source.gpsd)
		close(g->fd.fd);
	else
		at_port_close(g->fd.fd);
	g->fd.fd = -1;
}

static void PRINTF(2, 3) failed(struct gnss *g, const char *format, ...)
{
	va_list values;

	va_start(values, format);
	vsnprintf(g->problem, sizeof(g->problem), format, values);
	va_end(values);
	log_complain(&g->complaint, loop_now(g->loop), "gnss", "%s", g->problem);
	shut(g);
	loop_timer_in(g->loop, &g->timer, g->pause_ns);
	g->pause_ns = g->pause_ns * 2 < PAUSE_MOST ? g->pause_ns * 2 : PAUSE_MOST;
}

/* A whole sentence of a receiver came; noise at a wrong speed is none. */
static void heard(struct gnss *g)
{
	g->pause_ns = PAUSE_NS;
	if (*g->problem)
		log_recovered(&g->complaint, "gnss", "the receiver");
	*g->problem = 0;
	loop_timer_in(g->loop, &g->timer, SILENCE_NS);
}

static void fix_told(void *arg, const struct gnss_fix *f)
{
	struct gnss *g = arg;

	g->told(g->arg, f);
}

static void take_nmea(struct gnss *g, const char *bytes, size_t n, int64_t mono_ns)
{
	uint64_t before = g->nmea.sentences;

	nmea_feed(&g->nmea, bytes, n, mono_ns, fix_told, g);
	if (g->nmea.sentences != before)
		heard(g);
}

static void line_whole(struct gnss *g, int64_t mono_ns)
{
	struct gnss_fix f;

	if (gnss_gpsd_line(&f, &g->sky, buf_text(&g->line), g->line.len, mono_ns)) {
		heard(g);
		g->told(g->arg, &f);
	}
	buf_clear(&g->line);
}

static void take_json(struct gnss *g, const char *bytes, size_t n, int64_t mono_ns)
{
	while (n) {
		const char *end = memchr(bytes, '\n', n);
		size_t part = end ? (size_t)(end - bytes) : n;

		if (!g->too_long)
			buf_put(&g->line, bytes, part);
		g->too_long |= g->line.err != 0;
		if (!end)
			return;
		if (!g->too_long)
			line_whole(g, mono_ns);
		buf_clear(&g->line);
		g->too_long = false;
		bytes += part + 1;
		n -= part + 1;
	}
}

static void connected(struct gnss *g)
{
	char watch[DEVICE_MAX + 64];
	int refused = 0, n;
	socklen_t len = sizeof(refused);

	getsockopt(g->fd.fd, SOL_SOCKET, SO_ERROR, &refused, &len);
	if (refused) {
		failed(g, "gpsd: %s", strerror(refused));
		return;
	}
	g->connecting = false;
	n = snprintf(watch, sizeof(watch), "?WATCH={\"enable\":true,\"json\":true%s%s%s};\n",
		*g->source.device ? ",\"device\":\"" : "", g->source.device,
		*g->source.device ? "\"" : "");
	/* a fresh connection has room for a line */
	if (send(g->fd.fd, watch, (size_t)n, MSG_NOSIGNAL) != n) {
		failed(g, "gpsd: %s", strerror(errno));
		return;
	}
	loop_fd_mod(g->loop, &g->fd, EPOLLIN);
	loop_timer_in(g->loop, &g->timer, SILENCE_NS);
}

static void ready(struct loop_fd *f, uint32_t events)
{
	struct gnss *g = container_of(f, struct gnss, fd);
	char bytes[4096];
	ssize_t n;

	if (g->connecting) {
		connected(g);
		return;
	}
	n = read(f->fd, bytes, sizeof(bytes));
	if (n > 0 && g->source.gpsd)
		take_json(g, bytes, (size_t)n, clock_mono());
	else if (n > 0)
		take_nmea(g, bytes, (size_t)n, clock_mono());
	else if (n == 0 || (errno != EAGAIN && errno != EINTR) || (events & (EPOLLHUP | EPOLLERR)))
		failed(g, "%s: %s", g->source.gpsd ? "gpsd" : g->source.device,
			n < 0 ? strerror(errno) : "gone");
}

/* --- opening ----------------------------------------------------------------------------------------------------------- */
static int open_gpsd(struct gnss *g)
{
	int fd = socket(g->source.at.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -errno;
	if (connect(fd, (struct sockaddr *)&g->source.at, g->source.at_len) &&
		errno != EINPROGRESS) {
		int err = -errno;

		close(fd);
		return err;
	}
	g->fd.fd = fd;
	g->connecting = true;
	return 0;
}

static int open_tty(struct gnss *g)
{
	struct termios t;
	int fd, err = at_port_open(&fd, g->source.device); /* raw, and nobody else's */

	if (err)
		return err;
	if (tcgetattr(fd, &t) || cfsetspeed(&t, g->source.speed) || tcsetattr(fd, TCSANOW, &t)) {
		err = -errno;
		at_port_close(fd);
		return err;
	}
	g->fd.fd = fd;
	g->connecting = false;
	return 0;
}

static void open_source(struct gnss *g)
{
	int err = g->source.gpsd ? open_gpsd(g) : open_tty(g);

	nmea_begin(&g->nmea);
	buf_clear(&g->line);
	g->too_long = false;
	g->sky = (struct gnss_sky){ .hdop = NAN, .used = -1, .mono_ns = INT64_MIN / 2 };
	if (!err) {
		err = loop_fd_add(g->loop, &g->fd, g->connecting ? EPOLLOUT : EPOLLIN);
		if (err) {
			close(g->fd.fd);
			g->fd.fd = -1;
		}
	}
	if (err)
		failed(g, "%s: %s", g->source.gpsd ? "gpsd" : g->source.device, strerror(-err));
	else
		loop_timer_in(g->loop, &g->timer, g->connecting ? CONNECT_NS : SILENCE_NS);
}

static void time_is_over(struct loop_timer *timer)
{
	struct gnss *g = container_of(timer, struct gnss, timer);

	if (g->fd.fd < 0)
		open_source(g);
	else if (g->connecting)
		failed(g, "gpsd does not answer");
	else if (g->source.gpsd)
		failed(g, "gpsd has no receiver that speaks");
	else
		failed(g, "%s: %s", g->source.device,
			g->nmea.noise ? "no NMEA comes; is the speed right?" : "nothing comes");
}

int gnss_open(struct gnss **out, struct loop *l, const char *source,
	void (*told)(void *arg, const struct gnss_fix *f), void *arg, struct why *why)
{
	struct gnss *g = mem_new(sizeof(*g));
	int err = source_of(&g->source, source, why);

	if (err) {
		free(g);
		return err;
	}
	g->loop = l;
	g->fd = (struct loop_fd){ .fd = -1, .ready = ready };
	g->timer.fire = time_is_over;
	g->pause_ns = PAUSE_NS;
	g->told = told;
	g->arg = arg;
	buf_init(&g->line, LINE_MOST);
	snprintf(g->problem, sizeof(g->problem), "nothing has come yet");
	loop_timer_in(l, &g->timer, 0);
	*out = g;
	return 0;
}

void gnss_close(struct gnss *g)
{
	if (!g)
		return;
	loop_timer_stop(g->loop, &g->timer);
	shut(g);
	buf_done(&g->line);
	free(g);
}

const char *gnss_problem(const struct gnss *g)
{
	return g->problem;
}
