/* SPDX-License-Identifier: Apache-2.0 */
#include "control.h"
#include "../probes/core/mem.h"
#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define ANSWER_MAX (1 << 20)

struct control {
	struct loop_fd listening;
	struct loop *loop;
	struct json_object *(*tell)(void *arg);
	void *arg;
	char path[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
};

static int address_of(struct sockaddr_un *a, const char *path)
{
	*a = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (strlen(path) >= sizeof(a->sun_path))
		return -ENAMETOOLONG;
	memcpy(a->sun_path, path, strlen(path) + 1);
	return 0;
}

static void somebody_asks(struct loop_fd *f, uint32_t events)
{
	struct control *c = container_of(f, struct control, listening);
	int fd = accept4(f->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct json_object *o;
	const char *text;
	int room = ANSWER_MAX;

	(void)events;
	if (fd < 0)
		return;
	o = c->tell(c->arg);
	text = json_object_to_json_string_ext(
		o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
	/* it fits the socket's buffer whole: a caller that does not read cannot hold us up */
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
	(void)!send(fd, text, strlen(text), MSG_DONTWAIT | MSG_NOSIGNAL);
	json_object_put(o);
	close(fd);
}

int control_open(struct control **out, struct loop *l, const char *path,
	struct json_object *(*tell)(void *arg), void *arg, struct why *why)
{
	struct control *c = mem_new(sizeof(*c));
	struct sockaddr_un a;
	int err = address_of(&a, path), fd = -1;

	if (err)
		goto fail;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	unlink(path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)) || chmod(path, 0660) ||
		listen(fd, 4)) {
		err = -errno;
		goto fail;
	}
	memcpy(c->path, a.sun_path, sizeof(c->path));
	c->loop = l;
	c->tell = tell;
	c->arg = arg;
	c->listening = (struct loop_fd){ .fd = fd, .ready = somebody_asks };
	err = loop_fd_add(l, &c->listening, EPOLLIN);
	if (err)
		goto fail;
	*out = c;
	return 0;
fail:
	if (fd >= 0)
		close(fd);
	free(c);
	return why_say(why, err, "%s: %s", path, strerror(-err));
}

void control_close(struct control *c)
{
	if (!c)
		return;
	loop_fd_del(c->loop, &c->listening);
	close(c->listening.fd);
	unlink(c->path);
	free(c);
}

static int read_answer(int fd, struct buf *b)
{
	char piece[4096];
	ssize_t n;

	while ((n = recv(fd, piece, sizeof(piece), 0)) > 0)
		buf_put(b, piece, (size_t)n);
	if (n < 0)
		return errno == EAGAIN ? -ETIMEDOUT : -errno;
	return b->err;
}

int control_ask(struct json_object **out, const char *path)
{
	struct timeval patience = { .tv_sec = 5 };
	struct json_object *o = NULL;
	struct sockaddr_un a;
	struct buf b;
	int err = address_of(&a, path), fd;

	if (err)
		return err;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	buf_init(&b, ANSWER_MAX);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	err = connect(fd, (struct sockaddr *)&a, sizeof(a)) ? -errno : read_answer(fd, &b);
	close(fd);
	if (!err && !(o = json_tokener_parse(buf_text(&b))))
		err = -EBADMSG;
	buf_done(&b);
	if (!err)
		*out = o;
	return err;
}
